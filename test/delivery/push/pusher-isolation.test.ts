import { describe, expect, it } from 'vitest';

import { GuardedFetchError } from '../../../src/delivery/push/index.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { times } from '../../support/store-fixtures.ts';
import { HOUR, MINUTE, pusherRig, report, type Answer } from './pusher-rig.ts';

const SLOW = 'https://slow.example/hook';
const hostOf = (url: string) => new URL(url).host;

describe('a slow target', () => {
  it('has two pushes under way at a time, and holds up nobody', async () => {
    const rig = await pusherRig({ answer: ({ url }) => (url === SLOW ? 'hang' : 200) });
    await rig.start();
    await rig.emit(...times(500, () => report(SLOW)));
    expect(rig.pushes.map(push => push.url)).toEqual([SLOW, SLOW]);
    for (let second = 1; second <= 60; second++) {
      const others = times(3, host => report(`https://quick-${host}.example/`));
      await rig.emit(...others);
      for (const { id } of others) expect(rig.pushes.some(push => push.id === id)).toBe(true);
      await rig.pass(1000, 1000);
    }
    expect(rig.pushes.filter(push => push.url === SLOW)).toHaveLength(2 + 2 * 4);
    expect(rig.counts['push-delivered']).toBe(180);
    expect(rig.underWay.most).toBeLessThanOrEqual(2 + 3);
  });

  it('one of many: no more than the limit in all, and each has its turn', async () => {
    const rig = await pusherRig({
      answer: ({ url }) => (url.includes('slow') ? 'hang' : 200),
      limits: { concurrency: 8, pollMs: HOUR },
    });
    await rig.start();
    // Every slow name sorts before the quick one, and every one has enough to keep the places for an hour.
    await rig.emit(...times(600, index => report(`https://slow-${index % 20}.example/`)));
    expect(rig.pushes).toHaveLength(8);
    await rig.emit(report('https://z-quick.example/'));
    await rig.pass(45_000, 5000);
    expect(rig.underWay.most).toBe(8);
    const reached = new Set(rig.pushes.map(push => hostOf(push.url)));
    expect(reached).toContain('z-quick.example');
    // Four rounds of eight places: all twenty and the quick one, none of them five times.
    expect(reached.size).toBe(21);
  });

  it('two ports of one host are two targets; two paths are one', async () => {
    const rig = await pusherRig({ answer: () => 'hang' });
    await rig.start();
    await rig.emit(
      ...times(4, index => report(`https://a.example/${index}`)),
      ...times(4, index => report(`https://a.example:8443/${index}`)),
    );
    expect(rig.pushes.map(push => hostOf(push.url)).toSorted()).toEqual([
      'a.example',
      'a.example',
      'a.example:8443',
      'a.example:8443',
    ]);
  });
});

it('a target that takes what it gets may have more under way, until it fails', async () => {
  const waiting: PromiseWithResolvers<number>[] = [];
  const rig = await pusherRig({
    answer: () => {
      const answer = Promise.withResolvers<number>();
      waiting.push(answer);
      return answer.promise;
    },
  });
  await rig.start();
  await rig.emit(...times(120, () => report(SLOW)));
  for (const [width, status] of [
    [2, 200],
    [4, 200],
    [8, 200],
    [16, 200],
    [16, 500],
    [2, 410],
  ] as const) {
    for (let turn = 0; turn < 40 && waiting.length < width; turn++) await rig.rest();
    await rig.rest();
    expect(waiting).toHaveLength(width);
    for (const answer of waiting.splice(0)) answer.resolve(status);
  }
  await rig.rest();
});

