import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createNodes, type Nodes } from './delivery/node-bus.ts';
import type { Logger } from './log.ts';
import type { Store } from './store/store.ts';

/** Where everything is kept, and who else keeps it there. */
export interface OpenedStore {
  readonly store: Store;
  /** Undefined with the embedded store: this process is its only owner. */
  readonly nodes: Nodes | undefined;
  close(): Promise<void>;
}

/**
 * REDIS_URL selects Redis, and with it the other nodes on it; without it, a file in DATA_DIR. Only the one that is used is loaded.
 * @throws an error with a `code`: why it cannot be used, in a line for the operator
 */
export async function openStore(config: Config, deps: { clock: Clock; log: Logger }): Promise<OpenedStore> {
  const { redisUrl, dataDir } = config;
  if (redisUrl !== undefined) return await openRedis(redisUrl, deps);
  return await openSqlite(join(dataDir, 'saypin.db'), deps);
}

async function openSqlite(path: string, deps: { clock: Clock; log: Logger }): Promise<OpenedStore> {
  const { openSqliteStore, StoreOpenError } = await import('./store/sqlite/index.ts');
  try {
    const store = await openSqliteStore({ path, ...deps });
    return { store, nodes: undefined, close: async () => await store.close() };
  } catch (error) {
    // What start-up errors are told by: an expected one needs no stack.
    if (error instanceof StoreOpenError) throw Object.assign(error, { code: 'ERR_SQLITE_STORE' });
    throw error;
  }
}

async function openRedis(url: string, { clock, log }: { clock: Clock; log: Logger }): Promise<OpenedStore> {
  const { openRedisNodeLink, openRedisStore, RedisOpenError } = await import('./store/redis/index.ts');
  let store: Store | undefined;
  try {
    store = await openRedisStore({ url, clock, log });
    const opened = store;
    const nodeId = randomBytes(8).toString('hex');
    const nodes = createNodes({ link: await openRedisNodeLink({ url, clock, log }), nodeId, log });
    log.info({ nodeId }, 'a node among others');
    return {
      store,
      nodes,
      async close() {
        await nodes.bus.close();
        await opened.close();
      },
    };
  } catch (error) {
    await store?.close();
    if (error instanceof RedisOpenError) throw Object.assign(error, { code: 'ERR_REDIS_STORE' });
    throw error;
  }
}
