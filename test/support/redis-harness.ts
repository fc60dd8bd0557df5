import { systemClock } from '../../src/clock.ts';
import type { PinId } from '../../src/domain/types.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import { shardOfId, shardRoot } from '../../src/store/redis/keys.ts';
import type { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';
import type { StoreHarness } from './store-fixtures.ts';

const PREFIX = 'saypin:';

/** A Redis store under the contract, on an empty server and on a time that stands still. */
export async function openRedisHarness(server: RedisServer): Promise<StoreHarness> {
  await server.client.flushall();
  return await openHarness({
    url: server.url,
    anyOrder: false,
    rootOf: () => shardRoot(PREFIX, '0'),
    text: async key => await server.client.get(key),
  });
}

/** The same on a cluster: two steps of one verb may lie on two servers. */
export async function openClusterHarness(cluster: RedisCluster): Promise<StoreHarness> {
  await cluster.flush();
  return await openHarness({
    url: cluster.url,
    anyOrder: true,
    rootOf: pinId => shardRoot(PREFIX, shardOfId(pinId)),
    async text(key) {
      // Every server but one answers that the key is elsewhere.
      const answers = await Promise.allSettled(cluster.servers.map(({ client }) => client.get(key)));
      const found = answers.find(answer => answer.status === 'fulfilled');
      return found?.value ?? null;
    },
  });
}

async function openHarness(redis: {
  url: string;
  anyOrder: boolean;
  /** What the keys of a PIN begin with. */
  rootOf: (pinId: PinId) => string;
  text: (key: string) => Promise<string | null>;
}): Promise<StoreHarness> {
  let now = Date.UTC(2026, 0, 1);
  const open = () =>
    openRedisStore({
      url: redis.url,
      clock: systemClock,
      prefix: PREFIX,
      // Tests share a machine with others, and what is late is not what they ask about.
      timeoutMs: 10_000,
      testTime: () => now,
    });
  let store = await open();
  return {
    exactTime: true,
    soleOwner: false,
    anyOrder: redis.anyOrder,
    get store() {
      return store;
    },
    advance: ms => {
      now += ms;
      return Promise.resolve();
    },
    async comparisons(pinId) {
      const text = await redis.text(`${redis.rootOf(pinId)}p:${pinId}`);
      // A line is written when, and only when, something is compared: lua/include/pin.lua.
      return Number(text?.split('\n')[6]);
    },
    async reopen() {
      await store.close();
      store = await open();
    },
    dispose: () => store.close(),
  };
}
