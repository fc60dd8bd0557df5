import { shardOf } from '../../domain/ids.ts';
import type { LookupAnswer, LookupFilter, LookupRecord, LookupStore } from '../lookup-store.ts';
import { unavailable } from './bounded.ts';
import { packEvents } from './outbox-events.ts';
import { walk, type Entry } from './pages.ts';
import type { Reply, ScriptRunner } from './script.ts';

/** Forgotten by one script in a shard: twice what one request may add, so that the log shrinks under load too. */
const FORGET_AT_ONCE = 2_000;
/** A messageId that was taken so long ago and has no lookup: whoever took it is gone. */
const VOID_MS = 60_000;
/** The status of a lookup that has no answer yet. */
const WAITING = 'PENDING';

/** A lookup with what filters ask for beyond its record. */
interface Read {
  readonly record: LookupRecord;
  readonly statusGroup: string;
  readonly mccMnc: string;
  readonly place: number;
}

/**
 * Number lookups, in the shard of their bulk. That a messageId is used once is held by a key in the shard of its own name,
 * taken before the bulk is written; one that a crash left behind is void after a minute.
 */
export function createRedisLookups({ scripts }: { scripts: ScriptRunner }): LookupStore {
  const { shards } = scripts;
  const reserve = scripts.mutation('lookups-reserve');
  const holders = scripts.query('lookups-holder');
  const add = scripts.mutation('lookups-add');
  const finish = scripts.mutation('lookups-finish');
  const forget = scripts.mutation('lookups-forget');
  const ofBulk = scripts.query('lookups-of-bulk');
  const log = scripts.query('lookups-log');
  const clock = scripts.query('now');

  async function readBulk(bulkId: string, ids: readonly string[] = []): Promise<Read[]> {
    const found = (await ofBulk(shardOf(bulkId), [bulkId, ...ids])) as readonly Reply[];
    return found.map(readLookup);
  }

  /** @throws ServiceError unavailable where one is taken */
  async function reserveIds(bulkId: string, ids: readonly string[], keepMs: number): Promise<void> {
    if (new Set(ids).size < ids.length) throw unavailable(new Error('a messageId is given twice'));
    const held = await Promise.all(
      scripts.byShard(ids, shardOf).map(async ([shard, own]) => {
        const taken = (await reserve({ shard, args: [bulkId, keepMs, 0, ...own] })) as readonly string[];
        for (let i = 0; i < taken.length; i += 2) {
          const [id = '', holder = ''] = taken.slice(i, i + 2);
          if ((await readBulk(holder, [id])).length > 0) return true;
          const still = await reserve({ shard, args: [bulkId, keepMs, VOID_MS, id] });
          if ((still as readonly Reply[]).length > 0) return true;
        }
        return false;
      }),
    );
    if (held.includes(true)) throw unavailable(new Error('a messageId is taken'));
  }

  async function* candidates(filter: LookupFilter, since: number): AsyncGenerator<Read> {
    const { bulkIds, messageIds } = filter;
    if (messageIds) {
      const found = await Promise.all(
        scripts.byShard([...new Set(messageIds)], shardOf).map(async ([shard, ids]) => {
          const bulks = (await holders(shard, ids)) as readonly string[];
          return await Promise.all(ids.map((id, i) => readBulk(bulks[i] ?? '', [id])));
        }),
      );
      yield* newestFirst(found.flat(2));
    } else if (bulkIds) {
      const found = await Promise.all([...new Set(bulkIds)].map(bulkId => readBulk(bulkId)));
      yield* newestFirst(found.flat());
    } else {
      for await (const read of walk({ shards, read: log, entriesOf, order: 'descending' })) {
        if (read.record.sentAt < since) return;
        yield read;
      }
    }
  }

  return {
    async addLookups({ bulkId, lookups, events, keepMs }) {
      await Promise.all(shards.map(shard => forget({ shard, args: [keepMs, FORGET_AT_ONCE] })));
      const ids = lookups.map(({ messageId }) => messageId);
      await reserveIds(bulkId, ids, keepMs);
      const rows = lookups.map(({ messageId, to, answer }) => [messageId, to, answer ? pack(answer) : '']);
      const args = [bulkId, keepMs, packEvents(events), JSON.stringify(rows)];
      if ((await add({ shard: shardOf(bulkId), args })) === 0) {
        throw unavailable(new Error('a messageId is taken'));
      }
    },

    async finishLookups({ bulkId, answers }) {
      const packed = JSON.stringify(answers.map(answer => [answer.messageId, pack(answer)]));
      await finish({ shard: shardOf(bulkId), args: [bulkId, packed] });
    },

    async lookupsOf(bulkId) {
      const found = await readBulk(bulkId);
      return found.toSorted((a, b) => a.place - b.place).map(({ record }) => record);
    },

    async listLookups(filter) {
      const now = Number(await clock('0'));
      const since = Math.max(now - filter.withinMs, filter.sentSince ?? -Infinity);
      const records: LookupRecord[] = [];
      if (filter.limit < 1) return records;
      for await (const read of candidates(filter, since)) {
        if (read.record.sentAt < since || !fits(read, filter)) continue;
        records.push(read.record);
        if (records.length === filter.limit) break;
      }
      return records;
    },
  };
}

/** What lookups-log.lua returns. */
function entriesOf(reply: Reply): Entry<Read>[] {
  const flat = reply as readonly Reply[];
  return flat.flatMap((at, i) => {
    if (i % 3 > 0) return [];
    const lookup = flat[i + 2] ?? '';
    const value = lookup === '' ? undefined : readLookup(lookup);
    return [{ at: Number(at), member: String(flat[i + 1]), value }];
  });
}

function fits({ record, statusGroup, mccMnc }: Read, filter: LookupFilter): boolean {
  const { to, bulkIds, messageIds, sentUntil, mcc, mnc } = filter;
  return (
    (to === undefined || record.to === to) &&
    (bulkIds === undefined || bulkIds.includes(record.bulkId)) &&
    (messageIds === undefined || messageIds.includes(record.messageId)) &&
    (filter.statusGroup === undefined || statusGroup === filter.statusGroup) &&
    (sentUntil === undefined || record.sentAt <= sentUntil) &&
    (mcc === undefined || mccMnc.slice(0, 3) === mcc) &&
    (mnc === undefined || (mccMnc !== '' && mccMnc.slice(3) === mnc))
  );
}

function newestFirst(found: readonly Read[]): Read[] {
  return found.toSorted((a, b) => b.record.sentAt - a.record.sentAt || b.place - a.place);
}

/** [result, group, mcc+mnc], as the scripts keep it behind the time. */
function pack({ result, statusGroup, mccMnc }: Omit<LookupAnswer, 'messageId'>): string[] {
  return [JSON.stringify(result), statusGroup, mccMnc ?? ''];
}

function readLookup(reply: Reply): Read {
  const [bulkId, messageId, row, answer] = reply as readonly string[];
  const [to, sentAt, place] = JSON.parse(row ?? '') as [string, number, number];
  const [doneAt, result, statusGroup = WAITING, mccMnc = ''] =
    answer === '' ? [] : (JSON.parse(answer ?? '') as [number, string, string, string]);
  return {
    record: {
      bulkId: bulkId ?? '',
      messageId: messageId ?? '',
      to,
      sentAt,
      doneAt,
      result: result === undefined ? undefined : (JSON.parse(result) as LookupRecord['result']),
    },
    statusGroup,
    mccMnc,
    place,
  };
}
