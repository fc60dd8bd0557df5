import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { newBulk } from '../support/message-fixtures.ts';
import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { createdPin, times, type StoreHarness } from '../support/store-fixtures.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'what waits on Redis', () => {
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

  it('is nothing at first, then counted over all shards, types and targets, with the age of the oldest', async () => {
    const { store } = harness;
    const none = { timers: 0, oldestTimerMs: 0, events: 0, oldestEventMs: 0, messages: 0 };
    expect(await store.backlog?.()).toStrictEqual(none);
    const timer = (id: string, inMs: number) => ({ id, kind: 'x', inMs, data: {} });
    await createdPin(store, { timers: [timer('soon', 100), timer('later', 90_000)] });
    const event = (n: number) => ({
      id: `e${n}`,
      type: n % 2 === 0 ? 'a' : 'b',
      data: { url: `https://${n % 3}.example/` },
    });
    await store.emitEvents(times(9, event));
    await store.addBulk(newBulk({ count: 3 }));
    await store.addBulk(newBulk({ count: 2, sendAt: (await store.now()) + 5000 }));
    await harness.advance(400);
    await store.emitEvents([event(10)]);
    expect(await store.backlog?.()).toStrictEqual({
      timers: 2,
      oldestTimerMs: 300,
      events: 10,
      oldestEventMs: 400,
      messages: 5,
    });
    await store.claimTimers({ limit: 9, leaseMs: 1000 });
    await store.completeTimer('soon');
    for (const { id } of await store.claimEvents({ limit: 99, leaseMs: 1000 })) await store.ackEvent(id);
    expect(await store.backlog?.()).toStrictEqual({ ...none, timers: 1, messages: 5 });
  });
});
