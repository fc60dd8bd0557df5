import { describe, expect, it } from 'vitest';

import type { NewEvent } from '../../src/store/outbox-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createdPin, times, type Current } from '../support/store-fixtures.ts';

const PUSH = 'customer.push';
const LEASE = { limit: 9, leaseMs: 60_000 };
const IN_TURN = { ...LEASE, types: [PUSH], spread: { after: '', except: [], batch: 1 } };

const event = (id: string, more: Partial<NewEvent> = {}): NewEvent => ({ id, type: PUSH, data: {}, ...more });
const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);
const emit = async (store: Store, ...events: NewEvent[]) => void (await createdPin(store, { events }));

/** The outbox: schedules, types, targets that take turns, batches, addresses that want nothing more. */
export function outboxCases(current: Current): void {
  describe('a schedule', () => {
    it('puts an event back for as long as asked, also through a restart', async () => {
      const harness = current();
      await emit(harness.store, event('a'));
      await harness.store.claimEvents(LEASE);
      await harness.store.deferEvent({ id: 'a', inMs: 5000 });
      expect(await harness.store.nextEventIn({ types: [PUSH] })).toBeGreaterThan(3000);
      await harness.advance(1000);
      await harness.reopen();
      const { store } = harness;
      expect(await store.claimEvents(LEASE)).toEqual([]);
      const left = (await store.nextEventIn({ types: [PUSH] })) ?? Number.NaN;
      expect(left).toBeLessThanOrEqual(4000);
      await harness.advance(left);
      expect(await store.nextEventIn({ types: [PUSH] })).toBe(0);
      expect(await store.claimEvents(LEASE)).toMatchObject([{ id: 'a', tries: 2 }]);
    });

    it('of an event that is gone is nothing', async () => {
      const { store } = current();
      await emit(store, event('a'));
      await store.claimEvents(LEASE);
      await store.ackEvent('a');
      await store.deferEvent({ id: 'a', inMs: 0 });
      await store.deferEvent({ id: 'never', inMs: 0 });
      expect(await store.claimEvents(LEASE)).toEqual([]);
      expect(await store.nextEventIn({ types: [PUSH] })).toBeUndefined();
    });

    it('tells how long to wait: for what is due, leased or of another type', async () => {
      const { store } = current();
      await emit(store, event('a'), event('b', { type: 'other' }));
      expect(await store.nextEventIn({ types: [PUSH] })).toBe(0);
      expect(await store.nextEventIn({ types: ['none'] })).toBeUndefined();
      expect(await store.nextEventIn({ types: [] })).toBeUndefined();
      await store.claimEvents({ limit: 9, leaseMs: 30_000, types: [PUSH] });
      expect(await store.nextEventIn({ types: [PUSH] })).toBeGreaterThan(20_000);
      expect(await store.nextEventIn({ types: ['none', PUSH, 'other'] })).toBe(0);
    });
  });

  describe('types', () => {
    it('are claimed apart', async () => {
      const { store } = current();
      await emit(store, event('a', { type: 'x' }), event('b', { type: 'y' }), event('c', { type: 'x' }));
      expect(ids(await store.claimEvents({ ...LEASE, types: ['y', 'z'] }))).toEqual(['b']);
      expect(ids(await store.claimEvents({ ...LEASE, types: ['x'] }))).toEqual(['a', 'c']);
    });

    it('without a consumer are dropped when they are old, in any number, and nobody else’s', async () => {
      const harness = current();
      const { store } = harness;
      const unread = times(1200, index => event(`unread-${index}`, { type: `report.${index % 3}` }));
      await emit(store, event('mine'), event('yours', { type: 'theirs' }), ...unread);
      await harness.advance(2000);
      await emit(store, event('young', { type: 'report.0' }));
      const request = { exceptTypes: [PUSH, 'theirs'], olderThanMs: 1500 };
      expect(await store.dropEvents(request)).toBe(1200);
      expect(await store.dropEvents(request)).toBe(0);
      expect(ids(await store.claimEvents(LEASE))).toEqual(['mine', 'yours', 'young']);
    });
  });

  describe('targets', () => {
    const to = (id: string, target: string) => event(id, { target });

    it('are the origin of the URL in the data, unless named', async () => {
      const { store } = current();
      await emit(
        store,
        event('a', { data: { url: 'https://A.example:443/hook?key=1' } }),
        event('b', { data: { url: 'https://a.example:8443/hook' } }),
        event('c', { data: { url: 'https://a.example/hook' }, target: 'c' }),
        event('d', { data: { url: 'no url' } }),
        event('e', { data: { url: 5 } }),
        event('f'),
      );
      expect((await store.claimEvents(LEASE)).map(({ id, target }) => [id, target])).toEqual([
        ['a', 'https://a.example'],
        ['b', 'https://a.example:8443'],
        ['c', 'c'],
        ['d', '-'],
        ['e', '-'],
        ['f', '-'],
      ]);
    });

    it('take turns: one event each, round from behind the last, however much waits for one', async () => {
      const { store } = current();
      await emit(store, ...times(50, index => to(`b${index}`, 'b')), to('d0', 'd'), to('a0', 'a'));
      expect(ids(await store.claimEvents(IN_TURN))).toEqual(['a0', 'b0', 'd0']);
      await emit(store, to('c0', 'c'), to('a1', 'a'));
      const spread = { after: 'b', except: [], batch: 1 };
      expect(ids(await store.claimEvents({ ...IN_TURN, spread }))).toEqual(['c0', 'a1', 'b1']);
      await emit(store, to('c1', 'c'), to('d1', 'd'));
      expect(ids(await store.claimEvents({ ...IN_TURN, spread, limit: 2 }))).toEqual(['c1', 'd1']);
      expect(ids(await store.claimEvents({ ...IN_TURN, spread, limit: 2 }))).toEqual(['b2']);
    });

    it('are left out where asked, and where nothing is due', async () => {
      const harness = current();
      const { store } = harness;
      await emit(store, to('a0', 'a'), to('b0', 'b'), to('c0', 'c'));
      const spread = { after: '', except: ['b'], batch: 1 };
      expect(ids(await store.claimEvents({ ...IN_TURN, spread }))).toEqual(['a0', 'c0']);
      await store.deferEvent({ id: 'a0', inMs: 1000 });
      await emit(store, to('a1', 'a'));
      // What comes again does not hold up what is new.
      expect(ids(await store.claimEvents(IN_TURN))).toEqual(['a1', 'b0']);
      await harness.advance(1000);
      expect(ids(await store.claimEvents(IN_TURN))).toEqual(['a0']);
    });
  });

  describe('batches', () => {
    const of = (id: string, batch?: string, target = 't') =>
      event(id, { target, ...(batch !== undefined && { batch }) });
    const three = { ...IN_TURN, spread: { after: '', except: [], batch: 3 } };
    const shape = (events: Awaited<ReturnType<Store['claimEvents']>>) =>
      events.map(({ id, tries, followers }) => [id, tries, ids(followers ?? [])]);

    it('bring what is alike along, up to their size, and nothing else', async () => {
      const { store } = current();
      await emit(store, of('a1', 'a'), of('x'), of('b1', 'b'), of('a2', 'a'), of('u1', 'a', 'u'));
      await emit(store, of('a3', 'a'), of('a4', 'a'));
      expect(shape(await store.claimEvents(three))).toEqual([
        ['a1', 1, ['a2', 'a3']],
        ['u1', 1, []],
      ]);
      expect(shape(await store.claimEvents(three))).toEqual([['x', 1, []]]);
      expect(shape(await store.claimEvents(three))).toEqual([['b1', 1, []]]);
      expect(shape(await store.claimEvents(three))).toEqual([['a4', 1, []]]);
      expect(await store.claimEvents(three)).toEqual([]);
    });

    it('do not take in what was tried alone: it keeps its own id', async () => {
      const harness = current();
      const { store } = harness;
      await emit(store, of('old', 'a'));
      await store.claimEvents(three);
      await store.deferEvent({ id: 'old', inMs: 500 });
      await emit(store, of('a1', 'a'), of('a2', 'a'));
      await harness.advance(500);
      expect(shape(await store.claimEvents(three))).toEqual([['a1', 1, ['a2']]]);
      expect(shape(await store.claimEvents(three))).toEqual([['old', 2, []]]);
    });

    it('stay as they are over every try and a restart, and end as one', async () => {
      const harness = current();
      await emit(harness.store, of('a1', 'a'), of('a2', 'a'));
      const first = [['a1', 1, ['a2']]];
      expect(shape(await harness.store.claimEvents(three))).toEqual(first);
      await harness.store.deferEvent({ id: 'a1', inMs: 500 });
      await harness.store.deferEvent({ id: 'a2', inMs: 0 });
      await emit(harness.store, of('a3', 'a'));
      await harness.reopen();
      expect(shape(await harness.store.claimEvents(three))).toEqual([['a3', 1, []]]);
      await harness.advance(500);
      expect(shape(await harness.store.claimEvents(three))).toEqual([['a1', 2, ['a2']]]);
      await harness.reopen();
      if (!harness.soleOwner) await harness.advance(60_000);
      const again = await harness.store.claimEvents(LEASE);
      expect(shape(again)).toEqual([
        ['a1', 3, ['a2']],
        ['a3', 2, []],
      ]);
      await harness.store.ackEvent('a1');
      await harness.store.ackEvent('a3');
      await harness.advance(60_000);
      expect(await harness.store.claimEvents(LEASE)).toEqual([]);
      expect(await harness.store.nextEventIn({ types: [PUSH] })).toBeUndefined();
    });
  });

  describe('addresses that want nothing more', () => {
    it('are remembered for their time, through a restart', async () => {
      const harness = current();
      const all = ['https://a.example/1', 'https://a.example/2'];
      expect(await harness.store.disabledAddresses(all)).toEqual(new Set());
      await harness.store.disableAddress({ address: all[0]!, forMs: 3000 });
      await harness.reopen();
      const { store } = harness;
      expect(await store.disabledAddresses(all)).toEqual(new Set([all[0]]));
      await store.disableAddress({ address: all[1]!, forMs: 6000 });
      await harness.advance(3000);
      expect(await store.disabledAddresses(all)).toEqual(new Set([all[1]]));
      await store.disableAddress({ address: all[1]!, forMs: 0 });
      expect(await store.disabledAddresses(all)).toEqual(new Set());
    });
  });
}
