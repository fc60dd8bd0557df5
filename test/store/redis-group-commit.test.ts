import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import type { PinId } from '../../src/domain/types.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  applicationId,
  attempt,
  createdPin,
  pinRequest,
  tally,
  type StoreHarness,
} from '../support/store-fixtures.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'what is asked of Redis in one turn', () => {
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

  const keyOf = (id: PinId) => `saypin:{s0}p:${id}`;
  async function scriptsRun(): Promise<number> {
    const stats = await server.client.info('commandstats');
    const of = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return of('evalsha') + of('eval') + of('fcall');
  }

  it('goes as few scripts', async () => {
    const { store } = harness;
    const { pin } = await createdPin(store);
    await attempt(store, pin.pinId, false);
    const before = await scriptsRun();
    const made = await Promise.all(Array.from({ length: 60 }, () => store.createPin(pinRequest())));
    expect(made.every(({ outcome }) => outcome === 'created')).toBe(true);
    expect((await scriptsRun()) - before).toBe(2);
  });

  it('is done in its order, each after what was asked before it', async () => {
    const { store } = harness;
    const request = pinRequest({ attempts: 3, allowMultiple: false });
    const { pinId } = request.pin;
    const [made, wrong, right, late, moved] = await Promise.all([
      store.createPin(request),
      attempt(store, pinId, false),
      attempt(store, pinId, true),
      attempt(store, pinId, true),
      store.transition({ ref: request.delivery.callRef, to: 'ringing', carrierCallId: 'CA1' }),
    ]);
    expect(made.outcome).toBe('created');
    expect(wrong).toMatchObject({ outcome: 'wrong', attemptsRemaining: 2 });
    expect(right).toMatchObject({ outcome: 'verified', live: [request.delivery.callRef] });
    expect(late).toMatchObject({ outcome: 'used' });
    expect(moved).toMatchObject({ applied: true });
    expect(await store.getPin(pinId)).toMatchObject({
      attemptsUsed: 2,
      seed: undefined,
      sentAt: expect.any(Number) as number,
    });
  });

  it('suffers nothing from one that fails, which has changed nothing', async () => {
    const { store } = harness;
    const timers = (id: string) => [{ id, kind: 'x', inMs: 60_000, data: {} }];
    const [first, broken, last] = await Promise.all([1, 2, 3].map(() => createdPin(store)));
    if (!first || !broken || !last) throw new Error('no PINs');
    // No such record is ever written: a number of attempts that is none.
    const key = keyOf(broken.pin.pinId);
    const lines = (await server.client.get(key))?.split('\n') ?? [];
    const damaged = lines.with(5, 'many').join('\n');
    await server.client.set(key, damaged);
    const keys = new Set(await server.client.keys('*'));
    const results = await Promise.allSettled([
      attempt(store, first.pin.pinId, false),
      attempt(store, broken.pin.pinId, false),
      attempt(store, last.pin.pinId, true),
      store.createPin(pinRequest({ timers: timers('new') })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { id: 'unavailable' } });
    expect(await server.client.get(key)).toBe(damaged);
    const written = (await server.client.keys('*')).filter(each => !keys.has(each));
    expect(written.filter(each => each.includes(broken.pin.pinId))).toEqual([]);
    expect(await store.getPin(first.pin.pinId)).toMatchObject({ attemptsUsed: 1 });
    expect(await store.getPin(last.pin.pinId)).toMatchObject({ state: 'verified' });
  });

  it('takes back what one wrote before it failed', async () => {
    const { store } = harness;
    const { pin } = await createdPin(store);
    const key = keyOf(pin.pinId);
    const lines = (await server.client.get(key))?.split('\n') ?? [];
    // It is read only once the new send was counted: the earlier PIN is to be superseded.
    await server.client.set(key, lines.with(3, 'never').join('\n'));
    const everything = async () => {
      const keys = (await server.client.keys('*')).toSorted();
      const types = await Promise.all(keys.map(each => server.client.type(each)));
      const texts = keys.filter((_, n) => types[n] === 'string');
      const lists = keys.filter((_, n) => types[n] === 'list');
      return [
        keys,
        await Promise.all(texts.map(each => server.client.get(each))),
        await Promise.all(lists.map(each => server.client.lrange(each, 0, -1))),
      ];
    };
    const before = await everything();
    const request = pinRequest({ applicationId: pin.applicationId, supersede: true });
    await expect(store.createPin(request)).rejects.toMatchObject({ id: 'unavailable' });
    expect(await everything()).toEqual(before);
  });

  describe('a send', () => {
    const keys = async () => (await server.client.keys('*')).toSorted();
    const timers = (id: string) => [{ id, kind: 'x', inMs: 60_000, data: {} }];
    const number = { attempts: 1, windowMs: 60_000 };

    it('leaves nothing behind when it is refused', async () => {
      const { store } = harness;
      const limits = { perNumber: number };
      const { pin } = await createdPin(store, { limits });
      const before = await keys();
      const { applicationId } = pin;
      const refused = await Promise.all(
        ['a', 'b'].map(id => store.createPin(pinRequest({ applicationId, limits, timers: timers(id) }))),
      );
      expect(refused.map(({ outcome }) => outcome)).toEqual(['limited', 'limited']);
      expect(await keys()).toEqual(before);
    });

    it('is one when it is asked for twice in a turn', async () => {
      const { store } = harness;
      const request = pinRequest({ limits: { perNumber: { ...number, attempts: 2 } } });
      const [first, second] = await Promise.all([store.createPin(request), store.createPin(request)]);
      expect(second).toEqual(first);
      const { applicationId } = request.pin;
      const again = pinRequest({ applicationId, limits: request.limits });
      expect((await store.createPin(again)).outcome).toBe('created');
    });

    it('does not need the scripts that a server has lost', async () => {
      const { store } = harness;
      await createdPin(store);
      await server.client.script('FLUSH');
      await server.client.function('FLUSH');
      const { pin } = await createdPin(store);
      expect(await store.getPin(pin.pinId)).toEqual(pin);
    });

    it('is not done when it comes too late', async () => {
      const store = await openRedisStore({ url: server.url, clock: systemClock, timeoutMs: 50 });
      await server.client.client('PAUSE', 700, 'ALL');
      await expect(store.createPin(pinRequest({ timers: timers('late') }))).rejects.toMatchObject({
        id: 'unavailable',
      });
      await server.client.ping();
      expect(await keys()).toEqual([]);
      await store.close();
    });

    it('is refused an id that is in use, whose owner keeps its own', async () => {
      const { store } = harness;
      const request = pinRequest();
      const made = await store.createPin(request);
      const other = { ...pinRequest().pin, pinId: request.pin.pinId };
      await expect(store.createPin({ ...pinRequest(), pin: other })).rejects.toThrow('in use');
      const next = pinRequest();
      const delivery = { ...next.delivery, callRef: request.delivery.callRef };
      await expect(store.createPin({ ...next, delivery })).rejects.toThrow('in use');
      if (made.outcome !== 'created') throw new Error('not created');
      expect(await store.getPin(request.pin.pinId)).toEqual(made.pin);
      expect(await store.getDelivery(request.delivery.callRef)).toEqual(made.delivery);
    });
  });

  it('counts the sends of an application together, and lets not one more through than its limit', async () => {
    const { store } = harness;
    const application = applicationId();
    const limits = { perApplication: { attempts: 7, windowMs: 60_000 } };
    const send = () => store.createPin(pinRequest({ applicationId: application, limits }));
    const results = await Promise.all(Array.from({ length: 50 }, send));
    expect(tally(results)).toEqual({ created: 7, limited: 43 });
    await harness.advance(60_000);
    expect(tally(await Promise.all(Array.from({ length: 9 }, send)))).toEqual({ created: 7, limited: 2 });
  });
});
