import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  checkConfiguration,
  DAY_MS,
  DEFAULT_CONFIGURATION,
  parseDuration,
  parseLimit,
  slidingWindowWait,
  YEAR_MS,
} from '../../src/domain/limits.ts';

describe('parseDuration', () => {
  it.each([
    ['15m', 900_000],
    ['m', 60_000],
    ['250ms', 250],
    ['s', 1000],
    ['2h', 7_200_000],
    ['1d', DAY_MS],
    ['365d', YEAR_MS],
    ['366d', undefined],
    ['0m', undefined],
    ['', undefined],
    ['15', undefined],
    ['15 m', undefined],
    ['-1m', undefined],
    ['1.5h', undefined],
    ['15M', undefined],
    ['1w', undefined],
    ['15m\n', undefined],
    ['9'.repeat(400) + 'd', undefined],
  ])('%j is %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('parseLimit', () => {
  it.each([
    ['3/1d', 3, DAY_MS],
    ['1/3s', 1, 3000],
    ['10000/1d', 10_000, DAY_MS],
    ['5/h', 5, 3_600_000],
    ['5/1h', 5, 3_600_000],
    ['7/ms', 7, 1],
  ])('%s', (text, attempts, windowMs) => {
    expect(parseLimit(text)).toEqual({ attempts, windowMs });
  });

  it.each(['', '/1d', '3', '3/', '3/1', '0/1d', '3/0s', '-1/1d', '3/1w', '3/400d', ' 3/1d', '2147483648/1d'])(
    'refuses %j',
    text => {
      expect(parseLimit(text)).toBeUndefined();
    },
  );

  it('refuses a window over the given maximum', () => {
    expect(parseLimit('1/24h', DAY_MS)).toEqual({ attempts: 1, windowMs: DAY_MS });
    expect(parseLimit('1/25h', DAY_MS)).toBeUndefined();
  });
});

describe('slidingWindowWait', () => {
  const limit = { attempts: 3, windowMs: 1000 };
  it.each([
    [[], 0, 0],
    [[0, 10], 20, 0],
    [[0, 10, 20], 20, 980],
    [[0, 10, 20], 999, 1],
    [[0, 10, 20], 1000, 0],
    [[0, 10, 20, 1000], 1000, 10],
  ])('events %j at %i: wait %i', (events, now, wait) => {
    expect(slidingWindowWait(limit, events, now)).toBe(wait);
  });

  it('never lets more than its number into any window, and never refuses without need', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 100 }),
        (attempts, windowMs, gaps) => {
          const allowed: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            const inWindow = allowed.filter(at => at > now - windowMs).length;
            const wait = slidingWindowWait({ attempts, windowMs }, allowed, now);
            expect(wait === 0).toBe(inWindow < attempts);
            if (wait === 0) allowed.push(now);
          }
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });
});

describe('checkConfiguration', () => {
  it('takes the defaults', () => {
    expect(checkConfiguration(DEFAULT_CONFIGURATION)).toBeUndefined();
  });

  it('names every field that is wrong', () => {
    const errors = checkConfiguration({
      pinAttempts: 0,
      allowMultiplePinVerifications: true,
      pinTimeToLive: '2y',
      verifyPinLimit: '1/2d',
      sendPinPerApplicationLimit: 'many',
      sendPinPerPhoneNumberLimit: '0/1d',
    });
    expect(Object.keys(errors ?? {}).toSorted()).toEqual([
      'configuration.pinAttempts',
      'configuration.pinTimeToLive',
      'configuration.sendPinPerApplicationLimit',
      'configuration.sendPinPerPhoneNumberLimit',
      'configuration.verifyPinLimit',
    ]);
  });

  it.each([1.5, Number.NaN, -1, 2 ** 31])('refuses %s attempts', pinAttempts => {
    expect(checkConfiguration({ ...DEFAULT_CONFIGURATION, pinAttempts })).toBeDefined();
  });
});
