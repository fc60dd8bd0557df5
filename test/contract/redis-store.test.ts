import { afterAll, beforeAll, describe } from 'vitest';

import { openRedisHarness } from '../support/redis-harness.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { storeContract } from './store-contract.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a real redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  storeContract('redis', () => openRedisHarness(server));
});
