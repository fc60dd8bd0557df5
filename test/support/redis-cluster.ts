import { setTimeout as pause } from 'node:timers/promises';

import type { Redis } from 'ioredis';

import { startRedis, type RedisServer } from './redis-server.ts';

/** Masters of a cluster on loopback, the slots shared out evenly. */
export interface RedisCluster {
  readonly url: string;
  readonly servers: readonly RedisServer[];
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

export async function startCluster(masters = 3): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const servers = await Promise.all(Array.from({ length: masters }, () => startRedis(flags)));
  const share = Math.ceil(SLOTS / masters);
  for (const [index, { client }] of servers.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  const [first, ...others] = servers;
  if (!first) throw new Error('a cluster without servers');
  for (const { client } of others) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(first.port));
  await Promise.all(servers.map(({ client }) => whenWhole(client, masters)));
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    async flush() {
      await Promise.all(servers.map(({ client }) => client.flushall()));
    },
    async stop() {
      await Promise.all(servers.map(server => server.stop()));
    },
  };
}

/** Until a server knows all others and all slots. */
async function whenWhole(client: Redis, masters: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const info = String(await client.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`)) return;
    await pause(25);
  }
  throw new Error('the cluster did not come together');
}
