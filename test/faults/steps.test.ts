import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { settleAndCheck } from './checker.ts';
import { Load, type Destiny } from './load.ts';
import { FULL, record, times } from './results.ts';
import { missing, STORES, World } from './world.ts';

/**
 * faults.md F2 for the steps of a send and of a check: kill -9 before and after the commit, and before the outbox's
 * acknowledgement. Those between a failed text and its call are in fallback-kill.test.ts. All steps on both stores, KILLS / 10 times
 * each, by `npm run test:faults`.
 */
const STEPS: readonly (readonly [string, Destiny])[] = [
  ['before:store.createPin', 7],
  ['after:store.createPin', 7],
  ['before:store.attemptPin', 0],
  ['after:store.attemptPin', 0],
  ['before:store.ackEvent', 0],
  ['after:store.ackEvent', 0],
  ['before:store.publishEvents', 0],
  ['after:store.publishEvents', 0],
];
const QUICK = ['after:store.attemptPin', 'before:store.ackEvent'];
const rounds = Math.ceil(times(1) / 10);
/** Which hit of a step it dies at: one of these many behind the first. */
const HITS = 4;
/** What many stories bring at once may be one step: some follow. */
const BETWEEN_MS = 1_000;

for (const store of STORES) {
  const absent = missing(store);
  const steps = STEPS.filter(([step]) => FULL || (store === 'sqlite' && QUICK.includes(step)));
  for (const [step, destiny] of steps) {
    const name = `${store}: killed ${step}, ${rounds} times`;
    test.skipIf(absent)(
      absent ? `${name} (${absent})` : name,
      { timeout: 180_000 + rounds * 20_000 },
      async () => {
        const world = await World.start({
          store,
          environment: { SERVICE_MAIN: 'test/faults/faulty-main.ts' },
        });
        const load = new Load(world, step);
        try {
          for (let round = 0; round < rounds; round++) {
            await world.service.stop();
            const faulty = { FAULT_AT: step, FAULT_HIT: String(2 + (round % HITS)) };
            await world.tryRestart(faulty);
            const died = (async (): Promise<true> => {
              const signal = await world.service.died();
              world.away();
              world.journal.note({ what: 'fault', name: step });
              expect(signal).toBe('SIGKILL');
              return true;
            })();
            // What the life before left to do may kill it at its start, or in the middle of a story.
            const stories = [load.story(destiny)];
            await Promise.race([...stories, died]);
            stories.push(...Array.from({ length: HITS + 2 }, () => load.story(destiny)));
            while (!(await Promise.race([died, pause(BETWEEN_MS)]))) stories.push(load.story(destiny));
            await world.restart();
            await Promise.all(stories);
          }
          const { wrong, figures } = await settleAndCheck(world, load);
          record({ fault: 'F2', on: `${store}, ${step}`, runs: rounds, figures });
          expect(wrong).toEqual([]);
          expect(figures.faults).toBe(rounds);
          expect(figures.acknowledged, 'a vacuous run').toBeGreaterThan(0);
        } finally {
          await world.close();
        }
      },
    );
  }
}
