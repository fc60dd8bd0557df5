import { expect, test } from 'vitest';

import type { StoreHarness } from '../support/store-fixtures.ts';
import {
  advanceRequest,
  attempt,
  createdPin,
  newDelivery,
  NO_SEND_LIMITS,
  operation,
} from '../support/store-fixtures.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { startRedis } from '../support/redis-server.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { record, times } from './results.ts';
import { missing, STORES, type StoreName } from './world.ts';

/**
 * faults.md F27, I2 and I3 at the store: right and wrong guesses, a resend, a fallback, a cancel and the expiry of one PIN, several
 * at once, in an order that the seed says. 1,000 seeds in the full form.
 */
const seeds = Math.min(times(3) * 50, 1_000);
const ATTEMPTS = 4;
const TTL_MS = 1_000;

const open = async (store: StoreName): Promise<{ harness: StoreHarness; close: () => Promise<void> }> => {
  if (store === 'sqlite') return { harness: await openTestStore(), close: async () => {} };
  const server = await startRedis();
  return { harness: await openRedisHarness(server), close: async () => await server.stop() };
};

for (const store of STORES) {
  const absent = missing(store);
  const name = `${store}: guesses, resend, fallback, cancel and expiry at once, ${seeds} seeds`;
  test.skipIf(absent)(absent ? `${name} (${absent})` : name, { timeout: 60_000 + seeds * 100 }, async () => {
    const { harness, close } = await open(store);
    const tally: Record<string, number> = {};
    const seen = (what: string): void => void (tally[what] = (tally[what] ?? 0) + 1);
    try {
      for (let seed = 0; seed < seeds; seed++) await oneSeed(harness, seed, seen);
    } finally {
      await harness.dispose();
      await close();
    }
    record({ fault: 'F27', on: store, runs: seeds, figures: tally });
    for (const what of [
      'wrong',
      'verified',
      'used',
      'exhausted',
      'expired',
      'cancelled',
      'advanced',
      'resent',
    ]) {
      expect(tally[what], `${what}: a vacuous run`).toBeGreaterThan(0);
    }
  });
}

async function oneSeed(harness: StoreHarness, seed: number, seen: (what: string) => void): Promise<void> {
  const { store } = harness;
  const random = seededRandom(`attempts ${seed}`);
  const below = (limit: number): number => random(2).readUInt16BE() % limit;
  const { pin } = await createdPin(store, {
    plan: true,
    attempts: ATTEMPTS,
    allowMultiple: false,
    ttlMs: TTL_MS,
  });
  const { pinId } = pin;
  let compared = 0;
  let verified = 0;
  let turn = 1;
  let turns = 0;
  /** Since which batch nothing may succeed any more. */
  let over = false;
  let passedMs = 0;
  for (let batch = 0; batch < 5; batch++) {
    const wasOver = over || passedMs >= TTL_MS;
    const remaining: number[] = [];
    await Promise.all(
      Array.from({ length: 1 + below(6) }, async () => {
        const which = below(10);
        if (which < 6) {
          const result = await attempt(store, pinId, which < 2);
          seen(result.outcome);
          if (result.outcome === 'wrong' || result.outcome === 'verified') {
            compared++;
            remaining.push(result.attemptsRemaining);
            expect(wasOver, `seed ${seed}: compared after the end`).toBe(false);
          }
          if (result.outcome === 'verified') {
            verified++;
            over = true;
          }
        } else if (which < 8) {
          const result = await store.advanceRun(advanceRequest(pin, { turn }));
          if (result.outcome !== 'advanced') return;
          seen('advanced');
          turns++;
          expect(wasOver, `seed ${seed}: a fallback after the end`).toBe(false);
        } else if (which === 8) {
          const result = await store.addDelivery({
            opId: operation(),
            pinId,
            delivery: newDelivery(pin),
            limits: NO_SEND_LIMITS,
            timers: [],
            events: [],
          });
          if (result.outcome !== 'created') return;
          seen('resent');
          expect(wasOver, `seed ${seed}: sent again after the end`).toBe(false);
        } else if (below(4) === 0) {
          const result = await store.cancelPin({ opId: operation(), pinId, events: [] });
          if (result.outcome === 'cancelled') over = true;
        }
      }),
    );
    expect(turns, `seed ${seed}: two turns from one`).toBeLessThanOrEqual(turn);
    turn = 1 + turns;
    expect(new Set(remaining).size, `seed ${seed}: one attempt was granted twice`).toBe(remaining.length);
    expect(await harness.comparisons(pinId), `seed ${seed}`).toBe(compared);
    expect(compared, `seed ${seed}`).toBeLessThanOrEqual(ATTEMPTS);
    expect(verified, `seed ${seed}`).toBeLessThanOrEqual(1);
    if (compared >= ATTEMPTS) over = true;
    const ms = below(TTL_MS / 2);
    await harness.advance(ms);
    passedMs += ms;
  }
}
