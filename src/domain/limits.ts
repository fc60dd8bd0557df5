import type { FieldErrors } from '../errors.ts';
import type { ApplicationConfiguration, Limit } from './types.ts';

/** Infobip's texts for durations and limits (infobip-api.md 2.2), and the sliding window that limits mean. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;
export const YEAR_MS = 365 * DAY_MS;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY_MS };
const DURATION = /^(\d*)(ms|s|m|h|d)$/;
const LIMIT = /^(\d+)\/(\d*)(ms|s|m|h|d)$/;
const MAX_INT32 = 2 ** 31 - 1;

/** What an application gets for every setting that it does not name. */
export const DEFAULT_CONFIGURATION: ApplicationConfiguration = {
  pinAttempts: 10,
  allowMultiplePinVerifications: true,
  pinTimeToLive: '15m',
  verifyPinLimit: '1/3s',
  sendPinPerApplicationLimit: '10000/1d',
  sendPinPerPhoneNumberLimit: '3/1d',
};

/** `15m` in ms; the length may be missing (`m` is `1m`). Undefined: no duration, nothing at all, or over a year. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? toMs(match[1], match[2], YEAR_MS) : undefined;
}

/**
 * `3/1d` as at most 3 in any day; `5/h` is `5/1h`. Undefined: no limit, a window over `maxWindowMs`, or a zero on
 * either side (an application is switched off with `enabled`, not with a limit that nothing passes).
 */
export function parseLimit(text: string, maxWindowMs = YEAR_MS): Limit | undefined {
  const match = LIMIT.exec(text);
  if (!match) return undefined;
  const attempts = Number(match[1]);
  const windowMs = toMs(match[2], match[3], maxWindowMs);
  if (windowMs === undefined || attempts < 1 || attempts > MAX_INT32) return undefined;
  return { attempts, windowMs };
}

function toMs(length: string | undefined, unit: string | undefined, max: number): number | undefined {
  const ms = (length ? Number(length) : 1) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms >= 1 && ms <= max ? ms : undefined;
}

/**
 * Milliseconds until one more event is allowed; 0: now. `nthLatest` is the time of the limit's `attempts`-th latest
 * event (undefined: there were fewer). An event counts for exactly `windowMs`: at `event + windowMs` it is gone.
 */
export function waitFor(limit: Limit, nthLatest: number | undefined, now: number): number {
  return nthLatest === undefined ? 0 : Math.max(0, nthLatest + limit.windowMs - now);
}

/** The same over a list of event times, ascending. */
export function slidingWindowWait(limit: Limit, events: readonly number[], now: number): number {
  return waitFor(limit, events[events.length - limit.attempts], now);
}

const VERIFY_WINDOW = 'must be {attempts}/{length}{ms|s|m|h|d}, at least 1 attempt in 1 ms to 1 day';
const SEND_WINDOW = 'must be {attempts}/{length}{ms|s|m|h|d}, at least 1 attempt in 1 ms to 1 year';

/** Field errors by path under `configuration`; undefined when all is well. */
export function checkConfiguration(configuration: ApplicationConfiguration): FieldErrors | undefined {
  const errors: Record<string, string[]> = {};
  const { pinAttempts } = configuration;
  if (!Number.isInteger(pinAttempts) || pinAttempts < 1 || pinAttempts > MAX_INT32) {
    errors['configuration.pinAttempts'] = [`must be a whole number from 1 to ${MAX_INT32}`];
  }
  if (parseDuration(configuration.pinTimeToLive) === undefined) {
    errors['configuration.pinTimeToLive'] = ['must be {length}{ms|s|m|h|d}, from 1 ms to 1 year'];
  }
  if (parseLimit(configuration.verifyPinLimit, DAY_MS) === undefined) {
    errors['configuration.verifyPinLimit'] = [VERIFY_WINDOW];
  }
  for (const field of ['sendPinPerApplicationLimit', 'sendPinPerPhoneNumberLimit'] as const) {
    if (parseLimit(configuration[field]) === undefined) errors[`configuration.${field}`] = [SEND_WINDOW];
  }
  return Object.keys(errors).length > 0 ? errors : undefined;
}
