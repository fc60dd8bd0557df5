/**
 * The words that may stand in a label. A label with another value would be a new series each (and a place for numbers,
 * ids and texts to end up in for good): whatever is not on its list becomes `other`.
 */
export const OTHER = 'other';

export type Label = (value: string) => string;

export function oneOf(words: readonly string[]): Label {
  const known = new Set(words);
  return value => (known.has(value) ? value : OTHER);
}

/**
 * Names that come from code or configuration and are not listed here: short plain words, at most `max` of them, and none
 * that could be a phone number or a key.
 */
export function plainWords(max: number): Label {
  const seen = new Set<string>();
  return value => {
    if (seen.has(value)) return value;
    const plain =
      /^[A-Za-z][A-Za-z0-9_-]{0,39}$/.test(value) && !/\d{4}/.test(value) && !/[0-9a-f]{16}/i.test(value);
    if (!plain || seen.size >= max) return OTHER;
    seen.add(value);
    return value;
  };
}

export const CHANNELS = ['voice', 'sms', 'email'] as const;

export const CARRIER_USES = ['calls', 'texts', 'mail'] as const;

/** Of calls: `Outcome.kind` (domain/message.ts). Of texts and mail: the cause of `PinMessageReport`. */
export const OUTCOMES = [
  'answered',
  'machine',
  'busy',
  'no-answer',
  'cancelled',
  'declined',
  'expired',
  'unreachable',
  'unknown-number',
  'failed',
  'rejected',
  'delivered',
  'delivered-to-operator',
  'undelivered',
  'accepted',
  'refused',
  'carrier-unknown',
  'no-receipt',
] as const;

export const HEARD = ['full', 'partial', 'none', 'unknown'] as const;

export const ATTEMPTS = [
  'verified',
  'wrong',
  'unknown',
  'limited',
  'expired',
  'superseded',
  'cancelled',
  'exhausted',
  'used',
  'capped',
] as const;

export const LIMITS = ['application', 'number'] as const;

/** `carrier`: webhooks and media sockets. `probe`: health and metrics. */
export const REQUEST_KINDS = ['carrier', 'verify', 'send', 'probe'] as const;

export const SHED_REASONS = ['busy', 'queue-full', 'waited', 'draining', 'hard-limit'] as const;
