import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Store } from '../../src/store/store.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
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

  const ends: [string, PinOptions, (store: Store, options: PinOptions) => Promise<unknown>][] = [
    ['verified', { allowMultiple: false }, async () => {}],
    ['exhausted', { attempts: 1 }, async () => {}],
    ['superseded', {}, (store, options) => createdPin(store, { ...options, supersede: true })],
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
      const spellings = [seed.toString('base64'), seed.toString('hex'), seed.toString('base64url')];
      const found = async () => {
        const all = await everything();
        return spellings.filter(spelling => all.includes(spelling));
      };
      expect(await found()).toHaveLength(1);
      if (how === 'verified') await attempt(store, pinId, true);
      if (how === 'exhausted') await attempt(store, pinId, false);
      await end(store, { applicationId });
      expect(await found()).toEqual([]);
      expect(await store.createPin(request)).toMatchObject({
        outcome: 'created',
        pin: { pinId, seed: undefined },
      });
    },
  );

  it('leaves keys behind that end or are swept, and no others', async () => {
    const { store } = harness;
    const { delivery, pin } = await createdPin(store, { ttlMs: 1000 });
    await attempt(store, pin.pinId, false, { failureCap: { attempts: 9, windowMs: 60_000 } });
    await store.issueMediaToken({ ref: delivery.callRef, tokenHash: 'h', expiresInMs: 1000 });
    await store.transition({ ref: delivery.callRef, to: 'ended' });
    await harness.advance(10_000);
    await store.sweep({ retentionMs: 1000 });
    const lasting: string[] = [];
    for (const key of await server.client.keys('*')) {
      if ((await server.client.pttl(key)) === -1) lasting.push(key);
    }
    expect(lasting).toEqual([]);
  });
});
