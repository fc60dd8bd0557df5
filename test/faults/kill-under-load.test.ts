import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { seededRandom } from '../support/seeded-random.ts';
import { settleAndCheck } from './checker.ts';
import { Load } from './load.ts';
import { FULL, record, times } from './results.ts';
import { missing, SLACK, STORES, World, type StoreName } from './world.ts';

/**
 * faults.md F1: kill -9 at random instants under 64-way load of sends, checks and fallbacks, through both faces. `KILLS` sets
 * how often: a few in `npm test`, 200 by `npm run test:faults`.
 */
const kills = times(2);
const READY_MS = 2_000;

for (const store of STORES) {
  const absent = missing(store);
  const name = `${store}: ${kills} times kill -9 under load`;
  test.skipIf(absent)(
    absent ? `${name} (${absent})` : name,
    { timeout: 180_000 + kills * 10_000 },
    async () => {
      const world = await World.start({ store });
      const load = new Load(world);
      const random = seededRandom(`${store} kills`);
      try {
        await expectStore(world, store);
        load.start(FULL ? 64 : 24);
        for (let kill = 0; kill < kills; kill++) {
          await load.progress(12);
          await pause((random(1)[0]! / 256) * 800);
          await world.kill();
          await world.restart();
        }
        await load.progress(5);
        await load.stop();
        const { wrong, figures } = await settleAndCheck(world, load);
        record({ fault: 'F1', on: store, runs: kills, figures });
        expect(wrong).toEqual([]);
        expect(figures.worstReadyMs).toBeLessThan(READY_MS * SLACK);
        notVacuous(figures);
      } finally {
        // After a start that failed, nobody is to wait for the next one.
        world.back();
        await load.stop();
        await world.close();
      }
    },
  );
}

/** The service uses the store that it was meant to use. */
async function expectStore(world: World, store: StoreName): Promise<void> {
  expect(existsSync(join(world.service.dataDir, 'saypin.db'))).toBe(store === 'sqlite');
  if (world.redis) expect(await world.redis.client.dbsize()).toBeGreaterThan(0);
}

function notVacuous(figures: Readonly<Record<string, number>>): void {
  const atLeast = { faults: kills, acknowledged: 10 * kills, lost: 2 * kills, verified: kills, exhausted: 1 };
  for (const [what, count] of Object.entries({ ...atLeast, calls: 3 * kills, overdueTimers: 1 })) {
    expect(figures[what], `${what}: a vacuous run`).toBeGreaterThanOrEqual(count);
  }
}
