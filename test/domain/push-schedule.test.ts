import { describe, expect, it } from 'vitest';

import { MAX_PUSH_RETRIES, pushRetryDelayMs } from '../../src/domain/push-schedule.ts';

const MINUTE = 60_000;

describe('pushRetryDelayMs', () => {
  it.each([
    [1, 2],
    [2, 5],
    [3, 10],
    [4, 17],
    [5, 26],
    [10, 101],
    [20, 401],
  ])('waits after failure %s for %s minutes', (failures, minutes) => {
    expect(pushRetryDelayMs(failures)).toBe(minutes * MINUTE);
  });

  it('gives up after two days', () => {
    const delays = Array.from({ length: MAX_PUSH_RETRIES }, (_, index) => pushRetryDelayMs(index + 1) ?? 0);
    const total = delays.reduce((sum, delay) => sum + delay, 0);
    expect(total).toBe((48 * 60 + 10) * MINUTE);
    expect(pushRetryDelayMs(MAX_PUSH_RETRIES + 1)).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN])('counts failures from 1, not %s', failures => {
    expect(() => pushRetryDelayMs(failures)).toThrow(RangeError);
  });
});
