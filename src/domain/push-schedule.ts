/**
 * When a customer's webhook is tried again: reports on Infobip's schedule (infobip-api.md 3.7 and 5.3), events on that of
 * Standard Webhooks 1.0.0 ("Deliverability and reliability").
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The sources publish no maximum [U]. Twenty retries end 48 h and 10 min after the first failure, which is as long as
 * reports can be had at all.
 */
export const MAX_PUSH_RETRIES = 20;

/**
 * Milliseconds to wait after the `failures`-th failed push (from 1): Infobip's `1 min + 1 min * n * n`.
 * Undefined: give up.
 */
export function pushRetryDelayMs(failures: number): number | undefined {
  assertCounted(failures);
  return failures > MAX_PUSH_RETRIES ? undefined : MINUTE_MS * (1 + failures * failures);
}

/** The example schedule of Standard Webhooks: the last try comes 75 h 35 min 5 s after the first. */
export const STANDARD_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** How far a wait may be from its delay, either way: what failed together does not come again together (faults.md F25). */
export const STANDARD_JITTER = 0.1;
/** A receiver that asks for more than this is asked again all the same. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/**
 * Milliseconds to wait after the `failures`-th failed push of an event (from 1). Undefined: give up.
 * @param chance from 0 up to 1, of the random generator
 * @param retryAfterMs the receiver's own wish; it can only make the wait longer
 */
export function standardRetryDelayMs(
  failures: number,
  { chance, retryAfterMs = 0 }: { chance: number; retryAfterMs?: number | undefined },
): number | undefined {
  assertCounted(failures);
  const delay = STANDARD_DELAYS_MS[failures - 1];
  if (delay === undefined) return undefined;
  const jittered = Math.round(delay * (1 - STANDARD_JITTER + 2 * STANDARD_JITTER * chance));
  return Math.max(jittered, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

function assertCounted(failures: number): void {
  if (!Number.isInteger(failures) || failures < 1) {
    throw new RangeError('failures are counted from 1');
  }
}