describe('reports that may share a push', () => {
  const URL = 'https://sms.example/reports';
  const results = (body: string) => (JSON.parse(body) as { results: string[] }).results;

  it('do, a hundred at most, and a failed push comes again as it was', async () => {
    let failing = true;
    const rig = await pusherRig({ answer: () => (failing ? 500 : 200) });
    const events = times(250, () => report(URL, { batch: 'v3' }));
    await rig.emit(...events, report(URL, { batch: 'v1' }), report(`${URL}?other`, { batch: 'v3' }));
    await rig.start();
    const sizes = rig.pushes.map(push => results(push.body).length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 1, 50, 100, 100]);
    expect(rig.pushes.flatMap(push => results(push.body)).slice(0, 100)).toEqual(
      events.slice(0, 100).map(event => event.id),
    );
    failing = false;
    await rig.emit(report(URL, { batch: 'v3' }));
    await rig.crash();
    await rig.pass(2 * MINUTE);
    const bodies = new Map(rig.pushes.slice(0, 5).map(push => [push.id, push.body]));
    const again = rig.pushes.filter(push => bodies.has(push.id)).slice(5);
    expect(again.map(push => [push.id, push.body])).toEqual(
      expect.arrayContaining([...bodies].map(([id, body]) => [id, body])),
    );
    expect(again).toHaveLength(5);
    expect(await rig.store.nextEventIn({ types: ['customer.push'] })).toBeUndefined();
  });
});

describe('a restart', () => {
  it('goes on with the schedule where it was', async () => {
    const rig = await pusherRig({ answer: () => 500 });
    await rig.start();
    await rig.emit(report(SLOW, { id: 'a' }));
    await rig.pass(10 * MINUTE);
    await rig.pusher.stop();
    await rig.pass(3 * MINUTE);
    await rig.crash();
    await rig.pass(30 * MINUTE);
    expect(rig.pushes.map(push => push.at / MINUTE)).toEqual([0, 2, 7, 17, 34]);
    await rig.crash();
    await rig.crash();
    await rig.pass(30 * MINUTE);
    expect(rig.pushes.map(push => push.at / MINUTE)).toEqual([0, 2, 7, 17, 34, 60]);
  });

  it('after a long absence does what is overdue at once, and still gives up only after every try', async () => {
    const rig = await pusherRig({ answer: () => 500 });
    await rig.start();
    await rig.emit(report(SLOW));
    await rig.pusher.stop();
    await rig.pass(72 * HOUR, HOUR);
    await rig.crash();
    expect(rig.pushes.map(push => push.at / HOUR)).toEqual([0, 72]);
    await rig.pass(49 * HOUR);
    expect(rig.pushes).toHaveLength(21);
    expect(rig.counts).toEqual({ 'push-failed': 20, 'push-given-up': 1 });
  });

  it('repeats what was under way when the process died, under the same id', async () => {
    const answers: Answer[] = ['hang', 200];
    const rig = await pusherRig({ answer: () => answers.shift()! });
    await rig.start();
    await rig.emit(report(SLOW, { id: 'a' }));
    expect(rig.pushes).toHaveLength(1);
    await rig.crash();
    expect(rig.pushes.map(push => push.id)).toEqual(['a', 'a']);
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
  });
});

describe('stopping', () => {
  it('waits for a push that ends in time', async () => {
    const answer = Promise.withResolvers<number>();
    const rig = await pusherRig({ answer: () => answer.promise });
    await rig.start();
    await rig.emit(report(SLOW), report(SLOW), report(SLOW));
    let stopped = false;
    const stopping = rig.pusher.stop(5000).then(() => (stopped = true));
    await rig.pass(4000, 1000);
    expect(stopped).toBe(false);
    answer.resolve(200);
    await stopping;
    expect(rig.counts).toEqual({ 'push-delivered': 2 });
    expect(rig.clock.pending).toBe(0);
    rig.pusher.wake();
    await rig.rest();
    expect(rig.pushes).toHaveLength(2);
  });

  it('cuts the others off, and they come again after the next start', async () => {
    const answers: Answer[] = ['hang', 'hang'];
    const rig = await pusherRig({ answer: () => answers.shift() ?? 200 });
    await rig.start();
    await rig.emit(report(SLOW, { id: 'a' }), report(SLOW, { id: 'b' }));
    const stopping = rig.pusher.stop(1000);
    await rig.pass(1000, 1000);
    await stopping;
    expect(rig.counts).toEqual({});
    expect(rig.clock.pending).toBe(0);
    await rig.crash();
    expect(rig.pushes.map(push => push.id)).toEqual(['a', 'b', 'a', 'b']);
    expect(rig.counts).toEqual({ 'push-delivered': 2 });
  });

  it('and starting twice is as good as once', async () => {
    const rig = await pusherRig();
    await rig.pusher.stop();
    await Promise.all([rig.pusher.start(), rig.pusher.start()]);
    await rig.emit(report(SLOW));
    expect(rig.pushes).toHaveLength(1);
    await Promise.all([rig.pusher.stop(), rig.pusher.stop()]);
    expect(rig.clock.pending).toBe(0);
    await rig.start();
    await rig.emit(report(SLOW));
    expect(rig.pushes).toHaveLength(2);
  });
});

