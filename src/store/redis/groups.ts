import type { Reply } from './script.ts';

/** Shards that one script sees together (`ScriptRunner.groups`). */
export type Group = readonly string[];

/** A writing script's shards, all of a group. */
export function keysOf(group: Group): { shard: string; further: readonly string[] } {
  const [shard = '0', ...further] = group;
  return { shard, further };
}

/** The shard of an index in KEYS, as a writing script over the group tells it: 1, then 3 and on (2 is its opId's). */
export function shardOfKey(group: Group, key: number): string | undefined {
  return group[key === 1 ? 0 : key - 2];
}

/**
 * How many of the first `limit` of all shards each group has, by what `peek` returns: when, and what, one after the other.
 * One group has them all, and is not asked.
 */
export async function shareOut(
  groups: readonly Group[],
  limit: number,
  peek: (group: Group) => Promise<Reply>,
): Promise<{ group: Group; share: number }[]> {
  const [only] = groups;
  if (only && groups.length === 1) return [{ group: only, share: limit }];
  const found = await Promise.all(
    groups.map(async group => {
      const reply = (await peek(group)) as readonly Reply[];
      return reply.flatMap((at, i) =>
        i % 2 === 0 ? [{ group, at: Number(at), what: String(reply[i + 1]) }] : [],
      );
    }),
  );
  const shares = new Map<Group, number>();
  const first = found
    .flat()
    .toSorted((a, b) => a.at - b.at || (a.what < b.what ? -1 : 1))
    .slice(0, limit);
  for (const { group } of first) shares.set(group, (shares.get(group) ?? 0) + 1);
  return [...shares].map(([group, share]) => ({ group, share }));
}
