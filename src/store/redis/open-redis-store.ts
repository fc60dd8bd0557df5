import type { Clock } from '../../clock.ts';
import { systemRandom, type RandomBytes } from '../../domain/ids.ts';
import type { Store } from '../store.ts';
import { describeAddress, parseRedisUrl } from './address.ts';
import { connectRedis, mastersOf, whenReady, type RedisClient, type StoreLog } from './connection.ts';
import { createRedisStore } from './redis-store.ts';
import { ScriptRunner } from './script.ts';
import { checkServer } from './server-check.ts';
import { RedisOpenError } from './store-open-error.ts';

export interface RedisStoreOptions {
  /** `redis://`, `redis+sentinel://`, `redis+cluster://`, or `rediss…` for TLS: see address.ts. */
  readonly url: string;
  /** Measures waiting; the time of the store is the server's own. */
  readonly clock: Clock;
  readonly log?: StoreLog;
  readonly random?: RandomBytes;
  /** What all keys begin with, so that several services can share a server. */
  readonly prefix?: string;
  /** How long a verb waits for an answer. */
  readonly timeoutMs?: number;
  /** How long the start waits for a connection. */
  readonly connectWithinMs?: number;
  /** For tests only: ms since the epoch, in place of the server's clock. */
  readonly testTime?: () => number;
}

/**
 * The store for many nodes: Redis 7 or Valkey, alone, behind Sentinels or as a cluster.
 * @throws RedisOpenError with a line for the operator
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { url, clock, log, random = systemRandom, prefix = 'saypin:', timeoutMs = 450 } = options;
  const address = parseRedisUrl(url);
  const connection = connectRedis(address, log);
  const { client } = connection;
  try {
    await whenReady(client, options.connectWithinMs ?? 5000);
    const cluster = address.kind === 'cluster';
    const servers = await Promise.all(mastersOf(client).map(server => checkServer(server, { cluster })));
    const scripts = new ScriptRunner({
      client,
      clock,
      random,
      prefix,
      timeoutMs,
      testTime: options.testTime,
    });
    const store = createRedisStore({ connection, clock, scripts });
    await scripts.prepare();
    // A server that starts anew has no scripts left; until it has them, they are sent whole.
    client.on('ready', () => reload(scripts, client, log));
    log?.info({ servers: servers.length, version: servers[0]?.version }, 'the store is on Redis');
    if (servers.some(({ appendfsync }) => appendfsync === 'everysec')) {
      log?.info(
        'Redis writes its disk once a second (appendfsync everysec): if it is killed, sends of the last two seconds may be lost; `always` loses none',
      );
    }
    return store;
  } catch (error) {
    connection.abandon();
    if (error instanceof RedisOpenError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RedisOpenError(`${describeAddress(address)}: ${reason}`, error);
  }
}

function reload(scripts: ScriptRunner, client: RedisClient, log: StoreLog | undefined): void {
  scripts.prepare().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (client.status === 'ready') log?.warn({ reason }, 'the scripts could not be loaded into Redis');
  });
}
