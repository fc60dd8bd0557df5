import { shardOf } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import { generalStatusOf } from '../../domain/status.ts';
import type { MessageStore, StoredLogFilter, StoredReportFilter } from '../message-store.ts';
import { nameOf } from './bulks-codec.ts';
import type { MessageIds } from './bulks-erase.ts';
import { shardOfId } from './keys.ts';
import { readMessages, type ReadMessage } from './messages-codec.ts';
import { comparePlaces, walk, type Entry, type Place } from './pages.ts';
import type { Reply, ScriptRunner } from './script.ts';

/** Messages read at a time, and looked at in a bulk. */
const READ_AT_ONCE = 200;
const LOOKED_AT_ONCE = 1_000;
/** So that two messages accepted in one microsecond of two shards are told apart in a cursor. */
const REF_IN_CURSOR = 8;

/** Reports are read oldest first, the log newest first. */
const REPORTS = {
  index: 'mr',
  field: 'd',
  order: 'ascending',
  atOf: ({ doneAt = 0 }: Message) => doneAt,
} as const;
const LOG = {
  index: 'mg',
  field: 'g',
  order: 'descending',
  atOf: ({ sentAt, createdAt }: Message) => sentAt ?? createdAt,
} as const;
type View = typeof REPORTS | typeof LOG;

/** What became of messages: reports that are handed out once, and the log. Filters are applied here, to spare the server. */
export function createRedisMessageReports({
  scripts,
  ids,
}: {
  scripts: ScriptRunner;
  ids: MessageIds;
}): Pick<MessageStore, 'takeReports' | 'listMessages'> {
  const page = scripts.query('messages-report-page');
  const take = scripts.mutation('messages-report-take');
  const ofBulk = scripts.query('messages-of-bulk');
  const get = scripts.query('messages-get');
  const now = scripts.query('now');

  async function readAll(refs: readonly string[]): Promise<ReadMessage[]> {
    const found = await Promise.all(
      scripts.byShard(refs, shardOfId).map(async ([shard, own]) => readMessages(await get(shard, own))),
    );
    return found.flat();
  }

  /** All messages of some bulks, as far as the view goes: when, order and ref of each. */
  async function placesOf(view: View, { channel, bulkIds = [] }: StoredReportFilter) {
    const places: (Place & { readonly ref: string })[] = [];
    for (const bulkId of new Set(bulkIds)) {
      for (let from = 0, seen = LOOKED_AT_ONCE; seen === LOOKED_AT_ONCE; from += seen) {
        const args = [nameOf(channel, bulkId), from, LOOKED_AT_ONCE, view.field];
        const [looked, ...found] = (await ofBulk(shardOf(bulkId), args)) as readonly Reply[];
        seen = Number(looked);
        for (let i = 0; i < found.length; i += 3) {
          const [at, order, ref] = found.slice(i, i + 3).map(String);
          if (ref !== undefined) places.push({ at: Number(at), member: `${order}${ref}`, ref });
        }
      }
    }
    return places;
  }

  /** By ids or bulks where these are asked for, else all: in the view's order, from behind the cursor. */
  async function* candidates(
    view: View,
    filter: StoredReportFilter,
    after: Place | undefined,
  ): AsyncGenerator<ReadMessage> {
    const { channel } = filter;
    if (filter.messageIds?.length) {
      const found = await readAll(await ids.find(channel, filter.messageIds));
      yield* inOrder(view, after, found, read => placeOf(view, read));
    } else if (filter.bulkIds?.length) {
      const places = inOrder(view, after, await placesOf(view, filter), place => place);
      for (let from = 0; from < places.length; from += READ_AT_ONCE) {
        const found = await readAll(places.slice(from, from + READ_AT_ONCE).map(({ ref }) => ref));
        yield* inOrder(view, undefined, found, read => placeOf(view, read));
      }
    } else {
      yield* walk({
        shards: scripts.shards,
        read: (shard, args) => page(shard, [...args, `${view.index}:${channel}`]),
        entriesOf,
        order: view.order,
        after,
      });
    }
  }

  /** Up to `limit` reports that nobody took yet, as it seems; oldest first. */
  async function find(filter: StoredReportFilter, since: number, limit: number): Promise<Message[]> {
    const found: Message[] = [];
    for await (const { message, reported } of candidates(REPORTS, filter, { at: since, member: '' })) {
      if (reported || message.state !== 'done' || !fits(message, filter)) continue;
      found.push(message);
      if (found.length === limit) break;
    }
    return found;
  }

  async function takeThem(found: readonly Message[]): Promise<Message[]> {
    const taken = await Promise.all(
      scripts
        .byShard(found, ({ ref }) => shardOfId(ref))
        .map(async ([shard, own]) => {
          const refs = own.map(({ ref }) => ref);
          return (await take({ shard, args: [own[0]?.channel ?? '', ...refs] })) as readonly string[];
        }),
    );
    const mine = new Set(taken.flat());
    return found.filter(({ ref }) => mine.has(ref));
  }

  return {
    async takeReports(filter) {
      const since = Math.max(0, Number(await now('0')) - filter.withinMs);
      const reports: Message[] = [];
      while (reports.length < filter.limit) {
        const found = await find(filter, since, filter.limit - reports.length);
        if (found.length === 0) break;
        // Others may have been faster: then there is more to look for.
        reports.push(...(await takeThem(found)));
      }
      return reports;
    },

    async listMessages(filter) {
      const since = Math.max(Number(await now('0')) - filter.withinMs, filter.sentSince ?? -Infinity);
      const messages: Message[] = [];
      let last: ReadMessage | undefined;
      for await (const read of candidates(LOG, filter, startOf(filter))) {
        const at = LOG.atOf(read.message);
        if (at < since) break;
        if (!fits(read.message, filter) || !isLogged(read.message, filter)) continue;
        // One more than asked for tells whether there is another page.
        if (messages.length === filter.limit)
          return { messages, ...(last && { nextCursor: cursorOf(last) }) };
        messages.push(read.message);
        last = read;
      }
      return { messages };
    },
  };
}

