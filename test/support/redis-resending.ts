import { systemClock } from '../../src/clock.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { parseRedisUrl } from '../../src/store/redis/address.ts';
import { connectRedis, whenReady } from '../../src/store/redis/connection.ts';
import { SHARDS, shardOfId, shardRoot } from '../../src/store/redis/keys.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { ScriptRunner, type Mutation } from '../../src/store/redis/script.ts';
import type { RedisServer } from './redis-server.ts';
import type { StoreHarness } from './store-fixtures.ts';

const PREFIX = 'saypin:';

/** Every writing script runs twice under one opId, and only its second answer is heard: the first was lost (faults.md F6). */
export class ResendingScripts extends ScriptRunner {
  readonly #prefix = systemRandom(9).toString('base64url');
  #sent = 0;

  override mutation(name: string): Mutation {
    const send = super.mutation(name);
    return async call => {
      const opId = call.opId ?? `${this.#prefix}${this.#sent++}`;
      await send({ ...call, opId });
      return await send({ ...call, opId });
    };
  }
}

/** In sixteen shards, as in a cluster. */
export class SplitScripts extends ResendingScripts {
  override readonly shards = SHARDS;
}

/** A store under the contract, each of whose writes goes twice. */
export async function openResendingHarness(
  server: RedisServer,
  Scripts: typeof ResendingScripts,
): Promise<StoreHarness> {
  await server.client.flushall();
  let now = Date.UTC(2026, 0, 1);
  let placeOf = (shard: string) => shard;
  async function open() {
    const connection = connectRedis(parseRedisUrl(server.url), undefined);
    const { client } = connection;
    await whenReady(client, 5000);
    const deps = { clock: systemClock, random: systemRandom, prefix: PREFIX, timeoutMs: 10_000 };
    const scripts = new Scripts({ ...deps, client, testTime: () => now });
    placeOf = shard => scripts.placeOf(shard);
    const store = createRedisStore({ connection, clock: systemClock, scripts });
    await scripts.prepare();
    return store;
  }
  let store = await open();
  return {
    exactTime: true,
    soleOwner: false,
    // Between the two times another verb may run.
    anyOrder: true,
    get store() {
      return store;
    },
    advance: ms => {
      now += ms;
      return Promise.resolve();
    },
    async comparisons(pinId) {
      const pin = await server.client.get(`${shardRoot(PREFIX, placeOf(shardOfId(pinId)))}p:${pinId}`);
      // Wrong or right, each counted attempt was compared once: line `used` of lua/include/pin.lua.
      return Number(pin?.split('\n')[6] ?? 0);
    },
    async reopen() {
      await store.close();
      store = await open();
    },
    dispose: () => store.close(),
  };
}
