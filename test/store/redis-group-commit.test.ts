import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { PinId } from '../../src/domain/types.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { attempt, createdPin, pinRequest, type StoreHarness } from '../support/store-fixtures.ts';

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
    return of('evalsha') + of('eval');
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
    const damaged = lines.with(4, 'many').join('\n');
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
});
