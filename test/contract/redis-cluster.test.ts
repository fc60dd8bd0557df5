import { afterAll, beforeAll, describe } from 'vitest';

import { startCluster, type RedisCluster } from '../support/redis-cluster.ts';
import { openClusterHarness } from '../support/redis-harness.ts';
import { noRedis } from '../support/redis-server.ts';
import { storeContract } from './store-contract.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a cluster of three masters', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => {
    await cluster.stop();
  });
  storeContract('redis cluster', () => openClusterHarness(cluster));
});
