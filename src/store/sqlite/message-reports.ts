import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

import type { Message } from '../../domain/message.ts';
import type { StoredLogFilter, StoredReportFilter } from '../message-store.ts';
import { MESSAGE_COLUMNS, MESSAGE_TABLES, type MessageReader } from './message-rows.ts';
import { integer } from './rows.ts';

/** Bulks that one sweep step deletes: their messages and calls go with them. */
const BULKS_AT_ONCE = 20;

/** What became of messages: reports that are handed out once, and the log. */
export function createMessageReports(db: DatabaseSync, now: () => number, reader: MessageReader) {
  const markReported = db.prepare('UPDATE message SET reported = 1 WHERE seq = ?');
  const deleteOld = db.prepare(`
    DELETE FROM bulk WHERE seq IN (SELECT bulk.seq FROM bulk WHERE created_at <= $before AND hold IS NOT 'loading'
      AND NOT EXISTS (SELECT 1 FROM message WHERE message.bulk = bulk.seq
        AND (message.state <> 'done' OR message.done_at > $before))
      ORDER BY bulk.created_at LIMIT ${BULKS_AT_ONCE})`);

  return {
    take(filter: StoredReportFilter): Message[] {
      const where = conditions(filter);
      where.add("message.state = 'done' AND message.reported = 0");
      where.add('message.done_at >= ?', now() - filter.withinMs);
      const rows = db
        .prepare(
          `SELECT ${MESSAGE_COLUMNS} FROM ${MESSAGE_TABLES} WHERE ${where.sql}
           ORDER BY message.done_at, message.seq LIMIT ?`,
        )
        .all(...where.values, filter.limit);
      for (const row of rows) markReported.run(integer(row['seq']));
      return rows.map(row => reader.message(row));
    },

    list(filter: StoredLogFilter): { messages: Message[]; nextCursor?: string } {
      const where = conditions(filter);
      where.add('message.log_at >= ?', now() - filter.withinMs);
      if (filter.from !== undefined) where.add('message_batch.sender = ?', filter.from);
      if (filter.to !== undefined) where.add('message.number = ?', filter.to);
      if (filter.statusGroup !== undefined) where.add('message.status_group = ?', filter.statusGroup);
      if (filter.sentSince !== undefined) where.add('message.log_at >= ?', filter.sentSince);
      if (filter.sentUntil !== undefined) where.add('message.log_at <= ?', filter.sentUntil);
      const { mcc, mnc } = filter.mccMnc ?? {};
      if (mcc !== undefined) where.add('substr(message.mcc_mnc, 1, 3) = ?', mcc);
      if (mnc !== undefined) where.add('substr(message.mcc_mnc, 4) = ?', mnc);
      const after = filter.cursor === undefined ? undefined : readCursor(filter.cursor);
      if (after) where.add('(message.log_at, message.seq) < (?, ?)', ...after);
      // One more than asked for tells whether there is another page.
      const rows = db
        .prepare(
          `SELECT ${MESSAGE_COLUMNS} FROM ${MESSAGE_TABLES} WHERE ${where.sql}
           ORDER BY message.log_at DESC, message.seq DESC LIMIT ?`,
        )
        .all(...where.values, filter.limit + 1);
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      const messages = page.map(row => reader.message(row));
      if (rows.length <= filter.limit || !last) return { messages };
      return { messages, nextCursor: `${integer(last['log_at'])}.${integer(last['seq'])}` };
    },

    sweep: (retentionMs: number): number => Number(deleteOld.run({ $before: now() - retentionMs }).changes),
  };
}

export const SWEEP_STEP = BULKS_AT_ONCE;

/** A cursor of another making finds the first page's end: nothing. */
function readCursor(cursor: string): [number, number] {
  const [, at, seq] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  return at === undefined || seq === undefined ? [0, 0] : [Number(at), Number(seq)];
}

/** What both filters share; the values are always bound, never part of the text. */
function conditions(filter: StoredReportFilter) {
  const parts = ['message.channel = ?', "bulk.hold IS NOT 'loading'"];
  const values: SQLInputValue[] = [filter.channel];
  const add = (sql: string, ...bound: SQLInputValue[]): void => {
    parts.push(sql);
    values.push(...bound);
  };
  const anyOf = (column: string, wanted: readonly string[] | undefined): void => {
    if (wanted === undefined || wanted.length === 0) return;
    add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(wanted));
  };
  anyOf('bulk.bulk_id', filter.bulkIds);
  anyOf('message.message_id', filter.messageIds);
  anyOf('message_batch.campaign', filter.campaignReferenceIds);
  if (filter.entityId !== undefined) add('message_batch.entity_id = ?', filter.entityId);
  if (filter.applicationId !== undefined) add('message_batch.application_id = ?', filter.applicationId);
  return {
    add,
    values,
    get sql() {
      return parts.join(' AND ');
    },
  };
}