function placeOf(view: View, { message, order }: ReadMessage): Place {
  return { at: view.atOf(message), member: `${order}${message.ref}` };
}

function inOrder<Item>(
  { order }: View,
  after: Place | undefined,
  items: readonly Item[],
  where: (item: Item) => Place,
): Item[] {
  return items
    .filter(item => !after || comparePlaces(order, where(item), after) > 0)
    .toSorted((a, b) => comparePlaces(order, where(a), where(b)));
}

/** What messages-report-page.lua returns. */
function entriesOf(reply: Reply): Entry<ReadMessage>[] {
  const [entries = [], rows = [], batches = []] = reply as readonly (readonly Reply[])[];
  const messages = readMessages([rows, batches]);
  return entries.flatMap((at, i) => {
    if (i % 3 > 0) return [];
    const row = entries[i + 2];
    const value = row === '' ? undefined : messages[Number(row)];
    return [{ at: Number(at), member: String(entries[i + 1]), value }];
  });
}

/** Behind the last sent instant that is asked for, and behind the page before. A cursor of another making is the end. */
function startOf({ cursor, sentUntil }: StoredLogFilter): Place | undefined {
  if (cursor !== undefined) {
    const [, at, member] = /^(\d{1,16})\.(\d{22}[0-9a-f]{0,32})$/.exec(cursor) ?? [];
    return at === undefined || member === undefined ? { at: 0, member: '' } : { at: Number(at), member };
  }
  return sentUntil === undefined ? undefined : { at: sentUntil + 1, member: '' };
}

function cursorOf(read: ReadMessage): string {
  return `${LOG.atOf(read.message)}.${read.order}${read.message.ref.slice(0, REF_IN_CURSOR)}`;
}

function fits(message: Message, filter: StoredReportFilter): boolean {
  const { bulkIds, messageIds, campaignReferenceIds, entityId, applicationId } = filter;
  const anyOf = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
    wanted === undefined || wanted.length === 0 || (value !== undefined && wanted.includes(value));
  return (
    anyOf(bulkIds, message.bulkId) &&
    anyOf(messageIds, message.messageId) &&
    anyOf(campaignReferenceIds, message.campaignReferenceId) &&
    (entityId === undefined || message.platform?.entityId === entityId) &&
    (applicationId === undefined || message.platform?.applicationId === applicationId)
  );
}

function isLogged(message: Message, filter: StoredLogFilter): boolean {
  const { from, to, statusGroup, sentUntil, mccMnc: { mcc, mnc } = {} } = filter;
  return (
    (from === undefined || message.from === from) &&
    (to === undefined || message.to === to) &&
    (statusGroup === undefined || generalStatusOf(message.outcome, message.channel) === statusGroup) &&
    (sentUntil === undefined || LOG.atOf(message) <= sentUntil) &&
    (mcc === undefined || message.mccMnc?.slice(0, 3) === mcc) &&
    (mnc === undefined || message.mccMnc?.slice(3) === mnc)
  );
}
