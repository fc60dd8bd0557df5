import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DAY_MS } from '../../src/domain/limits.ts';
import { type RetryPlan, type TimeWindow, WEEKDAYS, type Weekday } from '../../src/domain/message.ts';
import {
  checkWindow,
  intervalMs,
  MAX_SEND_AHEAD_MS,
  nextAllowed,
  nextTryAt,
  normaliseRetry,
  RETRY_LADDER,
  retryDelayMs,
  sendAtProblem,
  sendingSpeed,
  slotAt,
  timeWindow,
  validityMs,
} from '../../src/domain/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const utc = (text: string): number => Date.parse(`${text}Z`);
const iso = (at: number): string => new Date(at).toISOString().slice(0, 19);

describe('normaliseRetry', () => {
  it.each<[RetryPlan, RetryPlan]>([
    [
      { minPeriod: 1, maxPeriod: 5, maxCount: 3 },
      { minPeriod: 1, maxPeriod: 5, maxCount: 3 },
    ],
    [
      { minPeriod: 3, maxPeriod: 61, maxCount: 9 },
      { minPeriod: 5, maxPeriod: 120, maxCount: 4 },
    ],
    [
      { minPeriod: 1441, maxPeriod: 99_999, maxCount: 4 },
      { minPeriod: 1440, maxPeriod: 1440, maxCount: 4 },
    ],
    [
      { minPeriod: 0, maxPeriod: -5, maxCount: -1 },
      { minPeriod: 1, maxPeriod: 1, maxCount: 0 },
    ],
    [
      { minPeriod: 60, maxPeriod: 10, maxCount: 2.9 },
      { minPeriod: 60, maxPeriod: 60, maxCount: 2 },
    ],
  ])('%o becomes %o', (asked, plan) => {
    expect(normaliseRetry(asked)).toEqual(plan);
  });

  it('rounds up to the nearest rung and never twice', () => {
    const wild = fc.record({
      minPeriod: fc.integer({ min: -10, max: 3_000 }),
      maxPeriod: fc.integer({ min: -10, max: 3_000 }),
      maxCount: fc.integer({ min: -10, max: 100 }),
    });
    fc.assert(
      fc.property(wild, asked => {
        const plan = normaliseRetry(asked);
        expect(normaliseRetry(plan)).toEqual(plan);
        expect(RETRY_LADDER).toContain(plan.minPeriod);
        expect(RETRY_LADDER).toContain(plan.maxPeriod);
        expect(plan.minPeriod).toBeLessThanOrEqual(plan.maxPeriod);
        expect(plan.minPeriod).toBeGreaterThanOrEqual(Math.min(asked.minPeriod, 1440));
        const closer = RETRY_LADDER.filter(rung => rung >= asked.minPeriod && rung < plan.minPeriod);
        expect(closer).toEqual([]);
      }),
    );
  });
});

describe('retryDelayMs', () => {
  it.each<[string, RetryPlan, (number | undefined)[]]>([
    ['fixed', { minPeriod: 5, maxPeriod: 5, maxCount: 3 }, [5, 5, 5, undefined]],
    ['up the ladder', { minPeriod: 1, maxPeriod: 10, maxCount: 4 }, [1, 2, 5, 10, undefined]],
    ['up, then flat', { minPeriod: 10, maxPeriod: 20, maxCount: 4 }, [10, 20, 20, 20, undefined]],
    ['not yet rounded', { minPeriod: 3, maxPeriod: 25, maxCount: 40 }, [5, 10, 20, 30, undefined]],
    ['at the top', { minPeriod: 960, maxPeriod: 9_999, maxCount: 4 }, [960, 1440, 1440, 1440, undefined]],
    ['none', { minPeriod: 1, maxPeriod: 1, maxCount: 0 }, [undefined]],
  ])('%s', (_, plan, minutes) => {
    const delays = minutes.map((_, index) => retryDelayMs(plan, index + 1));
    expect(delays).toEqual(minutes.map(wait => (wait === undefined ? undefined : wait * MINUTE)));
  });

  it.each([0, -1, 1.5])('counts tries from 1, not %s', tryNumber => {
    expect(() => retryDelayMs({ minPeriod: 1, maxPeriod: 1, maxCount: 1 }, tryNumber)).toThrow(RangeError);
  });
});

