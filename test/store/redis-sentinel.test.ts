import { describe, expect, it } from 'vitest';

import { systemClock } from '../../src/clock.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import { startWatched } from '../support/redis-sentinel.ts';
import { noRedis } from '../support/redis-server.ts';
import { attempt, createdPin } from '../support/store-fixtures.ts';

describe.skipIf(noRedis !== undefined)(noRedis ?? 'a master behind a Sentinel', () => {
  it('that dies is followed by its replica, with what it had and without a restart of ours', async () => {
    const watched = await startWatched();
    const store = await openRedisStore({ url: watched.url, clock: systemClock });
    try {
      const { pin } = await createdPin(store, { attempts: 3 });
      await attempt(store, pin.pinId, false);
      await watched.inStep();
      watched.master.signal('SIGKILL');
      await expect
        .poll(async () => await store.ping().then(() => 'ready', String), { timeout: 15_000, interval: 50 })
        .toBe('ready');
      expect(await watched.replica.client.info('replication')).toContain('role:master');
      expect(await attempt(store, pin.pinId, true)).toMatchObject({
        outcome: 'verified',
        attemptsRemaining: 1,
      });
    } finally {
      await store.close();
      await watched.stop();
    }
  });
});
