import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { PinId } from '../../src/domain/types.ts';
import type { Store } from '../../src/store/store.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  advanceRequest,
  attempt,
  createdPin,
  pinRequest,
  type PinOptions,
  type StoreHarness,
} from '../support/store-fixtures.ts';

/** DESIGN decision 5: once a PIN can never be right again, nothing is left from which it could be made. */
describe.skipIf(noRedis !== undefined)(noRedis ?? 'a seed that is over', () => {
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

  /** Everything that the server holds, in its own words. */
  async function everything(): Promise<string> {
    const { client } = server;
    const parts: unknown[] = [];
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      parts.push(key);
      if (type === 'hash') parts.push(await client.hgetall(key));
      else if (type === 'list') parts.push(await client.lrange(key, 0, -1));
      else if (type === 'zset') parts.push(await client.zrange(key, '0', '-1'));
      else if (type === 'string') parts.push(await client.get(key));
      else if (type === 'set') parts.push(await client.smembers(key));
      else throw new Error(`a key of type ${type}`);
    }
    return JSON.stringify(parts);
  }

  const ends: [string, PinOptions, (store: Store, options: PinOptions, pinId: PinId) => Promise<unknown>][] =
    [
      ['verified', { allowMultiple: false }, async () => {}],
      ['exhausted', { attempts: 1 }, async () => {}],
      ['superseded', {}, (store, options) => createdPin(store, { ...options, supersede: true })],
      [
        'cancelled',
        { plan: true },
        async (store, _options, pinId) => await store.cancelPin({ opId: 'cancel', pinId, events: [] }),
      ],
      [
        'expired',
        { ttlMs: 1000 },
        async store => {
          await harness.advance(1000);
          await store.sweep({ retentionMs: 60_000 });
        },
      ],
    ];

  it.each(ends)(
    'because the PIN is %s is nowhere, nor in what a repeated call gets',
    async (how, options, end) => {
      const { store } = harness;
      const request = pinRequest(options);
      await store.createPin(request);
      const { pinId, seed, applicationId } = request.pin;
      // One of fifteen seeds is the same in both kinds of base64, but for what fills it up.
      const base64 = seed.toString('base64').replace(/=+$/, '');
      const spellings = new Set([base64, seed.toString('hex'), seed.toString('base64url')]);
      const found = async () => {
        const all = await everything();
        return [...spellings].filter(spelling => all.includes(spelling));
      };
      expect(await found()).toHaveLength(1);
      if (how === 'verified') await attempt(store, pinId, true);
      if (how === 'exhausted') await attempt(store, pinId, false);
      await end(store, { applicationId }, pinId);
      expect(await found()).toEqual([]);
      expect(await store.createPin(request)).toMatchObject({
        outcome: 'created',
        pin: { pinId, seed: undefined },
      });
    },
  );

  it('leaves keys behind that end or are swept, and no others', async () => {
    const { store } = harness;
    const { delivery, pin } = await createdPin(store, { ttlMs: 1000, plan: true });
    const turn = advanceRequest(pin, { by: 'text' });
    await store.advanceRun(turn);
    await store.advanceRun(advanceRequest(pin, { turn: 2, by: 'nothing' }));
    await store.emitEvents([{ id: 'source', type: 'x', data: { pinId: pin.pinId } }]);
    const { pinId, applicationId } = pin;
    await store.publishEvents({
      sources: ['source'],
      events: [{ id: `evt_${pinId.toLowerCase()}`, type: 'x', applicationId, pinId, data: {}, at: 5 }],
      pushes: [],
    });
    const key = { account: 'a', keyHash: 'h' };
    await store.openIdempotency({ ...key, fingerprint: 'f', subject: 's', leaseMs: 1, keepMs: 60_000 });
    await store.closeIdempotency({ ...key, subject: 's', status: 200, body: 'b' });
    await attempt(store, pin.pinId, false, { failureCap: { attempts: 9, windowMs: 60_000 } });
    await store.issueMediaToken({ ref: delivery.callRef, tokenHash: 'h', expiresInMs: 1000 });
    await store.transition({ ref: delivery.callRef, to: 'ended' });
    await harness.advance(10_000);
    await store.sweep({ retentionMs: 1000 });
    expect(await store.sweepLoggedEvents({ retentionMs: 1000 })).toBe(1);
    const lasting: string[] = [];
    for (const key of await server.client.keys('*')) {
      // The types of events that there ever were: a handful.
      if ((await server.client.pttl(key)) === -1 && !key.endsWith('}et')) lasting.push(key);
    }
    expect(lasting).toEqual([]);
  });
});
