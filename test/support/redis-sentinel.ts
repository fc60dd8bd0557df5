import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { freePort, spawnServer, startRedis, type RedisServer } from './redis-server.ts';

/** A master and its replica under one Sentinel. */
export interface WatchedRedis {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Until the replica has all that the master has. */
  inStep(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWatched(): Promise<WatchedRedis> {
  const [master, replica] = await Promise.all([
    startRedis(['--repl-diskless-sync-delay', '0']),
    startRedis(),
  ]);
  await replica.client.call('REPLICAOF', '127.0.0.1', String(master.port));
  // The Sentinel asks a master for its replicas when it begins, and then only every ten seconds.
  await until(async () => (await master.client.info('replication')).includes('state=online'));
  const directory = mkdtempSync(join(tmpdir(), 'saypin-sentinel-'));
  const port = await freePort();
  const settings = join(directory, 'sentinel.conf');
  writeFileSync(
    settings,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor pins 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds pins 500',
      'sentinel failover-timeout pins 3000',
    ].join('\n'),
  );
  const child = spawnServer([settings, '--sentinel']);
  const sentinel = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  sentinel.on('error', () => {});
  await until(async () => {
    const replicas = (await sentinel.call('SENTINEL', 'REPLICAS', 'pins')) as unknown[];
    return replicas.length === 1;
  });
  sentinel.disconnect();
  return {
    url: `redis+sentinel://127.0.0.1:${port}/pins`,
    master,
    replica,
    inStep: () =>
      until(async () => {
        const [ours, theirs] = await Promise.all([offsetOf(master), offsetOf(replica)]);
        return ours === theirs;
      }),
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function offsetOf({ client }: RedisServer): Promise<string | undefined> {
  return /master_repl_offset:(\d+)/.exec(await client.info('replication'))?.[1];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await pause(25);
  }
  throw new Error('master, replica and Sentinel did not come together');
}
