import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { VerificationState } from '../../domain/plan.ts';
import type { PinId, PinRecord } from '../../domain/types.ts';
import type { VerificationListFilter, VerificationRecord } from '../plan-store.ts';
import type { Deliveries } from './deliveries.ts';
import type { PinMessages } from './pin-messages.ts';
import type { PlanRuns } from './plan-runs.ts';
import { integer, pinFromRow, type Row } from './rows.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly writer: Writer;
  readonly runs: PlanRuns;
  readonly deliveries: Deliveries;
  readonly messages: PinMessages;
}

/** Rows that one turn of the event loop looks through for a state that few may have: some 10 ms. */
const SLICE = 20_000;

/**
 * PINs with all that was done to deliver them. `seq` rises with `created_at`, since the store's clock never goes back
 * (store-clock.ts): so it is the order of the list, and the time needs no index.
 */
export function createVerificationRecords({ db, now, writer, runs, deliveries, messages }: Deps) {
  const find = db.prepare('SELECT * FROM pin WHERE pin_id = ?');
  // Each for itself: only then does SQLite look at the two ends alone.
  const ends = db.prepare('SELECT (SELECT min(seq) FROM pin) AS first, (SELECT max(seq) FROM pin) AS last');
  const atOrAfter = db.prepare('SELECT seq, created_at FROM pin WHERE seq >= ? ORDER BY seq LIMIT 1');

  function recordOf(row: Row): VerificationRecord {
    const pin: PinRecord = pinFromRow(row);
    return {
      pin,
      run: runs.get(pin.pinId),
      calls: deliveries.allOf(pin.pinId),
      messages: messages.allOf(pin.pinId),
      now: now(),
    };
  }

  /** The first seq of those in `from`..`below` that was made at that time or later; `below` when there is none. */
  function firstSince(time: number, { from, below }: Range): number {
    let [low, high] = [from, below];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = atOrAfter.get(middle);
      if (row && integer(row['created_at']) < time) low = integer(row['seq']) + 1;
      else high = middle;
    }
    return low;
  }

  function rangeOf({ cursor, since, until }: VerificationListFilter): Range {
    const row = ends.get();
    if (!row || row['first'] === null) return { from: 0, below: 0 };
    const whole = { from: integer(row['first']), below: integer(row['last']) + 1 };
    const top = until === undefined ? whole.below : firstSince(until, whole);
    return {
      from: since === undefined ? whole.from : firstSince(since, whole),
      below: cursor === undefined ? top : Math.min(top, readCursor(cursor)),
    };
  }

  function rowsIn({ from, below }: Range, filter: VerificationListFilter, limit: number): Row[] {
    const { sql, values } = conditions(filter, now());
    return db
      .prepare(`SELECT * FROM pin ${sql} AND seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?`)
      .all(...values, from, below, limit);
  }

  return {
    get: (pinId: PinId): Promise<VerificationRecord | undefined> =>
      writer.read(() => {
        const row = find.get(pinId);
        return row && recordOf(row);
      }),

    /** In slices where a state is asked for, so that live calls never wait for a search. */
    async list(
      filter: VerificationListFilter,
    ): Promise<{ records: VerificationRecord[]; nextCursor?: string }> {
      const range = await writer.read(() => rangeOf(filter));
      const found: { seq: number; record: VerificationRecord }[] = [];
      let { below } = range;
      while (below > range.from && found.length <= filter.limit) {
        if (below < range.below) await nextTurn();
        const from = filter.state === undefined ? range.from : Math.max(range.from, below - SLICE);
        // One more than asked for tells whether there is another page.
        const wanted = filter.limit + 1 - found.length;
        const slice = { from, below };
        const rows = await writer.read(() =>
          rowsIn(slice, filter, wanted).map(row => ({ seq: integer(row['seq']), record: recordOf(row) })),
        );
        found.push(...rows);
        below = from;
      }
      const page = found.slice(0, filter.limit);
      const records = page.map(({ record }) => record);
      const last = page.at(-1);
      return found.length > filter.limit && last ? { records, nextCursor: String(last.seq) } : { records };
    },
  };
}

/** Seqs: from, and below. */
interface Range {
  readonly from: number;
  readonly below: number;
}

/** In the words of pin_lost's own condition, so that SQLite sees that it covers them. */
const LOST = "verified_at IS NULL AND (state <> 'active' OR attempts_used >= attempts_allowed)";
const OPEN = "verified_at IS NULL AND state = 'active' AND attempts_used < attempts_allowed";

/** `verificationState` in SQL; the one value of `?` is now. */
const STATES: Readonly<Record<VerificationState, string>> = {
  verified: 'verified_at IS NOT NULL',
  cancelled: `${LOST} AND state = 'cancelled'`,
  superseded: `${LOST} AND state = 'superseded'`,
  exhausted: `${LOST} AND state = 'active'`,
  expired: `${OPEN} AND expires_at <= ?`,
  pending: `${OPEN} AND expires_at > ?`,
};

/** The values are always bound, never part of the text. */
function conditions(filter: VerificationListFilter, now: number): { sql: string; values: SQLInputValue[] } {
  const { state, applicationId, to } = filter;
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...bound: SQLInputValue[]): void => {
    parts.push(sql);
    values.push(...bound);
  };
  if (to !== undefined) add('number = ?', to);
  if (applicationId !== undefined) add('application_id = ?', applicationId);
  if (state !== undefined) add(STATES[state], ...(STATES[state].includes('?') ? [now] : []));
  return { sql: `${indexFor(filter)} WHERE ${[...parts, 'TRUE'].join(' AND ')}`, values };
}

/** Said, since SQLite keeps no figures of ours by which to choose. All give the rows in the order of seq. */
function indexFor({ to, applicationId, state }: VerificationListFilter): string {
  if (to !== undefined) return 'INDEXED BY pin_of_number';
  if (state !== undefined && STATES[state].includes(LOST)) return 'INDEXED BY pin_lost';
  return applicationId === undefined ? 'NOT INDEXED' : 'INDEXED BY pin_of_application';
}

/** A cursor of another making finds the last page's end: nothing. */
function readCursor(cursor: string): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0;
}