it('a push is seen within the poll when nobody wakes the pusher', async () => {
  const rig = await pusherRig({ limits: { pollMs: 1000 } });
  await rig.start();
  await rig.emitUnsaid(report(SLOW));
  expect(rig.pushes).toHaveLength(0);
  await rig.pass(1000, 500);
  expect(rig.pushes).toHaveLength(1);
});

it('a wake in the middle of a look at the store is not lost', async () => {
  const rig = await pusherRig();
  const { store } = rig.harness;
  const nextEventIn = store.nextEventIn.bind(store);
  let looks = 0;
  store.nextEventIn = async request => {
    const next = await nextEventIn(request);
    if (looks++ === 0) {
      await rig.emitUnsaid(report(SLOW));
      rig.pusher.wake();
    }
    return next;
  };
  await rig.start();
  await expect.poll(() => rig.pushes.length).toBe(1);
});

it('a store that does not answer for a while loses nothing', async () => {
  let broken = false;
  const rig = await pusherRig({ limits: { pollMs: 1000 } });
  const { store } = rig.harness;
  for (const verb of ['claimEvents', 'ackEvent', 'disabledAddresses', 'nextEventIn', 'dropEvents'] as const) {
    const working = store[verb].bind(store) as (request: never) => Promise<never>;
    Object.assign(store, {
      [verb]: async (request: never) => {
        if (broken) throw new Error('unavailable');
        return await working(request);
      },
    });
  }
  await rig.start();
  await rig.emit(report(SLOW, { id: 'a' }));
  broken = true;
  await rig.emit(report(SLOW, { id: 'b' }));
  await rig.pass(10_000, 1000);
  expect(rig.pushes.map(push => push.id)).toEqual(['a']);
  broken = false;
  await rig.pass(1000, 1000);
  expect(rig.pushes.map(push => push.id)).toEqual(['a', 'b']);
});

/** faults.md I6. */
it.each([1, 2, 3])(
  'whatever targets and processes do, every event arrives at least once (seed %i)',
  async seed => {
    const random = seededRandom(`outbox-${seed}`);
    const chance = (percent: number) => random(1)[0]! < (percent * 256) / 100;
    const arrived: string[] = [];
    let failures = 0;
    const rig = await pusherRig({
      answer: ({ id }) => {
        if (chance(45)) {
          failures++;
          if (chance(30)) return 'hang';
          return chance(50) ? 503 : new GuardedFetchError('connect');
        }
        arrived.push(id);
        // It arrived, but we may never hear of it.
        return chance(15) ? new GuardedFetchError('protocol') : 200;
      },
      limits: { concurrency: 6, pollMs: 10_000 },
    });
    await rig.start();
    const emitted: string[] = [];
    for (let round = 0; round < 12; round++) {
      const events = times(10, () => report(`https://h${random(1)[0]! % 7}.example/${round % 3}`));
      emitted.push(...events.map(event => event.id));
      await rig.emit(...events);
      await rig.pass(30_000, 5000);
      if (round % 3 === 2) await rig.crash();
    }
    await rig.pass(50 * HOUR, HOUR / 4);
    expect(await rig.store.nextEventIn({ types: ['customer.push'] })).toBeUndefined();
    expect(new Set(arrived)).toEqual(new Set(emitted));
    expect(arrived.length).toBeGreaterThan(emitted.length);
    expect(failures).toBeGreaterThan(50);
  },
);
