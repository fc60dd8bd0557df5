import type { Reply } from './script.ts';

/**
 * How many of the first `limit` of all shards each has, by what `peek` returns: what, and when, one after the other. An only shard has them all,
 * and is not asked.
 */
export async function shareOut(
  shards: readonly string[],
  limit: number,
  peek: (shard: string) => Promise<Reply>,
): Promise<{ shard: string; share: number }[]> {
  const [only] = shards;
  if (only && shards.length === 1) return [{ shard: only, share: limit }];
  const found = await Promise.all(
    shards.map(async shard => {
      const reply = (await peek(shard)) as readonly Reply[];
      return reply.flatMap((what, i) =>
        i % 2 === 0 ? [{ shard, what: String(what), at: Number(reply[i + 1]) }] : [],
      );
    }),
  );
  const first = found
    .flat()
    .toSorted((a, b) => a.at - b.at || (a.what < b.what ? -1 : 1))
    .slice(0, limit);
  return [...Map.groupBy(first, ({ shard }) => shard)].map(([shard, own]) => ({ shard, share: own.length }));
}

/** The least that any shard answers in ms; undefined: each answered with nothing. */
export async function soonest(
  shards: readonly string[],
  ask: (shard: string) => Promise<Reply>,
): Promise<number | undefined> {
  const waits = await Promise.all(shards.map(ask));
  const known = waits.filter(wait => wait !== null).map(Number);
  return known.length === 0 ? undefined : Math.min(...known);
}
