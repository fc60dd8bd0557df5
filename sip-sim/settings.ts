import { z } from 'zod';

const rate = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(3_600_000);

const restFaults = z.strictObject({
  /**
   * `error` answers `status`, `too-many` 429, `hang` never answers, `reset` closes before doing anything, `lose-reply`
   * does the work and closes without a reply, `garbage` answers 200 with no JSON.
   */
  mode: z.enum(['none', 'error', 'too-many', 'hang', 'reset', 'lose-reply', 'garbage']).default('none'),
  on: z.enum(['all', 'create', 'update', 'message', 'list']).default('all'),
  rate: rate.default(1),
  /** How many more requests it may hit; null is no limit. */
  count: z.number().int().min(0).nullable().default(null),
  status: z.number().int().min(500).max(599).default(503),
  retryAfterSeconds: z.number().int().min(0).max(3_600).nullable().default(null),
});

const callbackFaults = z.strictObject({
  mute: z.boolean().default(false),
  /** Further copies of each status callback. */
  duplicate: z.number().int().min(0).max(20).default(0),
  /** Each callback (and copy) waits a random part of `windowMs`. */
  reorder: z.boolean().default(false),
  windowMs: milliseconds.default(2_000),
  delayMs: milliseconds.default(0),
  /** Signed callbacks of calls that never were, one for each real one. */
  strangers: z.boolean().default(false),
  /** A forged copy goes ahead of each real one, claiming the call failed. */
  forge: z.enum(['none', 'unsigned', 'wrong-key', 'tampered']).default('none'),
  rate: rate.default(1),
});

const mediaFaults = z.strictObject({
  /**
   * `drop` cuts the socket, `half-open` falls silent but keeps it, `no-start` says connected and nothing more, `silent`
   * sends no audio, `wrong-codec` announces and sends 16-bit linear, `fast` sends frames eight times over,
   * `out-of-order` swaps neighbouring frames.
   */
  mode: z
    .enum(['none', 'drop', 'half-open', 'no-start', 'silent', 'wrong-codec', 'fast', 'out-of-order'])
    .default('none'),
  /** For `drop` and `half-open`: nominal ms after the stream's start. */
  afterMs: milliseconds.default(1_000),
  rate: rate.default(1),
});

const faults = z.strictObject({
  rest: restFaults.prefault({}),
  callbacks: callbackFaults.prefault({}),
  media: mediaFaults.prefault({}),
});

export const settingsUpdate = z.strictObject({
  speed: z.number().min(0.1).max(100).optional(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
  faults: faults.optional(),
});

export type Faults = z.infer<typeof faults>;
export type RestFaults = Faults['rest'];

export const NO_FAULTS: Faults = faults.parse({});

/** How often each kind of fault was really made: a run that injected none proves nothing. */
export interface Injected {
  rest: number;
  callbacks: number;
  media: number;
}
