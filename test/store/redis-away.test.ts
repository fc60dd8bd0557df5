import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import type { Store } from '../../src/store/store.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { attempt, createdPin, pinRequest, times } from '../support/store-fixtures.ts';

/** What a promise came to, and after how many ms. */
async function timed(work: Promise<unknown>): Promise<{ id: unknown; ms: number }> {
  const start = performance.now();
  const id = await work.then(
    () => 'done',
    (error: unknown) => (error as { id?: unknown }).id,
  );
  return { id, ms: performance.now() - start };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are held, not those that wait to be collected. */
function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a Redis that is away', () => {
  let server: RedisServer;
  let store: Store;

  beforeEach(async () => {
    server = await startRedis();
    store = await openRedisStore({ url: server.url, clock: systemClock });
  });
  afterEach(async () => {
    await store.close();
    await server.stop();
  });

  it('loads its data for long: is in use as soon as it has them', async () => {
    const slow = await startRedis([
      '--key-load-delay',
      '2500',
      '--loading-process-events-interval-bytes',
      '1024',
    ]);
    const other = await openRedisStore({ url: slow.url, clock: systemClock });
    try {
      // One that is most of it, mostly not among the first: until then the server believes that it needs far longer.
      await slow.client.mset(
        ...times(500, n => [`load-${n}`, n === 0 ? randomBytes(5_000_000).toString('base64') : 'x']).flat(),
      );
      // The delay is one of data that lie there as a snapshot.
      await slow.client.bgrewriteaof();
      const rewriting = async () =>
        /aof_rewrite_(in_progress|scheduled):1/.test(await slow.client.info('persistence'));
      await expect.poll(rewriting, { timeout: 5000 }).toBe(false);
      slow.signal('SIGKILL');
      const began = performance.now();
      await slow.restart();
      const pong = performance.now();
      expect(pong - began, 'it loaded for too short').toBeGreaterThan(1000);
      await expect
        .poll(() => timed(other.ping()).then(({ id }) => id), { timeout: 5000, interval: 10 })
        .toBe('done');
      expect(performance.now() - pong).toBeLessThan(500);
    } finally {
      await other.close();
      await slow.stop();
    }
  });

  // faults.md F7. The process that asks has a core to share with everything else: what is measured is held to a bit more.
  it('hangs: answers within 500 ms, nothing done for whoever was refused, nothing piles up', async () => {
    const { pin } = await createdPin(store, { attempts: 5, allowMultiple: false });
    const late = pinRequest({ timers: [{ id: 'late', kind: 'x', inMs: 0, data: {} }] });
    const before = memory();
    server.signal('SIGSTOP');
    try {
      const asked = await Promise.all([
        ...times(20, () => timed(attempt(store, pin.pinId, true))),
        timed(store.createPin(late)),
        timed(store.getPin(pin.pinId)),
        timed(store.ping()),
      ]);
      for (const { id, ms } of asked) {
        expect(id).toBe('unavailable');
        expect(ms).toBeLessThan(700);
      }
      const flood = await Promise.all(times(20_000, () => timed(attempt(store, pin.pinId, false))));
      expect(new Set(flood.map(({ id }) => id))).toEqual(new Set(['unavailable']));
      expect(memory() - before).toBeLessThan(50 * 2 ** 20);
      await pause(600);
    } finally {
      server.signal('SIGCONT');
    }
    await expect.poll(() => timed(store.ping()).then(({ id }) => id), { timeout: 5000 }).toBe('done');

    // Whoever asked was told no, and has gone: neither an attempt nor a call may come of it now.
    expect(await store.getPin(pin.pinId)).toMatchObject({ attemptsUsed: 0, state: 'active' });
    expect(await store.getPin(late.pin.pinId)).toBeUndefined();
    expect(await store.nextTimerIn()).toBeUndefined();
    expect(await attempt(store, pin.pinId, true)).toMatchObject({ outcome: 'verified' });
  });

  // faults.md F5. With `everysec` a server whose disk is slow answers up to 2 s before it writes, so that a kill loses sends
  // that were acknowledged: it is `always` that keeps them all.
  it('is killed and starts again: 503 meanwhile, then everything that was acknowledged', async () => {
    for (let cycle = 0; cycle < 3; cycle++) {
      await server.client.config('SET', 'appendfsync', 'always');
      const acknowledged: string[] = [];
      const requests = times(200, () => pinRequest());
      const sends = requests.map(async (request, index) => {
        await pause(index / 2);
        try {
          const result = await store.createPin(request);
          if (result.outcome === 'created') acknowledged.push(result.pin.pinId);
        } catch (error) {
          expect(error).toMatchObject({ id: 'unavailable' });
        }
      });
      // In the middle of them, however slow the machine is.
      await expect.poll(() => acknowledged.length, { timeout: 5000, interval: 1 }).toBeGreaterThan(10);
      server.signal('SIGKILL');
      await Promise.all(sends);
      expect(acknowledged.length).toBeLessThan(200);
      expect(await timed(store.ping())).toMatchObject({ id: 'unavailable' });

      await server.restart();
      const pong = performance.now();
      await expect
        .poll(() => timed(store.ping()).then(({ id }) => id), { timeout: 5000, interval: 10 })
        .toBe('done');
      expect(performance.now() - pong).toBeLessThan(1000);
      const found = await Promise.all(
        requests.map(async ({ pin }) => ((await store.getPin(pin.pinId)) ? [pin.pinId] : [])),
      );
      expect(found.flat()).toEqual(expect.arrayContaining(acknowledged));
    }
  });

  it('was never there: every verb is refused at once, and it can be closed', async () => {
    server.signal('SIGKILL');
    await expect.poll(() => timed(store.ping()).then(({ id }) => id)).toBe('unavailable');
    expect((await timed(store.listApplications())).ms).toBeLessThan(300);
    expect((await timed(store.close())).ms).toBeLessThan(1500);
  });
});
