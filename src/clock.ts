/** A cancellable one-shot timer; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time in the service. Wall-clock milliseconds for `now` (records, expiry), monotonic
 * milliseconds for `monotonic` (measuring), one-shot timers for everything that waits.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `fire` once after `ms`; values beyond 2^31-1 ms are clamped, callers re-arm. */
  after(ms: number, fire: () => void): Timer;
}

const MAX_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    const handle = setTimeout(fire, Math.min(Math.max(ms, 0), MAX_TIMEOUT));
    return { cancel: () => clearTimeout(handle) };
  },
};
