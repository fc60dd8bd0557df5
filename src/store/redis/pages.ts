import type { Group } from './groups.ts';
import type { Reply } from './script.ts';

/** An entry of an index that lies in all shards: by score, then by member. */
export interface Entry {
  readonly at: number;
  readonly member: string;
  readonly value: Reply;
}

export interface Cursor {
  readonly at: number;
  /** Or how it begins. */
  readonly member: string;
}

const PAGE = 200;

/**
 * Walks an index of all shards in one order, a page of each group of shards at a time. `read` returns score, member and value
 * of each entry behind a cursor, one after the other (lua/include/pages.lua).
 */
export async function* walk(options: {
  readonly groups: readonly Group[];
  readonly read: (group: Group, args: readonly (string | number)[]) => Promise<Reply>;
  readonly order: 'ascending' | 'descending';
  readonly after?: Cursor | undefined;
  /** How many are likely to be wanted. */
  readonly page?: number;
}): AsyncGenerator<Entry> {
  const { groups, read, order, page = PAGE } = options;
  const sign = order === 'ascending' ? 1 : -1;
  const size = Math.min(page, PAGE);
  const fetch = async (group: Group, after: Cursor | undefined): Promise<Entry[]> =>
    entriesOf(await read(group, [after?.at ?? '', after?.member ?? '', size]));
  const sources = await Promise.all(
    groups.map(async group => ({ group, entries: await fetch(group, options.after), next: 0 })),
  );
  for (;;) {
    const heads = sources.flatMap(source => {
      const entry = source.entries[source.next];
      return entry ? [{ source, entry }] : [];
    });
    const [first, ...others] = heads;
    if (!first) return;
    const best = others.reduce((a, b) => (sign * compare(a.entry, b.entry) <= 0 ? a : b), first);
    yield best.entry;
    best.source.next++;
    const { group, entries, next } = best.source;
    if (next < entries.length || entries.length < size) continue;
    best.source.entries = await fetch(group, best.entry);
    best.source.next = 0;
  }
}

function entriesOf(reply: Reply): Entry[] {
  const flat = reply as readonly Reply[];
  const entries: Entry[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    entries.push({ at: Number(flat[i]), member: String(flat[i + 1]), value: flat[i + 2] ?? null });
  }
  return entries;
}

function compare(a: Entry, b: Entry): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.member === b.member) return 0;
  return a.member < b.member ? -1 : 1;
}
