import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { eventually } from '../support/service.ts';
import { settleAndCheck } from './checker.ts';
import { Load } from './load.ts';
import { FULL, record, times } from './results.ts';
import { ATTEMPTS, missing, SLACK, World } from './world.ts';

/**
 * faults.md F5 and F7 over the running service: its Redis is killed and started again under load, 20 times in the full form; or
 * stands still, 10 s in the full form. The store's own answers are in test/store/redis-away.test.ts.
 */
const cycles = Math.min(times(2), 20);
const absent = missing('redis');
const named = (name: string): string => (absent ? `${name} (${absent})` : name);
const HANG_MS = FULL ? 10_000 : 2_000;
const BACK_MS = 1_000;
/** The store gives up after 450 ms; the rest is HTTP, and a client that shares its cores with everything else. */
const ANSWER_MS = 700;

test.skipIf(absent)(
  named(`${cycles} times kill -9 of redis-server and a new one`),
  { timeout: 180_000 + cycles * 15_000 },
  async () => {
    // With `everysec` a kill may lose the last second: what was acknowledged survives with `always` (docs/SCALING.md).
    const world = await World.start({ store: 'redis', redisFlags: ['--appendfsync', 'always'] });
    const load = new Load(world, 'redis dies');
    const redis = world.redis!;
    let worstBackMs = 0;
    try {
      load.start(FULL ? 32 : 16);
      for (let cycle = 0; cycle < cycles; cycle++) {
        await load.progress(8);
        await pause(cycle * 23);
        world.journal.note({ what: 'fault', name: 'redis kill -9' });
        redis.signal('SIGKILL');
        await pause(300);
        await redis.restart();
        const pong = performance.now();
        await eventually('an answer of the store', async () => await answers(world));
        worstBackMs = Math.max(worstBackMs, performance.now() - pong);
      }
      await load.progress(5);
      await load.stop();
      const { wrong, figures } = await settleAndCheck(world, load);
      record({
        fault: 'F5',
        on: 'redis, AOF always',
        runs: cycles,
        figures: { ...figures, worstBackMs: Math.round(worstBackMs) },
      });
      // Timers wait for their store, not for the service.
      expect(wrong.filter(line => !line.includes('fired'))).toEqual([]);
      expect(figures.refused, 'no send was refused: a vacuous run').toBeGreaterThan(0);
      expect(figures.acknowledged).toBeGreaterThan(5 * cycles);
      expect(worstBackMs).toBeLessThan(BACK_MS * SLACK);
    } finally {
      await load.stop();
      await world.close();
    }
  },
);

test.skipIf(absent)(named(`Redis stands still for ${HANG_MS} ms`), { timeout: 180_000 }, async () => {
  const world = await World.start({ store: 'redis' });
  const load = new Load(world, 'redis hangs');
  const { service } = world;
  const redis = world.redis!;
  try {
    const number = '+41793900001';
    const id = await load.create(number, 3);
    const pin = (await load.pin(number))!;
    await load.quiet();
    const wrongPin = pin.replace(/.$/, last => String((Number(last) + 1) % 10));
    for (const destiny of [0, 1] as const) await load.story(destiny);
    const before = residentMb(service.pid);
    world.journal.note({ what: 'fault', name: 'redis SIGSTOP' });
    redis.signal('SIGSTOP');
    const end = performance.now() + HANG_MS;
    const took: number[] = [];
    const said = new Set<string>();
    try {
      while (performance.now() < end) {
        await Promise.all(
          Array.from({ length: 16 }, async () => {
            const asked = performance.now();
            said.add(await load.check(id!, wrongPin));
            took.push(performance.now() - asked);
          }),
        );
        await pause(50);
      }
      expect((await service.api('GET', '/health/ready')).status).toBe(503);
      expect((await service.api('GET', '/health/live')).status).toBe(200);
    } finally {
      redis.signal('SIGCONT');
    }
    const grewMb = residentMb(service.pid) - before;
    await eventually(
      'readiness',
      async () => (await service.api('GET', '/health/ready')).status === 200,
      10_000,
    );
    expect(said, 'answered while the store hung').toEqual(new Set(['http 503']));
    // Nothing of what was refused is compared after all: every attempt is still there.
    const after = await Promise.all(Array.from({ length: 10 }, () => load.check(id!, wrongPin)));
    expect(after.filter(answer => answer === 'wrong')).toHaveLength(ATTEMPTS);
    const { wrong, figures } = await settleAndCheck(world, load);
    const worstMs = Math.round(Math.max(...took));
    record({
      fault: 'F7',
      on: 'redis',
      runs: 1,
      figures: { refused: took.length, worstAnswerMs: worstMs, grewMb, verified: figures.verified ?? 0 },
    });
    expect(wrong.filter(line => !line.includes('fired'))).toEqual([]);
    expect(took.length).toBeGreaterThanOrEqual(16);
    expect(worstMs).toBeLessThan(ANSWER_MS * SLACK);
    expect(grewMb).toBeLessThan(50);
  } finally {
    await world.close();
  }
});

/** Whether its store says what there is; connections that broke are not what is asked about. */
async function answers({ service }: World): Promise<boolean> {
  try {
    return (await service.api('GET', `/v1/verifications/${'0'.repeat(32)}`)).status === 404;
  } catch {
    return false;
  }
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1_024);
}
