import { expect, test } from 'vitest';

import { startRedis } from '../support/redis-server.ts';
import { LIMITS, overload, type OverloadResult } from './overload-run.ts';
import { FULL, record } from './results.ts';
import { missing, SLACK, STORES } from './world.ts';

/**
 * faults.md F29 over the running service: four times more sends than it can do, for 60 s in the full form. Sends are refused, and nothing
 * that was begun. The limits of time hold in the full form alone.
 */
const FACTOR = 4;
const form = FULL
  ? { seconds: 60, peakSeconds: 15, backSeconds: 10 }
  : { seconds: 2, peakSeconds: 0.7, backSeconds: 0.7 };

for (const store of STORES) {
  const absent = missing(store);
  const name = `${store}: ${FACTOR} times the peak for ${form.seconds} s`;
  test.skipIf(absent)(absent ? `${name} (${absent})` : name, { timeout: 300_000 }, async () => {
    const redis = store === 'redis' ? await startRedis() : undefined;
    try {
      const result = await overload({
        ...form,
        factor: FACTOR,
        ...(redis && { environment: { REDIS_URL: redis.url }, pids: [redis.pid] }),
      });
      record({ fault: 'F29', on: store, runs: 1, figures: figures(result) });
      expectNothingLost(result);
      if (FULL) expectInTime(result);
    } finally {
      await redis?.stop();
    }
  });
}

function figures(result: OverloadResult): Record<string, number> {
  const [before, after] = result.peaks;
  return {
    peakBefore: Math.round(before),
    peakAfter: Math.round(after),
    offered: Math.round(result.offered),
    goodput: Math.round(result.goodput),
    goodputPercent: Math.round(result.goodputOfPeak * 100),
    sendsRefused: result.sendsRefused,
    verifyP50Ms: Math.round(result.verifyP50Ms),
    verifyP99Ms: Math.round(result.verifyP99Ms),
    verifiesRefused: result.verifiesRefused,
    callbacks: result.callbacks,
    callbacksRefused: result.callbacksRefused,
    backMs: result.backMs,
    slowestAfterMs: Math.round(result.slowestAfterMs),
    acknowledged: result.acknowledged,
    lostAfterKill: result.lost,
    ...(result.others !== undefined && { othersPercent: Math.round(result.others * 100) }),
  };
}

function expectNothingLost(result: OverloadResult): void {
  expect(result.sendsRefused, 'no send was refused: a vacuous run').toBeGreaterThan(0);
  expect(result.callbacks, 'no callback: a vacuous run').toBeGreaterThan(0);
  expect(result.acknowledged, 'no send was taken: a vacuous run').toBeGreaterThan(0);
  expect(result).toMatchObject({
    refusedWithoutRetryAfter: 0,
    sendsFailed: 0,
    verifiesRefused: 0,
    callbacksRefused: 0,
    takesSends: true,
    lost: 0,
    attemptsForgotten: 0,
  });
}

function expectInTime(result: OverloadResult): void {
  expect(result.offered, 'a vacuous run').toBeGreaterThan(result.peaks[0] * FACTOR * LIMITS.goodputOfPeak);
  expect(result.goodputOfPeak).toBeGreaterThanOrEqual(LIMITS.goodputOfPeak / SLACK);
  expect(result.verifyP99Ms).toBeLessThanOrEqual(LIMITS.verifyP99Ms * SLACK);
  expect(result.backMs).toBeLessThanOrEqual(LIMITS.backMs * SLACK);
}
