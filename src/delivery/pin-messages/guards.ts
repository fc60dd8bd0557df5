import type { PinMessageChannel } from '../../domain/pin-message.ts';
import type { CallRef } from '../../domain/types.ts';
import type { NewTimer } from '../../store/store.ts';

/**
 * The durable timer of a text or mail. While it is `sending`, its firing means that nobody knows whether the carrier
 * has it; once a text is `sent`, that no word on its delivery ever came. A later one replaces an earlier one.
 */
export const PIN_MESSAGE_GUARD = 'pin-message';

export const pinMessageGuardId = (ref: CallRef): string => `pin-message-${ref}`;

/**
 * Between tries, the first entry after the first. A text has its second and last one soon, since somebody waits for it. Mail
 * servers ask strangers to come back (greylisting), most of them after one to five minutes.
 */
const NEXT_TRY_MS: Readonly<Record<PinMessageChannel, readonly number[]>> = {
  sms: [10_000, 10_000],
  email: [60_000, 240_000, 600_000, 60_000],
};

/** How often the carrier is asked at most. */
export const MAX_TRIES: Readonly<Record<PinMessageChannel, number>> = {
  sms: NEXT_TRY_MS.sms.length,
  email: NEXT_TRY_MS.email.length,
};

/** How long the first callback on a text may take whose plan has gone on. */
export const ADOPTION_MS = 60_000;

/** Networks keep a text for two days at most, and receipts are late. */
const RECEIPT_MS = 72 * 3_600_000;

export function sendGuard(channel: PinMessageChannel, ref: CallRef, tries: number): NewTimer {
  const waits = NEXT_TRY_MS[channel];
  const inMs = waits[tries - 1] ?? waits.at(-1) ?? 60_000;
  return { id: pinMessageGuardId(ref), kind: PIN_MESSAGE_GUARD, inMs, data: { ref, phase: 'send' } };
}

/**
 * For a text whose first try failed unclearly, with a plan that is about to go on: the second try is claimed with the failure, and
 * made (claimed anew) only where the plan did not go on.
 */
export function reservedGuard(ref: CallRef): NewTimer {
  const guard = sendGuard('sms', ref, 1);
  return { ...guard, data: { ...guard.data, reserved: 1 } };
}

export function receiptGuard(ref: CallRef): NewTimer {
  return {
    id: pinMessageGuardId(ref),
    kind: PIN_MESSAGE_GUARD,
    inMs: RECEIPT_MS,
    data: { ref, phase: 'receipt' },
  };
}

/** The step of a text that is with its carrier. */
export function sentStep(ref: CallRef, carrierMessageId: string) {
  return { ref, to: 'sent', carrierMessageId, arm: [receiptGuard(ref)] } as const;
}
