import { describe, expect, it } from 'vitest';

import type { LoggedEventFilter, NewLoggedEvent, WebhookEndpoint } from '../../src/store/event-store.ts';
import type { Store } from '../../src/store/store.ts';
import { applicationId, createdPin, pinId, times, type Current } from '../support/store-fixtures.ts';

const LEASE = { limit: 99, leaseMs: 60_000 };
const PUSH = 'customer.push';

const endpoint = (id: string, more: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id,
  url: `https://${id}.example/hook?é=1`,
  types: ['*'],
  enabled: true,
  keyId: 'k1',
  secretVersion: 1,
  createdAt: 10,
  updatedAt: 10,
  ...more,
});

const logged = (id: string, at: number, more: Partial<NewLoggedEvent> = {}): NewLoggedEvent => ({
  id,
  type: 'verification.verified',
  applicationId: applicationId(),
  pinId: pinId(),
  data: { id, nested: { deep: [1, null, 'é🙂'] } },
  at,
  ...more,
});

const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);

export function eventCases(current: Current): void {
  const publish = async (
    events: readonly NewLoggedEvent[],
    more: Partial<Parameters<Store['publishEvents']>[0]> = {},
  ) => await current().store.publishEvents({ sources: [], pushes: [], events, ...more });
  const list = async (filter: Partial<LoggedEventFilter> = {}) =>
    await current().store.listLoggedEvents({ limit: 100, ...filter });

  describe('webhook endpoints', () => {
    it('are put whole, read back, listed oldest first and removed', async () => {
      const { store } = current();
      const old = endpoint('old', { createdAt: 5 });
      const full = endpoint('full', {
        secondaryUrl: 'https://second.example/',
        types: ['verification.verified', 'delivery.*'],
        applicationId: applicationId(),
        description: 'é',
        previousUntil: 99,
      });
      await store.putEndpoint(full);
      await store.putEndpoint(old);
      await store.putEndpoint(endpoint('young', { createdAt: 20 }));
      const changed = endpoint('full', {
        enabled: false,
        disabledReason: 'gone',
        secretVersion: 2,
        updatedAt: 30,
      });
      expect(await store.getEndpoint('full')).toStrictEqual(full);
      await store.putEndpoint(changed);
      await current().reopen();
      const again = current().store;
      expect(await again.getEndpoint('full')).toStrictEqual(changed);
      expect(await again.getEndpoint('none')).toBeUndefined();
      expect(ids(await again.listEndpoints())).toEqual(['old', 'full', 'young']);
      expect(await again.removeEndpoint('old')).toBe(true);
      expect(await again.removeEndpoint('old')).toBe(false);
      expect(await again.getEndpoint('old')).toBeUndefined();
      expect(ids(await again.listEndpoints())).toEqual(['full', 'young']);
    });

    it('stay, however old', async () => {
      const { store } = current();
      await store.putEndpoint(endpoint('a'));
      await current().advance(3000);
      await store.sweep({ retentionMs: 1 });
      await store.sweepLoggedEvents({ retentionMs: 1 });
      expect(ids(await store.listEndpoints())).toEqual(['a']);
    });
  });

  describe('emitEvents', () => {
    it('writes each id once', async () => {
      const { store } = current();
      const event = (id: string, n: number) => ({ id, type: PUSH, data: { n } });
      await store.emitEvents([event('a', 1), event('b', 1), event('a', 2)]);
      await Promise.all(times(10, async () => await store.emitEvents([event('a', 3)])));
      await store.emitEvents([]);
      const events = await store.claimEvents({ ...LEASE, types: [PUSH] });
      expect(events.map(({ id, data }) => [id, data])).toEqual([
        ['a', { n: 1 }],
        ['b', { n: 1 }],
      ]);
    });
  });

  describe('publishEvents', () => {
    it('takes the source, logs, and emits, in one write that may be repeated', async () => {
      const { store } = current();
      await createdPin(store, {
        events: [
          { id: 'source', type: 'voice.report', data: {} },
          { id: 'other', type: 'voice.report', data: {} },
        ],
      });
      await store.claimEvents(LEASE);
      const event = logged('evt_1', 5);
      const push = { id: 'evt_1.a', type: PUSH, data: { url: 'https://a.example/', n: 1 }, target: 'a' };
      const before = await store.now();
      await publish([event], { sources: ['source', 'gone'], pushes: [push] });
      const found = await store.getLoggedEvent('evt_1');
      expect(found).toStrictEqual({ ...event, loggedAt: found?.loggedAt });
      expect(found?.loggedAt).toBeGreaterThanOrEqual(before);
      await publish([{ ...event, data: { changed: true } }, logged('evt_2', 6)], { pushes: [push] });
      expect(await store.getLoggedEvent('evt_1')).toStrictEqual(found);
      expect(ids((await list()).events)).toEqual(['evt_1', 'evt_2']);
      const claimed = await store.claimEvents({ ...LEASE, types: [PUSH] });
      expect(claimed).toMatchObject([{ id: 'evt_1.a', target: 'a', tries: 1 }]);
      await current().reopen();
      expect(await current().store.getLoggedEvent('evt_1')).toStrictEqual(found);
      await current().advance(60_100);
      const left = await current().store.claimEvents({ ...LEASE, types: ['voice.report'] });
      expect(ids(left)).toEqual(['other']);
      expect(await current().store.getLoggedEvent('none')).toBeUndefined();
    });

    it('logs an event once, 20 at once', async () => {
      const events = [logged('evt_1', 5)];
      await Promise.all(times(20, async () => await publish(events)));
      expect((await list()).events).toHaveLength(1);
    });
  });

  describe('listLoggedEvents', () => {
    it('is oldest first, by every filter', async () => {
      const [application, pin] = [applicationId(), pinId()];
      const events = [
        logged('c', 300, { applicationId: application }),
        logged('a', 100, { pinId: pin }),
        logged('b', 200, { type: 'delivery.failed', applicationId: application }),
        logged('d', 400, { type: 'delivery.failed', pinId: pin }),
      ];
      for (const event of events) await publish([event]);
      const idsOf = async (filter: Partial<LoggedEventFilter>) => ids((await list(filter)).events);
      expect(await idsOf({})).toEqual(['a', 'b', 'c', 'd']);
      expect(await idsOf({ type: 'delivery.failed' })).toEqual(['b', 'd']);
      expect(await idsOf({ applicationId: application })).toEqual(['b', 'c']);
      expect(await idsOf({ pinId: pin })).toEqual(['a', 'd']);
      expect(await idsOf({ pinId: pin, type: 'delivery.failed' })).toEqual(['d']);
      expect(await idsOf({ since: 200, until: 400 })).toEqual(['b', 'c']);
      expect(await idsOf({ since: 401 })).toEqual([]);
      expect(await idsOf({ type: 'none' })).toEqual([]);
    });

    it('pages by a cursor, also where many happened at once and more come in', async () => {
      const application = applicationId();
      const many = times(10, index =>
        logged(`e${index}`, 100 + Math.floor(index / 4), { applicationId: application }),
      );
      await publish(many);
      for (const filter of [{}, { applicationId: application }, { type: 'verification.verified' }]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        let pages = 0;
        do {
          const page = await list({ ...filter, limit: 3, ...(cursor !== undefined && { cursor }) });
          seen.push(...ids(page.events));
          cursor = page.nextCursor;
          await publish([logged(`later-${pages++}-${JSON.stringify(filter)}`, 900)]);
        } while (cursor !== undefined && pages < 20);
        expect(seen.slice(0, 10).toSorted()).toEqual(ids(many).toSorted());
        expect(new Set(seen).size).toBe(seen.length);
      }
      for (const cursor of ['', 'x', '1', '9'.repeat(40), "1' OR 1=1"]) {
        await expect(list({ cursor })).resolves.toMatchObject({ events: expect.any(Array) as unknown });
      }
    });
  });

  describe('sweepLoggedEvents', () => {
    it('deletes what was logged long ago, in any number, whenever it happened', async () => {
      const { store } = current();
      await publish(times(1200, index => logged(`old-${index}`, index % 2 === 0 ? 1 : 1e13)));
      await current().advance(2000);
      await publish([logged('young', 1)]);
      expect(await store.sweepLoggedEvents({ retentionMs: 60_000 })).toBe(0);
      expect(await store.sweepLoggedEvents({ retentionMs: 1500 })).toBe(1200);
      expect(ids((await list()).events)).toEqual(['young']);
      expect(await store.sweepLoggedEvents({ retentionMs: 1500 })).toBe(0);
      expect(await store.getLoggedEvent('old-0')).toBeUndefined();
    });
  });
}
