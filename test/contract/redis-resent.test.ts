import { afterAll, beforeAll, describe } from 'vitest';

import { openResendingHarness, ResendingScripts, SplitScripts } from '../support/redis-resending.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { storeContract } from './store-contract.ts';

/** faults.md F6, whatever the verb: ioredis sends a command again when its reply was lost, and the caller gets the first answer. */
describe.skipIf(noRedis !== undefined)(noRedis ?? 'a redis-server whose every first answer is lost', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  // Left out: what its own test holds in this way (redis-messages-model), what never leaves the process, and models of what is asked at once.
  const without = ['messages', 'catalog', 'auth', 'lookups', 'durability', 'model', 'planModel'] as const;
  const layouts = { 'sent twice': ResendingScripts, 'sent twice and split by shard': SplitScripts };
  for (const [layout, Scripts] of Object.entries(layouts)) {
    storeContract(`redis, ${layout}`, () => openResendingHarness(server, Scripts), { without });
  }
});
