/** When a customer's webhook is tried again (infobip-api.md 3.7 and 5.3). */

const MINUTE_MS = 60_000;

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
  if (!Number.isInteger(failures) || failures < 1) {
    throw new RangeError('failures are counted from 1');
  }
  return failures > MAX_PUSH_RETRIES ? undefined : MINUTE_MS * (1 + failures * failures);
}
