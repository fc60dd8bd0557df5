import type { DueTimer, Store } from '../store.ts';
import type { GroupCommit } from './group-commit.ts';
import { createPlaces } from './places.ts';
import type { Reply, ScriptRunner } from './script.ts';
import { shareOut, soonest } from './shares.ts';

/** Durable timers, each in the shard of what it belongs to. */
export function createTimers({
  scripts,
  commits,
}: {
  scripts: ScriptRunner;
  commits: GroupCommit;
}): Pick<Store, 'claimTimers' | 'completeTimer' | 'nextTimerIn'> {
  const claim = scripts.mutation('timer-claim');
  const complete = scripts.mutation('timer-complete');
  const peek = scripts.query('timer-peek');
  const next = scripts.query('timer-next');
  const places = createPlaces();

  async function claimOf(shard: string, limit: number, leaseMs: number): Promise<DueTimer[]> {
    const reply = await claim({ shard, args: [limit, Math.ceil(leaseMs)] });
    return (reply as readonly (readonly Reply[])[]).map(([id, body]) => {
      places.remember(String(id), shard);
      return timerOf(String(id), String(body));
    });
  }

  return {
    async claimTimers({ limit, leaseMs }) {
      const shares = await shareOut(scripts.shards, limit, shard => peek(shard, [limit]));
      const claimed = await Promise.all(shares.map(({ shard, share }) => claimOf(shard, share, leaseMs)));
      return claimed.flat().toSorted((a, b) => a.dueAt - b.dueAt);
    },

    async completeTimer(id) {
      const shard = places.find(id);
      places.forget(id);
      if (shard === undefined) {
        await Promise.all(scripts.shards.map(each => complete({ shard: each, args: [id] })));
        return;
      }
      try {
        await commits.run({ verb: 'complete', shard, args: [id] });
      } catch {
        // A server without memory refuses what writes, but lets this go by itself.
        await complete({ shard, args: [id] });
      }
    },

    nextTimerIn: () => soonest(scripts.shards, shard => next(shard)),
  };
}

/** `<leased>|<due>|<[kind, data] as JSON>`: see lua/include/timers.lua. */
function timerOf(id: string, body: string): DueTimer {
  const bar = body.indexOf('|', 2);
  const [kind, data] = JSON.parse(body.slice(bar + 1)) as [string, DueTimer['data']];
  return { id, kind, dueAt: Number(body.slice(2, bar)), data };
}
