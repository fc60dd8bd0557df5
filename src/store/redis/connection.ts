import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { assertNever } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { RedisAddress } from './address.ts';

export type RedisClient = Redis | Cluster;

export type StoreLog = Pick<Logger, 'info' | 'warn'>;

/** After a server is back, the next try to reach it is at most this far (faults.md F5: in use within 1 s). */
const RECONNECT_MS = 100;
/** A connection on which nothing came for so long, though something was asked, is given up: a partition says no goodbye. */
const SILENCE_MS = 2000;

/** How long the last replies are waited for. */
const FAREWELL_MS = 1000;

export interface RedisConnection {
  readonly client: RedisClient;
  /** What was sent is answered first, where the server still answers. */
  close(): Promise<void>;
  /** At once. */
  abandon(): void;
}

/**
 * A client that never waits in secret: while there is no connection a command fails at once, and what was under way when
 * it broke is sent again by ioredis when it is back (the scripts know by opId what they did already).
 */
export function connectRedis(address: RedisAddress, log: StoreLog | undefined): RedisConnection {
  const options = {
    connectTimeout: 1000,
    socketTimeout: SILENCE_MS,
    // A server that still loads its data is asked as often: ioredis would wait as long as that server believes to need, a second at least.
    maxLoadingRetryTime: RECONNECT_MS,
    maxRetriesPerRequest: null,
    enableAutoPipelining: false,
    connectionName: 'saypin',
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: {} }),
  } satisfies RedisOptions;
  const client = create(address, options);
  // ioredis tells of every failed try; one line a minute is enough, what fails is told to whoever asked for it.
  let toldAt = -Infinity;
  client.on('error', (error: Error) => {
    if (performance.now() - toldAt < 60_000) return;
    toldAt = performance.now();
    log?.warn({ reason: error.message }, 'no connection to Redis');
  });
  // ioredis gives up where it cannot even begin to connect: no Sentinel answers, or knows the master. We do not.
  let leaving = false;
  client.on('end', () => {
    if (leaving) return;
    setTimeout(() => {
      if (!leaving && client.status === 'end') client.connect().catch(() => 'told as an error event');
    }, RECONNECT_MS);
  });
  const abandon = () => {
    leaving = true;
    client.disconnect();
  };
  return {
    client,
    abandon,
    async close() {
      leaving = true;
      await farewell(client);
      abandon();
    },
  };
}

async function farewell(client: RedisClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>(resolve => {
    timer = setTimeout(resolve, FAREWELL_MS);
  });
  await Promise.race([client.quit().catch(() => 'gone already'), patience]);
  clearTimeout(timer);
}

function create(address: RedisAddress, options: RedisOptions): RedisClient {
  const [first] = address.nodes;
  switch (address.kind) {
    case 'single':
      return new Redis({
        ...options,
        ...first,
        db: address.db,
        enableOfflineQueue: false,
        retryStrategy: () => RECONNECT_MS,
      });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: address.nodes.map(({ host, port }) => ({ host, port })),
        name: address.master,
        db: address.db,
        enableTLSForSentinelMode: address.tls,
        enableOfflineQueue: false,
        retryStrategy: () => RECONNECT_MS,
        sentinelRetryStrategy: () => RECONNECT_MS,
        // The master was made a replica: ask the Sentinels anew.
        reconnectOnError: error => error.message.startsWith('READONLY'),
      });
    case 'cluster':
      return new Cluster(
        address.nodes.map(({ host, port }) => ({ host, port })),
        {
          redisOptions: options,
          enableOfflineQueue: false,
          enableAutoPipelining: false,
          clusterRetryStrategy: () => RECONNECT_MS,
          clusterNodeRetryStrategy: () => RECONNECT_MS,
          slotsRefreshTimeout: 1000,
          slotsRefreshInterval: 5000,
          scaleReads: 'master',
        },
      );
    default:
      return assertNever(address);
  }
}

/** Resolves when it can be used. @throws the last connection error, after `withinMs` */
export async function whenReady(client: RedisClient, withinMs: number): Promise<void> {
  if (client.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    let last: Error | undefined;
    const onError = (error: Error) => {
      last = error;
    };
    const done = () => {
      clearTimeout(timer);
      client.off('error', onError);
      client.off('ready', onReady);
    };
    const onReady = () => {
      done();
      resolve();
    };
    const timer = setTimeout(() => {
      done();
      reject(last ?? new Error(`no answer within ${withinMs} ms`));
    }, withinMs);
    client.on('error', onError);
    client.once('ready', onReady);
  });
}

/** The servers that writes go to. */
export function mastersOf(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}
