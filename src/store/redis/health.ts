import type { Clock } from '../../clock.ts';
import { unavailable } from './bounded.ts';
import { mastersOf, type RedisClient } from './connection.ts';
import type { ScriptRunner } from './script.ts';
import { checkServer } from './server-check.ts';

/** How old what we know of a server's settings may be. */
const RECHECK_MS = 3000;
const CHECK_MS = 400;

/**
 * The store's ping: a write goes through on every server, and they are still fit to hold the store. The cause of its error says
 * why they are not.
 */
export function createHealth(deps: { client: RedisClient; clock: Clock; scripts: ScriptRunner }) {
  const { client, clock, scripts } = deps;
  const touch = scripts.mutation('touch');
  let checkedAt = clock.monotonic();

  return async function ping(): Promise<void> {
    await Promise.all(scripts.shards.map(shard => touch({ shard, args: [] })));
    if (clock.monotonic() - checkedAt < RECHECK_MS) return;
    try {
      const cluster = client.isCluster;
      const checked = Promise.all(mastersOf(client).map(server => checkServer(server, { cluster })));
      await within(clock, CHECK_MS, checked);
      await within(clock, CHECK_MS, scripts.learnClocks());
    } catch (error) {
      throw unavailable(error);
    }
    checkedAt = clock.monotonic();
  };
}

/** @throws when it is not settled in time */
async function within<Result>(clock: Clock, ms: number, work: Promise<Result>): Promise<Result> {
  return await new Promise<Result>((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`Redis did not answer within ${ms} ms`)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
