import type { Argument, Reply } from './script.ts';

/** Where an entry is in an index that lies in all shards: by score, then by member. */
export interface Place {
  readonly at: number;
  /** Of a cursor also how it begins. */
  readonly member: string;
}

/** Without a value: it is there no more, or not to be seen. */
export interface Entry<Value> extends Place {
  readonly value: Value | undefined;
}

export type Order = 'ascending' | 'descending';

const PAGE = 200;

/** By the order of an index: below 0 when `a` comes first. */
export function comparePlaces(order: Order, a: Place, b: Place): number {
  const sign = order === 'ascending' ? 1 : -1;
  if (a.at !== b.at) return sign * (a.at - b.at);
  if (a.member === b.member) return 0;
  return a.member < b.member ? -sign : sign;
}

/**
 * Walks an index of all shards in one order, a page of each at a time. `read` gets the score and member behind
 * which the page begins ('' both: from the start) and its size (lua/include/pages.lua).
 */
export async function* walk<Value>(options: {
  readonly shards: readonly string[];
  readonly read: (shard: string, args: readonly Argument[]) => Promise<Reply>;
  readonly entriesOf: (reply: Reply) => readonly Entry<Value>[];
  readonly order: Order;
  readonly after?: Place | undefined;
  /** Whether nothing is behind a page; one that is not full, unless told otherwise. */
  readonly isLast?: (page: readonly Entry<Value>[]) => boolean;
}): AsyncGenerator<Value> {
  const { shards, read, entriesOf, order, isLast = page => page.length < PAGE } = options;
  const fetch = async (shard: string, after: Place | undefined) =>
    entriesOf(await read(shard, [after?.at ?? '', after?.member ?? '', PAGE]));
  const sources = await Promise.all(
    shards.map(async shard => ({ shard, entries: await fetch(shard, options.after), next: 0 })),
  );
  for (;;) {
    const heads = sources.flatMap(source => {
      const entry = source.entries[source.next];
      return entry ? [{ source, entry }] : [];
    });
    const [first, ...others] = heads;
    if (!first) return;
    const { source, entry } = others.reduce(
      (a, b) => (comparePlaces(order, a.entry, b.entry) <= 0 ? a : b),
      first,
    );
    if (entry.value !== undefined) yield entry.value;
    source.next++;
    if (source.next < source.entries.length || isLast(source.entries)) continue;
    source.entries = await fetch(source.shard, entry);
    source.next = 0;
  }
}
