import { describe, expect, it, onTestFinished } from 'vitest';

import { Lease, LEASE_MS } from '../../../src/delivery/push/lease.ts';
import { createLogger } from '../../../src/log.ts';
import { settle } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/sqlite-harness.ts';
import { createdPin } from '../../support/store-fixtures.ts';
import { pusherRig, report } from './pusher-rig.ts';

const TYPES = ['customer.push'];

async function claimed() {
  const harness = await openTestStore();
  onTestFinished(() => harness.dispose());
  const { store, clock } = harness;
  const event = report('https://customer.example/');
  await createdPin(store, { events: [event] });
  const claim = async () =>
    (await store.claimEvents({ limit: 9, leaseMs: LEASE_MS, types: TYPES })).map(({ id }) => id);
  expect(await claim()).toEqual([event.id]);
  const log = createLogger('silent', { write: () => undefined });
  const lease = new Lease({ store, clock, log }, event.id);
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      await settle();
    }
  };
  return { event, lease, claim, pass, clock, store };
}

describe('the lease of an event', () => {
  it('holds for as long as its push takes', async () => {
    const { lease, claim, pass } = await claimed();
    for (let minute = 0; minute < 3; minute++) {
      await pass(60);
      expect(await claim()).toEqual([]);
    }
    lease.end();
  });

  it('is over 15 s after the last that was heard of its process', async () => {
    const { event, lease, claim, pass, clock } = await claimed();
    await pass(32);
    lease.end();
    expect(clock.pending).toBe(0);
    await pass(12);
    expect(await claim()).toEqual([]);
    await pass(2);
    expect(await claim()).toEqual([event.id]);
  });

  it('brings nothing back that was delivered', async () => {
    const { event, lease, pass, store } = await claimed();
    await store.ackEvent(event.id);
    await pass(20);
    lease.end();
    expect(await store.nextEventIn({ types: TYPES })).toBeUndefined();
  });
});

describe('two processes', () => {
  it('do not push the same event, however long one of them takes', async () => {
    const answer = Promise.withResolvers<number>();
    const rig = await pusherRig({ answer: () => answer.promise });
    await rig.start();
    await rig.emit(report('https://slow.example/', { id: 'slow' }));
    const other = await rig.another();
    await rig.pass(60_000, 1000);
    other.wake();
    await rig.rest();
    expect(rig.pushes.map(({ id }) => id)).toEqual(['slow']);
    answer.resolve(200);
    await rig.rest();
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
  });

  it('one takes what the other cuts off as it stops, at once', async () => {
    const answers: ('hang' | 200)[] = ['hang', 200];
    const rig = await pusherRig({ answer: () => answers.shift() ?? 200 });
    await rig.start();
    await rig.emit(report('https://slow.example/', { id: 'slow' }));
    const other = await rig.another();
    const stopping = rig.pusher.stop(1000);
    await rig.pass(1000, 1000);
    await stopping;
    other.wake();
    await rig.rest();
    expect(rig.pushes.map(({ id, at }) => [id, at])).toEqual([
      ['slow', 0],
      ['slow', 1000],
    ]);
    expect(rig.counts).toEqual({ 'push-delivered': 1 });
  });
});
