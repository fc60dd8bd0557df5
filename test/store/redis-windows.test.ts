import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  applicationId,
  attempt,
  createdPin,
  NO_SEND_LIMITS,
  pinRequest,
  tally,
  type StoreHarness,
} from '../support/store-fixtures.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a long window on Redis', () => {
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

  // Far beyond what is written anew with each entry, and beyond where an application's is pruned.
  const LIMIT = { attempts: 700, windowMs: 10_000 };
  const ROUNDS = 3;

  it('counts the sends of a number though their PINs are deleted, and is deleted after that', async () => {
    const { store } = harness;
    const perNumber = { attempts: 2, windowMs: 100_000 };
    const options = { applicationId: applicationId(), ttlMs: 1000, limits: { ...NO_SEND_LIMITS, perNumber } };
    const { pin } = pinRequest(options);
    await store.createPin(pinRequest(options));
    await harness.advance(10_000);
    await store.createPin(pinRequest(options));
    await harness.advance(5000);
    expect(await store.sweep({ retentionMs: 2000 })).toMatchObject({ rowsDeleted: 2 });
    expect(await store.listVerifications({ applicationId: pin.applicationId, to: pin.to })).toEqual([]);
    expect(await store.createPin(pinRequest(options))).toMatchObject({
      outcome: 'limited',
      retryAfterMs: 85_000,
    });
    await harness.advance(85_000);
    const last = await store.createPin(pinRequest(options));
    expect(last.outcome).toBe('created');
    await harness.advance(200_000);
    await store.sweep({ retentionMs: 2000 });
    expect(await server.client.keys('*}n*')).toEqual([]);
  });

  it.each(['perNumber', 'perApplication'] as const)('is exact, however much was in it (%s)', async limit => {
    const { store } = harness;
    const application = applicationId();
    const send = () =>
      store.createPin(
        pinRequest({ applicationId: application, limits: { ...NO_SEND_LIMITS, [limit]: LIMIT } }),
      );
    for (let round = 0; round < ROUNDS; round++) {
      for (let n = 0; n < LIMIT.attempts; n++) {
        expect(await send()).toMatchObject({ outcome: 'created' });
        await harness.advance(2);
      }
      // The first of this round ends its window in so long, and then the second.
      const retryAfterMs = LIMIT.windowMs - 2 * LIMIT.attempts;
      expect(await send()).toMatchObject({ outcome: 'limited', retryAfterMs });
      await harness.advance(retryAfterMs);
      expect(await send()).toMatchObject({ outcome: 'created' });
      expect(await send()).toMatchObject({ outcome: 'limited', retryAfterMs: 2 });
      await harness.advance(LIMIT.windowMs);
    }
  });

  it.each(['verifyLimit', 'failureCap'] as const)(
    'is exact though many are counted in one turn (%s)',
    async limit => {
      const { store } = harness;
      const { pin } = await createdPin(store, { attempts: 1000 });
      const options = { [limit]: LIMIT };
      const wrongs = (count: number) =>
        Promise.all(Array.from({ length: count }, () => attempt(store, pin.pinId, false, options)));
      expect(tally(await wrongs(LIMIT.attempts - 1))).toEqual({ wrong: LIMIT.attempts - 1 });
      await harness.advance(3000);
      const refused = limit === 'verifyLimit' ? 'limited' : 'capped';
      expect(tally(await wrongs(33))).toEqual({ wrong: 1, [refused]: 32 });
      await harness.advance(LIMIT.windowMs - 3000);
      expect(tally(await wrongs(50))).toEqual({ wrong: 50 });
    },
  );
});
