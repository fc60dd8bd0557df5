import { describe, expect, test } from 'vitest';
import { HelperPool, type Helper } from '../../src/speech/engines/helper-pool.ts';
import { startWorkerHelper } from '../../src/speech/engines/worker-helper.ts';
import { systemClock } from '../../src/clock.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

interface Scripted extends Helper<string, string> {
  answer(reply: string): void;
  crash(): void;
  readonly asked: string[];
  killed: boolean;
}

function scripted(): Scripted {
  let pending: PromiseWithResolvers<string> | undefined;
  const asked: string[] = [];
  return {
    asked,
    killed: false,
    request(text) {
      asked.push(text);
      pending = Promise.withResolvers<string>();
      return pending.promise;
    },
    answer: reply => pending?.resolve(reply),
    crash: () => pending?.reject(new Error('lost')),
    async kill() {
      this.killed = true;
    },
  };
}

function setUp(options: { size?: number; maxQueued?: number } = {}) {
  const clock = new FakeClock();
  const helpers: Scripted[] = [];
  const pool = new HelperPool<string, string>({
    start: () => {
      const helper = scripted();
      helpers.push(helper);
      return helper;
    },
    clock,
    size: options.size ?? 1,
    maxQueued: options.maxQueued ?? 10,
    timeoutMs: 1_000,
  });
  return { clock, helpers, pool };
}

describe('a pool of helpers', () => {
  test('starts nothing before the first request, and one helper then serves in order', async () => {
    const { pool, helpers } = setUp();
    expect(helpers).toHaveLength(0);
    const replies = Promise.all([pool.request('a'), pool.request('b')]);
    expect(helpers[0]!.asked).toEqual(['a']);
    helpers[0]!.answer('A');
    await settle();
    expect(helpers[0]!.asked).toEqual(['a', 'b']);
    helpers[0]!.answer('B');
    expect(await replies).toEqual(['A', 'B']);
    expect(helpers).toHaveLength(1);
  });

  test('never has more helpers than its size', async () => {
    const { pool, helpers } = setUp({ size: 2 });
    const replies = Promise.all(['a', 'b', 'c'].map(text => pool.request(text)));
    expect(helpers.map(helper => helper.asked)).toEqual([['a'], ['b']]);
    helpers[1]!.answer('B');
    await settle();
    expect(helpers.map(helper => helper.asked)).toEqual([['a'], ['b', 'c']]);
    helpers[0]!.answer('A');
    helpers[1]!.answer('C');
    expect(await replies).toEqual(['A', 'B', 'C']);
  });

  test('a crash costs the request at work, and the next one gets a fresh helper', async () => {
    const { pool, helpers } = setUp();
    const first = pool.request('a');
    const second = pool.request('b');
    helpers[0]!.crash();
    await expect(first).rejects.toMatchObject({ reason: 'engine-failed' });
    await settle();
    expect(helpers[0]!.killed).toBe(true);
    helpers[1]!.answer('B');
    expect(await second).toBe('B');
  });

  test('a hang is ended at its time, counted from the start of its own work', async () => {
    const { pool, helpers, clock } = setUp();
    const first = pool.request('a');
    const second = pool.request('b');
    await clock.advanceAsync(900);
    helpers[0]!.answer('A');
    expect(await first).toBe('A');
    await clock.advanceAsync(900);
    expect(helpers[0]!.killed).toBe(false);
    const failed = expect(second).rejects.toMatchObject({ reason: 'timeout' });
    await clock.advanceAsync(100);
    await failed;
    expect(helpers[0]!.killed).toBe(true);
    const third = pool.request('c');
    helpers[1]!.answer('C');
    expect(await third).toBe('C');
    expect(clock.pending).toBe(0);
  });

  test('the queue is bounded', async () => {
    const { pool, helpers } = setUp({ maxQueued: 1 });
    const first = pool.request('a');
    const second = pool.request('b');
    await expect(pool.request('c')).rejects.toMatchObject({ reason: 'engine-failed' });
    helpers[0]!.answer('A');
    await first;
    await settle();
    helpers[0]!.answer('B');
    expect(await second).toBe('B');
  });

  test('an aborted request leaves the queue; one at work is given up but keeps its helper', async () => {
    const { pool, helpers } = setUp();
    const [working, waiting] = [new AbortController(), new AbortController()];
    const first = pool.request('a', working.signal);
    const second = pool.request('b', waiting.signal);
    const third = pool.request('c');
    waiting.abort();
    await expect(second).rejects.toMatchObject({ reason: 'engine-failed' });
    working.abort();
    await expect(first).rejects.toMatchObject({ reason: 'engine-failed' });
    helpers[0]!.answer('A');
    await settle();
    expect(helpers[0]!.asked).toEqual(['a', 'c']);
    helpers[0]!.answer('C');
    expect(await third).toBe('C');
    await expect(pool.request('d', AbortSignal.abort())).rejects.toMatchObject({ reason: 'engine-failed' });
  });

  test('closing fails what is open and ends the helpers', async () => {
    const { pool, helpers } = setUp();
    const open = [pool.request('a'), pool.request('b')].map(request =>
      expect(request).rejects.toMatchObject({ reason: 'engine-failed' }),
    );
    await pool.close();
    await Promise.all(open);
    expect(helpers[0]!.killed).toBe(true);
    await expect(pool.request('c')).rejects.toMatchObject({ reason: 'engine-failed' });
  });

  test('a helper that cannot start fails its request only', async () => {
    let broken = true;
    const helper = scripted();
    const pool = new HelperPool<string, string>({
      start: () => {
        if (broken) throw new Error('no such program');
        return helper;
      },
      clock: new FakeClock(),
      size: 1,
      maxQueued: 4,
      timeoutMs: 1_000,
    });
    await expect(pool.request('a')).rejects.toMatchObject({ reason: 'engine-failed' });
    broken = false;
    const second = pool.request('b');
    helper.answer('B');
    expect(await second).toBe('B');
  });
});

describe('a worker as a helper', () => {
  const script = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', text => {
      if (text === 'exit') process.exit(3);
      if (text === 'throw') throw new Error('bad');
      if (text === 'hang') for (;;) {}
      parentPort.postMessage(text.toUpperCase() + (process.env.PATH ? ' with secrets' : ''));
    });`;
  const start = () =>
    startWorkerHelper<string, string>(new URL(`data:text/javascript,${encodeURIComponent(wrap(script))}`));

  test.each(['exit', 'throw'])('%s in the worker is one failure and a restart', async fault => {
    const pool = new HelperPool({ start, clock: systemClock, size: 1, maxQueued: 4, timeoutMs: 10_000 });
    expect(await pool.request('a')).toBe('A');
    await expect(pool.request(fault)).rejects.toMatchObject({ reason: 'engine-failed' });
    expect(await pool.request('b')).toBe('B');
    await pool.close();
  });

  test('an endless loop is ended', async () => {
    const pool = new HelperPool({ start, clock: systemClock, size: 1, maxQueued: 4, timeoutMs: 400 });
    await expect(pool.request('hang')).rejects.toMatchObject({ reason: 'timeout' });
    await pool.close();
  });
});

/** A data: module has no `require`. */
function wrap(script: string): string {
  return `import { createRequire } from 'node:module'; const require = createRequire('file:///');${script}`;
}
