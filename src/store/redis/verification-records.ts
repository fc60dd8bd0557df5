import { shardOf } from '../../domain/ids.ts';
import { verificationState } from '../../domain/plan.ts';
import type { PinId } from '../../domain/types.ts';
import type { PlanStore, VerificationListFilter, VerificationRecord } from '../plan-store.ts';
import { shardOfId } from './keys.ts';
import { walk, type Entry, type Place } from './pages.ts';
import type { Argument, Reply, ScriptRunner } from './script.ts';
import { readVerification } from './verifications.ts';

/** Digits in front of a pinId, by which what was made in one millisecond is sorted. */
const ORDER_DIGITS = 16;
/** A cursor holds no pinId: it stands in URLs. */
const CURSOR = /^(\d{1,15})\.(\d{16})$/;

/** PINs with all that was done to deliver them. */
export function createVerificationRecords({
  scripts,
}: {
  scripts: ScriptRunner;
}): Pick<PlanStore, 'getVerification' | 'listVerificationRecords'> {
  const get = scripts.query('verification-get');
  const scan = scripts.query('verification-scan');
  const ofNumber = scripts.query('verification-number');

  async function recordsIn(shard: string, ids: readonly PinId[]): Promise<VerificationRecord[]> {
    const [now, found] = (await get(shard, ids)) as readonly Reply[];
    return (found as readonly Reply[]).map(each => readVerification(each, Number(now)));
  }

  /** In the order of the ids; what is gone is left out. */
  async function recordsOf(ids: readonly PinId[]): Promise<VerificationRecord[]> {
    const parts = scripts.byShard(ids, shardOfId).map(([shard, some]) => recordsIn(shard, some));
    const all = new Map((await Promise.all(parts)).flat().map(record => [record.pin.pinId, record]));
    return ids.map(id => all.get(id)).filter(record => record !== undefined);
  }

  function places(filter: VerificationListFilter, after: Place | undefined): AsyncGenerator<Place> {
    const { to, applicationId } = filter;
    const rest = [filter.since ?? '', filter.state ?? '', filter.limit + 1];
    const index = applicationId === undefined ? 'v' : `va:${applicationId}`;
    const read = (shard: string, [at = '', member = '']: readonly Argument[]) =>
      to === undefined
        ? scan(shard, [at, member, index, ...rest])
        : ofNumber(shard, [at, member, to, ...rest, applicationId ?? '']);
    return walk({
      shards: to === undefined ? scripts.shards : [shardOf(to)],
      read,
      entriesOf,
      order: 'descending',
      after,
      isLast: page => page.at(-1)?.value !== undefined,
    });
  }

  return {
    async getVerification(pinId) {
      const [record] = await recordsIn(shardOfId(pinId), [pinId]);
      return record;
    },

    async listVerificationRecords(filter) {
      const { limit, state } = filter;
      const after = startOf(filter);
      if (after === 'nowhere') return { records: [] };
      const found: Place[] = [];
      for await (const place of places(filter, after)) {
        found.push(place);
        // One more than asked for tells whether there is another page.
        if (found.length > limit) break;
      }
      const page = found.slice(0, limit);
      const all = await recordsOf(page.map(({ member }) => member.slice(ORDER_DIGITS) as PinId));
      // What became another in between is left out.
      const records = all.filter(
        ({ pin, now }) => state === undefined || verificationState(pin, now) === state,
      );
      const last = page.at(-1);
      if (found.length <= limit || !last) return { records };
      return { records, nextCursor: `${last.at}.${last.member.slice(0, ORDER_DIGITS)}` };
    },
  };
}

/** Behind which the list goes on; a cursor of another making finds nothing. */
function startOf({ cursor, until }: VerificationListFilter): Place | undefined | 'nowhere' {
  const byTime = until === undefined ? undefined : { at: until, member: '' };
  if (cursor === undefined) return byTime;
  const [, at, member] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || member === undefined) return 'nowhere';
  const byCursor = { at: Number(at), member };
  return byTime && byTime.at <= byCursor.at ? byTime : byCursor;
}

/** What lua/verification-scan.lua returns: where it stopped is an entry without a value. */
function entriesOf(reply: Reply): Entry<Place>[] {
  const [more, ...flat] = reply as readonly Reply[];
  const entries = flat.flatMap((at, n): Entry<Place>[] => {
    if (n % 2 === 1) return [];
    const place = { at: Number(at), member: String(flat[n + 1]) };
    return [{ ...place, value: place }];
  });
  const stop = more === 1 ? entries.pop() : undefined;
  return stop ? [...entries, { ...stop, value: undefined }] : entries;
}
