import { shardOfId, shardRoot } from '../../src/store/redis/keys.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import { systemClock } from '../../src/clock.ts';
import type { RedisServer } from './redis-server.ts';
import type { StoreHarness } from './store-fixtures.ts';

const PREFIX = 'saypin:';

/** A Redis store under the contract, on an empty server and on a time that stands still. */
export async function openRedisHarness(server: RedisServer): Promise<StoreHarness> {
  await server.client.flushall();
  let now = Date.UTC(2026, 0, 1);
  const open = () =>
    openRedisStore({ url: server.url, clock: systemClock, prefix: PREFIX, testTime: () => now });
  let store = await open();
  return {
    exactTime: true,
    get store() {
      return store;
    },
    advance: ms => {
      now += ms;
      return Promise.resolve();
    },
    async comparisons(pinId) {
      const key = `${shardRoot(PREFIX, shardOfId(pinId))}p:${pinId}`;
      return Number(await server.client.hget(key, 'comparisons'));
    },
    async reopen() {
      await store.close();
      store = await open();
    },
    dispose: () => store.close(),
  };
}