describe('timeWindow', () => {
  it.each([
    [{ from: { hour: 6, minute: 0 }, to: { hour: 15, minute: 30 } }, 360, 930],
    [{}, 0, 0],
    [{ from: { hour: 22, minute: 0 } }, 1320, 0],
    [{ to: { hour: 6, minute: 0 } }, 0, 360],
  ])('%j', (times, fromMinute, toMinute) => {
    expect(timeWindow({ days: ['FRIDAY', 'MONDAY', 'FRIDAY'], ...times })).toEqual({
      days: ['MONDAY', 'FRIDAY'],
      fromMinute,
      toMinute,
    });
  });
});

describe('checkWindow', () => {
  it.each<[number, number, boolean]>([
    [0, 0, true],
    [600, 600, true],
    [600, 660, true],
    [600, 659, false],
    [600, 601, false],
    [1410, 30, true],
    [1410, 29, false],
    [601, 600, true],
  ])('%s to %s: %s', (fromMinute, toMinute, fits) => {
    expect(checkWindow({ days: ['MONDAY'], fromMinute, toMinute })).toBe(fits);
  });

  it('wants a day', () => {
    expect(checkWindow({ days: [], fromMinute: 0, toMinute: 0 })).toBe(false);
  });
});

/** Monday 2026-11-23 to Thursday. */
describe('nextAllowed', () => {
  const office: TimeWindow = { days: ['MONDAY', 'TUESDAY'], fromMinute: 9 * 60, toMinute: 17 * 60 };
  const night: TimeWindow = { days: ['MONDAY'], fromMinute: 22 * 60, toMinute: 6 * 60 };
  const wholeDays: TimeWindow = { days: ['TUESDAY'], fromMinute: 0, toMinute: 0 };
  const noonToNoon: TimeWindow = { days: ['MONDAY', 'TUESDAY'], fromMinute: 720, toMinute: 720 };
  const sundays: TimeWindow = { days: ['SUNDAY'], fromMinute: 23 * 60, toMinute: 60 };

  it.each<[string, TimeWindow, string, string]>([
    ['before it opens', office, '2026-11-23T08:59:59', '2026-11-23T09:00:00'],
    ['as it opens', office, '2026-11-23T09:00:00', '2026-11-23T09:00:00'],
    ['while it is open', office, '2026-11-23T12:34:56', '2026-11-23T12:34:56'],
    ['in its last second', office, '2026-11-23T16:59:59', '2026-11-23T16:59:59'],
    ['as it closes', office, '2026-11-23T17:00:00', '2026-11-24T09:00:00'],
    ['after its last day', office, '2026-11-24T17:00:00', '2026-11-30T09:00:00'],
    ['on a closed day', office, '2026-11-25T10:00:00', '2026-11-30T09:00:00'],
    ['night, before', night, '2026-11-23T05:00:00', '2026-11-23T22:00:00'],
    ['night, before midnight', night, '2026-11-23T23:59:59', '2026-11-23T23:59:59'],
    ['night, after midnight', night, '2026-11-24T00:00:00', '2026-11-24T00:00:00'],
    ['night, last second', night, '2026-11-24T05:59:59', '2026-11-24T05:59:59'],
    ['night, over', night, '2026-11-24T06:00:00', '2026-11-30T22:00:00'],
    ['night, Tuesday is not its day', night, '2026-11-24T22:00:00', '2026-11-30T22:00:00'],
    ['whole day, before', wholeDays, '2026-11-23T23:59:59', '2026-11-24T00:00:00'],
    ['whole day, in it', wholeDays, '2026-11-24T23:59:59', '2026-11-24T23:59:59'],
    ['whole day, over', wholeDays, '2026-11-25T00:00:00', '2026-12-01T00:00:00'],
    ['24 h from noon, between its days', noonToNoon, '2026-11-24T11:59:59', '2026-11-24T11:59:59'],
    ['24 h from noon, last second', noonToNoon, '2026-11-25T11:59:59', '2026-11-25T11:59:59'],
    ['24 h from noon, over', noonToNoon, '2026-11-25T12:00:00', '2026-11-30T12:00:00'],
    ['over the end of the week', sundays, '2026-11-23T00:30:00', '2026-11-23T00:30:00'],
    ['over the end of the week, over', sundays, '2026-11-23T01:00:00', '2026-11-29T23:00:00'],
    ['over a leap day', wholeDays, '2028-02-29T12:00:00', '2028-02-29T12:00:00'],
    ['before 1970', wholeDays, '1969-12-31T12:00:00', '1970-01-06T00:00:00'],
  ])('%s', (_, window, at, expected) => {
    expect(iso(nextAllowed(window, utc(at)))).toBe(expected);
  });

  it('is never open without a day', () => {
    expect(() => nextAllowed({ days: [], fromMinute: 0, toMinute: 0 }, 0)).toThrow(RangeError);
  });

  const windows = fc.record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    toMinute: fc.integer({ min: 0, max: 1439 }),
  });
  const times = fc.integer({ min: utc('2026-11-01T00:00:00'), max: utc('2027-03-01T00:00:00') });

  it('opens within the window, not before it was asked, and at once where it is open', () => {
    fc.assert(
      fc.property(windows, times, (window, at) => {
        const next = nextAllowed(window, at);
        expect(next).toBeGreaterThanOrEqual(at);
        expect(next - at).toBeLessThanOrEqual(7 * DAY_MS);
        expect(isOpen(window, next)).toBe(true);
        expect(nextAllowed(window, next)).toBe(next);
        if (isOpen(window, at)) expect(next).toBe(at);
      }),
      { numRuns: 500 },
    );
  });

  it('opens no minute later than it could', () => {
    fc.assert(
      fc.property(windows, times, (window, at) => {
        const next = nextAllowed(window, at);
        if (next === at) return;
        expect(isOpen(window, next - 1)).toBe(false);
        // Windows open and close on whole minutes, so these are all the moments that could have been earlier.
        for (let moment = Math.ceil(at / MINUTE) * MINUTE; moment < next; moment += MINUTE) {
          if (isOpen(window, moment)) expect.fail(`open at ${iso(moment)} already`);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** Reads a window as a person with a calendar would: by the date's own UTC fields. */
function isOpen({ days, fromMinute, toMinute }: TimeWindow, at: number): boolean {
  const opensOn = (moment: number): boolean => days.includes(calendarDay(moment));
  const date = new Date(at);
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  if (fromMinute < toMinute) return opensOn(at) && minute >= fromMinute && minute < toMinute;
  const evening = opensOn(at) && minute >= fromMinute;
  const morning = opensOn(at - DAY_MS) && minute < toMinute;
  return evening || morning;
}

const CALENDAR = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

function calendarDay(at: number): Weekday {
  return CALENDAR[new Date(at).getUTCDay()] ?? expect.fail(iso(at));
}

describe('nextTryAt over three days', () => {
  const window: TimeWindow = {
    days: ['MONDAY', 'TUESDAY', 'WEDNESDAY'],
    fromMinute: 9 * 60,
    toMinute: 17 * 60,
  };
  const ladder: RetryPlan = { minPeriod: 240, maxPeriod: 1440, maxCount: 4 };

  /** When each try is due, where every call takes a minute and nobody answers. */
  function tries(message: Parameters<typeof nextTryAt>[0], first: string): string[] {
    const due = [utc(first)];
    for (;;) {
      const next = nextTryAt(message, due.length, (due.at(-1) ?? 0) + MINUTE);
      if (next === undefined) return due.map(iso);
      due.push(next);
    }
  }

  it.each<[string, Parameters<typeof nextTryAt>[0], string[]]>([
    ['without a plan', { window }, ['2026-11-23T15:00:00']],
    [
      'without a window',
      { retry: ladder },
      [
        '2026-11-23T15:00:00',
        '2026-11-23T19:01:00',
        '2026-11-24T03:02:00',
        '2026-11-24T19:03:00',
        '2026-11-25T19:04:00',
      ],
    ],
    [
      'with both',
      { retry: ladder, window },
      [
        '2026-11-23T15:00:00',
        '2026-11-24T09:00:00', // 19:01 is closed
        '2026-11-25T09:00:00', // 17:01 just missed it
        '2026-11-30T09:00:00', // Thursday 01:01, and no day until Monday
        '2026-12-01T09:01:00',
      ],
    ],
    [
      'within 48 h',
      { retry: ladder, window, expiresAt: utc('2026-11-25T15:00:00') },
      ['2026-11-23T15:00:00', '2026-11-24T09:00:00', '2026-11-25T09:00:00'],
    ],
    [
      'never at the very moment of expiry',
      { retry: ladder, window, expiresAt: utc('2026-11-24T09:00:00') },
      ['2026-11-23T15:00:00'],
    ],
  ])('%s', (_, message, expected) => {
    expect(tries(message, '2026-11-23T15:00:00')).toEqual(expected);
  });
});

describe('validity, speed and sendAt', () => {
  it.each([
    [{ amount: 30, unit: 'second' }, 30_000],
    [{ amount: 720, unit: 'minute' }, 12 * HOUR],
    [{ amount: 2880, unit: 'minute' }, 48 * HOUR],
    [{ amount: 2881, unit: 'minute' }, 48 * HOUR],
    [{ amount: 1000, unit: 'hour' }, 48 * HOUR],
  ] as const)('is valid for %j: %s ms', (asked, ms) => {
    expect(validityMs(asked, undefined)).toBe(ms);
    expect(validityMs(asked, sendingSpeed(1, 'minute'))).toBeUndefined();
  });

  it('has no limit that was not asked for', () => {
    expect(validityMs(undefined, undefined)).toBeUndefined();
  });

  it.each([
    [50, 'second', 20],
    [1, 'minute', MINUTE],
    [60, 'hour', MINUTE],
    [24, 'day', HOUR],
  ] as const)('%s a %s are %s ms apart', (amount, unit, ms) => {
    expect(intervalMs(sendingSpeed(amount, unit))).toBe(ms);
  });

  it('fills every period with exactly its number, without drifting', () => {
    const anySpeed = fc.record({
      amount: fc.integer({ min: 1, max: 5_000 }),
      unit: fc.constantFrom('second', 'minute', 'hour', 'day'),
    });
    fc.assert(
      fc.property(anySpeed, fc.integer({ min: 0, max: 50_000 }), ({ amount, unit }, index) => {
        const speed = sendingSpeed(amount, unit);
        const slot = slotAt(1_000, speed, index);
        expect(Number.isInteger(slot)).toBe(true);
        expect(Math.abs(slot - 1_000 - index * intervalMs(speed))).toBeLessThanOrEqual(1);
        expect(slotAt(1_000, speed, index + amount) - slot).toBe(speed.perMs);
      }),
    );
  });

  it.each([
    [0, true],
    [-DAY_MS, true],
    [MAX_SEND_AHEAD_MS, true],
    [MAX_SEND_AHEAD_MS + 1, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ])('takes a sendAt %s ms from now: %s', (ahead, fine) => {
    const now = utc('2026-11-23T15:00:00');
    expect(sendAtProblem(now + ahead, now) === undefined).toBe(fine);
  });
});
