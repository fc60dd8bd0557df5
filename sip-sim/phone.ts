import { z } from 'zod';

import { wavToTelephone } from './audio.ts';
import { hlrFields } from './hlr.ts';
import { SMS_REFUSALS } from './twilio-errors.ts';

const MAX_GREETING_BASE64 = 8 * 1024 * 1024;
const nullableMs = z.number().min(0).max(86_400_000).nullable();

const at = z
  .union([
    z.strictObject({ ms: z.number().min(0).max(86_400_000) }),
    z.strictObject({ silenceMs: z.number().min(20).max(600_000) }),
  ])
  .describe('either ms or silenceMs');

/** 0-9, *, # and A-D; `w` is half a second of nothing. */
export const keysSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[0-9*#A-Dw]+$/, 'only 0-9, *, #, A-D and w (half a second of pause)');

const fields = z.strictObject({
  outcome: z.enum(['answer', 'busy', 'no-answer', 'reject', 'fail', 'voicemail', 'manual']).default('answer'),
  answerAfterMs: z.number().min(0).max(600_000).default(500),
  hangupAfterMs: nullableMs.default(null),
  greetingWav: z
    .string()
    .max(MAX_GREETING_BASE64)
    .refine(
      value => decodeGreeting(value) !== undefined,
      'must be a WAV file in base64 (PCM, mu-law or A-law)',
    )
    .nullable()
    .default(null),
  keys: z
    .array(z.strictObject({ at, keys: keysSchema }))
    .max(100)
    .default([]),
  inband: z.boolean().default(false),
  /** What answering-machine detection will say; null: judged from the outcome and the greeting. */
  machine: z.enum(['human', 'machine', 'fax', 'unknown']).nullable().default(null),
  sipCode: z.number().int().min(400).max(699).nullable().default(null),
  smsOutcome: z
    .enum(['delivered', 'undelivered', 'failed', 'sent', 'refused', 'silent', 'late'])
    .default('delivered'),
  smsDelayMs: z.number().min(0).max(86_400_000).optional(),
  /** Of a text that is undelivered, failed or refused; null is the usual one. */
  smsErrorCode: z.number().int().min(10_000).max(99_999).nullable().default(null),
  ...hlrFields,
});

const SMS_DELAY_MS = 200;
const LATE_MS = 60_000;

/** What a simulated phone does when it is called, texted or looked up: a public contract, see README.md. */
export const behaviourSchema = fields
  .refine(
    ({ smsOutcome, smsErrorCode }) =>
      smsOutcome !== 'refused' || smsErrorCode === null || SMS_REFUSALS.some(code => code === smsErrorCode),
    { path: ['smsErrorCode'], message: `for refused, one of ${SMS_REFUSALS.join(', ')}` },
  )
  .transform(behaviour => ({
    ...behaviour,
    smsDelayMs: behaviour.smsDelayMs ?? (behaviour.smsOutcome === 'late' ? LATE_MS : SMS_DELAY_MS),
  }));

export type Behaviour = z.infer<typeof behaviourSchema>;
export type KeyEntry = Behaviour['keys'][number];

export const DEFAULT_BEHAVIOUR: Behaviour = behaviourSchema.parse({});
/** Of a phone that nobody has set up while somebody holds it. */
const HELD_BEHAVIOUR: Behaviour = behaviourSchema.parse({ outcome: 'manual' });

/** The greeting as 8 kHz mu-law; undefined where the text is no base64 of a WAV file that can be read. */
export function decodeGreeting(base64: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) return undefined;
  const audio = wavToTelephone(Buffer.from(base64, 'base64'));
  return audio && audio.length > 0 ? audio : undefined;
}

/** `+41793026727` from any of `+41…`, `%2B41…` and `41…`; undefined for what is no number. */
export function parseNumber(text: string): string | undefined {
  const digits = text.replace(/^\+/, '');
  return /^[1-9]\d{2,14}$/.test(digits) ? `+${digits}` : undefined;
}

/** The behaviours that were set, by number; bounded, the longest unset goes first. */
export class Phones {
  readonly #behaviours = new Map<string, Behaviour>();
  /** How many people hold the phone: open pages of it. */
  readonly #held = new Map<string, number>();
  readonly #limit = 10_000;

  get(number: string): Behaviour {
    return this.#behaviours.get(number) ?? (this.#held.has(number) ? HELD_BEHAVIOUR : DEFAULT_BEHAVIOUR);
  }

  /** Numbers that were set or are held. */
  numbers(): ReadonlySet<string> {
    return new Set([...this.#behaviours.keys(), ...this.#held.keys()]);
  }

  isHeld(number: string): boolean {
    return this.#held.has(number);
  }

  /** Somebody takes the phone in hand: unless it was set up, calls now wait for them. Call the result once, to put it down. */
  hold(number: string): () => void {
    this.#held.set(number, (this.#held.get(number) ?? 0) + 1);
    return () => {
      const left = (this.#held.get(number) ?? 1) - 1;
      if (left === 0) this.#held.delete(number);
      else this.#held.set(number, left);
    };
  }

  set(number: string, behaviour: Behaviour): void {
    this.#behaviours.delete(number);
    this.#behaviours.set(number, behaviour);
    const oldest = this.#behaviours.keys().next();
    if (this.#behaviours.size > this.#limit && !oldest.done) this.#behaviours.delete(oldest.value);
  }

  clear(): void {
    this.#behaviours.clear();
  }
}
