import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { LoggedEventFilter, NewLoggedEvent } from '../../src/store/event-store.ts';
import type { VerificationListFilter } from '../../src/store/plan-store.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  applicationId,
  attempt,
  createdPin,
  pinId,
  times,
  type StoreHarness,
} from '../support/store-fixtures.ts';

/** More than one script looks through, in one shard. */
const MANY = 1_700;

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a list among many on Redis', () => {
  let server: RedisServer;
  let harness: StoreHarness;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    harness = await openRedisHarness(server);
  });
  afterEach(async () => {
    await harness.dispose();
  });

  const scripts = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.client.info('commandstats'))?.[1] ?? 0);

  it('finds the few PINs in a state that nearly none has, a part at a time, and goes on behind each', async () => {
    const { store } = harness;
    const application = applicationId();
    const rare: string[] = [];
    for (let part = 0; part < 3; part++) {
      const { pin } = await createdPin(store, { applicationId: application });
      await attempt(store, pin.pinId, true);
      rare.unshift(pin.pinId);
      await harness.advance(1000);
      await Promise.all(times(MANY / 2, async () => await createdPin(store, { applicationId: application })));
    }
    const list = async (filter: Partial<VerificationListFilter>) =>
      await store.listVerificationRecords({ limit: 50, state: 'verified', ...filter });
    for (const filter of [{}, { applicationId: application }]) {
      const before = await scripts();
      const { records, nextCursor } = await list(filter);
      expect(records.map(({ pin }) => pin.pinId)).toEqual(rare);
      expect(nextCursor).toBeUndefined();
      // It looks in parts.
      expect((await scripts()) - before).toBeGreaterThan((3 * MANY) / 2 / 500);
      const first = await list({ ...filter, limit: 1 });
      const second = await list({ ...filter, limit: 1, cursor: first.nextCursor ?? '' });
      const third = await list({ ...filter, limit: 1, cursor: second.nextCursor ?? '' });
      const pages = [first, second, third].flatMap(page => page.records.map(({ pin }) => pin.pinId));
      expect(pages).toEqual(rare);
      expect(third.nextCursor).toBeUndefined();
    }
    expect((await list({ since: await store.now() })).records).toEqual([]);
  });

  it('finds the few events of a type, a part at a time, and goes on behind each', async () => {
    const { store } = harness;
    const application = applicationId();
    const pin = pinId();
    const event = (n: number): NewLoggedEvent => ({
      id: `evt_${pin.charAt(0).toLowerCase()}${n}`,
      type: n % 800 === 0 ? 'rare' : 'often',
      applicationId: application,
      pinId: pin,
      data: {},
      at: 1000 + Math.floor(n / 10),
    });
    await store.publishEvents({ sources: [], events: times(MANY, event), pushes: [] });
    const list = async (filter: Partial<LoggedEventFilter>) =>
      await store.listLoggedEvents({ limit: 50, type: 'rare', ...filter });
    const rare = [0, 800, 1600].map(event);
    for (const filter of [{}, { applicationId: application }, { pinId: pin }]) {
      const { events, nextCursor } = await list(filter);
      expect(events).toMatchObject(rare);
      expect(nextCursor).toBeUndefined();
      const first = await list({ ...filter, limit: 2 });
      const second = await list({ ...filter, limit: 2, cursor: first.nextCursor ?? '' });
      expect([...first.events, ...second.events]).toMatchObject(rare);
      expect(first.events).toHaveLength(2);
      expect(second.nextCursor).toBeUndefined();
    }
    expect((await list({ since: 1080, until: 1160 })).events).toMatchObject(rare.slice(1, 2));
    // All of them, page by page.
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listLoggedEvents({ limit: 400, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.events.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(times(MANY, event).map(({ id }) => id));
  });
});
