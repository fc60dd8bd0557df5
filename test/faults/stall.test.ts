import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { settleAndCheck } from './checker.ts';
import { Load } from './load.ts';
import { FULL, record, times } from './results.ts';
import { missing, STORES, World } from './world.ts';

/**
 * faults.md F14: the process stands still (SIGSTOP) under load, for 5 s in the full form. Carriers' and clients' requests wait or are
 * given up meanwhile; nothing is dialled twice because of it.
 */
const stalls = Math.min(times(1), 10);
const STALL_MS = FULL ? 5_000 : 2_000;

for (const store of FULL ? STORES : STORES.slice(0, 1)) {
  const absent = missing(store);
  const name = `${store}: ${stalls} times ${STALL_MS} ms of standing still`;
  test.skipIf(absent)(
    absent ? `${name} (${absent})` : name,
    { timeout: 180_000 + stalls * 20_000 },
    async () => {
      const world = await World.start({ store });
      const load = new Load(world, `${store} stall`);
      try {
        load.start(32);
        for (let stall = 0; stall < stalls; stall++) {
          await load.progress(10);
          await pause(stall * 37);
          world.journal.note({ what: 'fault', name: 'SIGSTOP' });
          process.kill(world.service.pid, 'SIGSTOP');
          await pause(STALL_MS);
          process.kill(world.service.pid, 'SIGCONT');
        }
        await pause(500);
        await load.stop();
        const { wrong, figures } = await settleAndCheck(world, load);
        record({ fault: 'F14', on: store, runs: stalls, figures });
        // A timer cannot fire while nothing runs; that it does at once afterwards is held by F1.
        expect(wrong.filter(line => !line.includes('fired'))).toEqual([]);
        expect(figures.duplicateCalls).toBe(0);
        expect(figures.calls, 'a vacuous run').toBeGreaterThan(3);
      } finally {
        process.kill(world.service.pid, 'SIGCONT');
        await load.stop();
        await world.close();
      }
    },
  );
}
