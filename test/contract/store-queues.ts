import { describe, expect, it } from 'vitest';

import { createdPin, times, type Current } from '../support/store-fixtures.ts';

const timer = (id: string, inMs: number) => ({ id, kind: 'guard', inMs, data: { id, n: 1 } });
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

export function queueCases(current: Current): void {
  describe('timers', () => {
    it('are due in their order, and leased to one', async () => {
      const harness = current();
      const { store } = harness;
      expect(await store.nextTimerIn()).toBeUndefined();
      const { pin } = await createdPin(store, {
        timers: [timer('b', 200), timer('a', 100), timer('c', 5000)],
      });
      expect(await store.nextTimerIn()).toBeLessThanOrEqual(100);
      expect(await store.claimTimers({ limit: 10, leaseMs: 1000 })).toEqual([]);
      await harness.advance(300);
      expect(await store.nextTimerIn()).toBe(0);
      const [first, ...others] = await Promise.all(
        times(5, () => store.claimTimers({ limit: 10, leaseMs: 1000 })),
      );
      expect(first).toEqual([
        { id: 'a', kind: 'guard', dueAt: pin.createdAt + 100, data: { id: 'a', n: 1 } },
        { id: 'b', kind: 'guard', dueAt: pin.createdAt + 200, data: { id: 'b', n: 1 } },
      ]);
      expect(others.flat()).toEqual([]);
      await Promise.all(['a', 'b'].map(id => store.completeTimer(id)));
      expect(await store.nextTimerIn()).toBeGreaterThan(4000);
    });

    it('come back when a lease ends without completion', async () => {
      const harness = current();
      const { store } = harness;
      await createdPin(store, { timers: [timer('a', 0), timer('b', 0)] });
      expect(await store.claimTimers({ limit: 1, leaseMs: 600 })).toHaveLength(1);
      expect(await store.claimTimers({ limit: 5, leaseMs: 600 })).toHaveLength(1);
      expect(await store.claimTimers({ limit: 5, leaseMs: 600 })).toEqual([]);
      const wait = (await store.nextTimerIn()) ?? Number.NaN;
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(600);
      await harness.advance(600);
      expect(await store.nextTimerIn()).toBe(0);
      expect(ids(await store.claimTimers({ limit: 5, leaseMs: 600 })).toSorted()).toEqual(['a', 'b']);
      await store.completeTimer('a');
      await harness.advance(600);
      expect(ids(await store.claimTimers({ limit: 5, leaseMs: 600 }))).toEqual(['b']);
    });

    it('are replaced when armed again, and then not completed by the holder of the old lease', async () => {
      const harness = current();
      const { store } = harness;
      const { delivery } = await createdPin(store, { timers: [timer('a', 0)] });
      expect(ids(await store.claimTimers({ limit: 5, leaseMs: 60_000 }))).toEqual(['a']);
      await store.transition({
        ref: delivery.callRef,
        to: 'ringing',
        arm: [{ ...timer('a', 500), kind: 'second' }],
      });
      await store.completeTimer('a');
      expect(await store.claimTimers({ limit: 5, leaseMs: 1000 })).toEqual([]);
      await harness.advance(500);
      expect(await store.claimTimers({ limit: 5, leaseMs: 1000 })).toMatchObject([
        { id: 'a', kind: 'second' },
      ]);
      await store.completeTimer('a');
      expect(await store.nextTimerIn()).toBeUndefined();
    });

    it('survive a restart, late ones due at once', async () => {
      const harness = current();
      await createdPin(harness.store, { timers: [timer('late', 100), timer('later', 60_000)] });
      await harness.advance(200);
      await harness.reopen();
      expect(ids(await harness.store.claimTimers({ limit: 5, leaseMs: 1000 }))).toEqual(['late']);
      await harness.store.completeTimer('late');
      expect(await harness.store.nextTimerIn()).toBeGreaterThan(50_000);
    });
  });

  describe('events', () => {
    const event = (id: string) => ({
      id,
      type: 'call.ended',
      data: { ref: id, nested: { deep: [1, null] } },
    });

    it('are leased in order, counted, and gone once acknowledged', async () => {
      const harness = current();
      const { store } = harness;
      const { pin } = await createdPin(store, { events: [event('z'), event('a')] });
      const { delivery } = await createdPin(store, { events: [event('m')] });
      const claimed = await store.claimEvents({ limit: 2, leaseMs: 500 });
      expect(claimed).toEqual([
        { ...event('z'), target: '-', createdAt: pin.createdAt, tries: 1 },
        { ...event('a'), target: '-', createdAt: pin.createdAt, tries: 1 },
      ]);
      expect(ids(await store.claimEvents({ limit: 9, leaseMs: 500 }))).toEqual(['m']);
      expect(await store.claimEvents({ limit: 9, leaseMs: 500 })).toEqual([]);
      await store.ackEvent('z');
      await harness.advance(500);
      const again = await store.claimEvents({ limit: 9, leaseMs: 500 });
      expect(again.map(({ id, tries }) => [id, tries])).toEqual([
        ['a', 2],
        ['m', 2],
      ]);
      await store.transition({ ref: delivery.callRef, to: 'ringing', events: [event('a')] });
      await Promise.all(['a', 'm'].map(id => store.ackEvent(id)));
      await harness.advance(500);
      expect(await store.claimEvents({ limit: 9, leaseMs: 500 })).toEqual([]);
    });
  });
}
