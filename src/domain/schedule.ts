import { DAY_MS } from './limits.ts';
import { WEEKDAYS, type RetryPlan, type SendingSpeed, type TimeWindow, type Weekday } from './message.ts';

/**
 * When a message may go out: Infobip's retry ladder, delivery time windows, validity, speed and scheduling
 * (infobip-api.md 3.4 and 5.1). All pure: times are milliseconds since the epoch, and the caller has the clock.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MINUTES = 1_440;

// --- retries ---------------------------------------------------------------------------------------------------

/** The periods that a retry may wait, in minutes. */
export const RETRY_LADDER = [1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 960, 1440] as const;
const TOP_RUNG = RETRY_LADDER.length - 1;
const MAX_RETRIES = 4;

/**
 * What was asked for, on the ladder: periods round up to the next rung and over 24 h becomes 24 h; at most 4 retries.
 * A `maxPeriod` below `minPeriod` counts as `minPeriod`, a fixed interval (the sources are silent).
 */
export function normaliseRetry(asked: RetryPlan): RetryPlan {
  const low = rungOf(asked.minPeriod);
  const high = Math.max(low, rungOf(asked.maxPeriod));
  return {
    minPeriod: period(low),
    maxPeriod: period(high),
    maxCount: Math.min(Math.max(Math.trunc(asked.maxCount), 0), MAX_RETRIES),
  };
}

/**
 * Milliseconds from the end of try `tryNumber` (from 1) to the next one: up the ladder from `minPeriod` rung by rung,
 * staying at `maxPeriod`. Undefined: that was the last try (`maxCount` counts the tries after the first).
 */
export function retryDelayMs(plan: RetryPlan, tryNumber: number): number | undefined {
  if (!Number.isInteger(tryNumber) || tryNumber < 1) throw new RangeError('tries are counted from 1');
  const { minPeriod, maxPeriod, maxCount } = normaliseRetry(plan);
  if (tryNumber > maxCount) return undefined;
  return period(Math.min(rungOf(minPeriod) + tryNumber - 1, rungOf(maxPeriod))) * MINUTE_MS;
}

/**
 * When the try after `tryNumber`, which ended at `endedAt`, is due: the ladder's delay, moved into the window.
 * Undefined: no try is left, or it would come when the message has expired.
 */
export function nextTryAt(
  message: { readonly retry?: RetryPlan; readonly window?: TimeWindow; readonly expiresAt?: number },
  tryNumber: number,
  endedAt: number,
): number | undefined {
  const delay = message.retry && retryDelayMs(message.retry, tryNumber);
  if (delay === undefined) return undefined;
  const at = message.window ? nextAllowed(message.window, endedAt + delay) : endedAt + delay;
  return message.expiresAt !== undefined && at >= message.expiresAt ? undefined : at;
}

function rungOf(minutes: number): number {
  const rung = RETRY_LADDER.findIndex(allowed => allowed >= minutes);
  return rung === -1 ? TOP_RUNG : rung;
}

function period(rung: number): number {
  return RETRY_LADDER[rung] ?? DAY_MINUTES;
}

// --- delivery time windows -------------------------------------------------------------------------------------

export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

const MIN_GAP_MINUTES = 60;

/** Infobip's `deliveryTimeWindow`. A missing `from` is the day's first minute, a missing `to` its end. */
export function timeWindow(asked: {
  readonly days: readonly Weekday[];
  readonly from?: TimeOfDay;
  readonly to?: TimeOfDay;
}): TimeWindow {
  return {
    days: WEEKDAYS.filter(day => asked.days.includes(day)),
    fromMinute: minuteOf(asked.from),
    toMinute: minuteOf(asked.to),
  };
}

function minuteOf(time: TimeOfDay | undefined): number {
  return time ? time.hour * 60 + time.minute : 0;
}

/**
 * Whether the window can be kept to: it has a day and stays open for an hour or more. The caller answers a false with
 * `rejection('REJECTED_INVALID_DELIVERY_TIME_WINDOW')` (status 87).
 */
export function checkWindow(window: TimeWindow): boolean {
  return window.days.length > 0 && openMinutes(window) >= MIN_GAP_MINUTES;
}

/**
 * The first moment at or after `at` when the window is open. A window over midnight belongs to the day on which it
 * opens: MONDAY 22:00-06:00 is open until Tuesday 06:00 (the sources are silent).
 * @throws RangeError for a window without days, which never opens; see {@link checkWindow}
 */
export function nextAllowed(window: TimeWindow, at: number): number {
  const today = Math.floor(at / DAY_MS);
  const openMs = openMinutes(window) * MINUTE_MS;
  // Yesterday's may still be open; today's may be over, and then a single day comes again in a week.
  for (let day = today - 1; day <= today + 7; day++) {
    if (!window.days.includes(weekdayOf(day))) continue;
    const opens = day * DAY_MS + window.fromMinute * MINUTE_MS;
    if (at < opens + openMs) return Math.max(at, opens);
  }
  throw new RangeError('a delivery time window without days never opens');
}

/** Minutes from opening to closing, 1 to 1440; equal ends are whole days. */
function openMinutes({ fromMinute, toMinute }: TimeWindow): number {
  return toMinute > fromMinute ? toMinute - fromMinute : toMinute - fromMinute + DAY_MINUTES;
}

/** @param day since 1970-01-01, which was a Thursday */
function weekdayOf(day: number): Weekday {
  const index = (((day + 3) % 7) + 7) % 7;
  return WEEKDAYS[index] ?? 'MONDAY';
}

// --- validity, speed, sendAt -----------------------------------------------------------------------------------

const UNIT_MS = { second: SECOND_MS, minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS } as const;
export type TimeUnit = keyof typeof UNIT_MS;

/** Also how long Infobip waits for a delivery report (EXPIRED_DLR_UNKNOWN after it). */
export const MAX_VALIDITY_MS = 2 * DAY_MS;

/**
 * How long a message is worth trying, counted from when it is due: over 48 h is 48 h. Undefined (no limit of its
 * own): not asked for, or a sending speed is set, which overrules it.
 */
export function validityMs(
  asked: { readonly amount: number; readonly unit: TimeUnit } | undefined,
  speed: SendingSpeed | undefined,
): number | undefined {
  if (!asked || speed) return undefined;
  return Math.min(asked.amount * UNIT_MS[asked.unit], MAX_VALIDITY_MS);
}

/** `amount` messages a `unit`, from Infobip's `sendingSpeed` (tts) or `sendingSpeedLimit` (SMS). */
export function sendingSpeed(amount: number, unit: TimeUnit): SendingSpeed {
  return { amount, perMs: UNIT_MS[unit] };
}

/** Milliseconds between two messages, fractions included: 3 a second are 333.33 apart. */
export function intervalMs(speed: SendingSpeed): number {
  return speed.perMs / speed.amount;
}

/** When the `index`-th message (from 0) of a bulk that begins at `start` is due: whole ms, never drifting. */
export function slotAt(start: number, speed: SendingSpeed, index: number): number {
  return start + Math.floor((index * speed.perMs) / speed.amount);
}

export const MAX_SEND_AHEAD_MS = 180 * DAY_MS;

/** The message for `validationErrors`, or undefined when all is well. A time that has passed means now. */
export function sendAtProblem(sendAt: number, now: number): string | undefined {
  if (!Number.isFinite(sendAt)) return 'must be a date and time';
  return sendAt - now > MAX_SEND_AHEAD_MS ? 'must be at most 180 days from now' : undefined;
}
