import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

import type { AddLookups, LookupAnswer, LookupFilter, LookupRecord } from '../lookup-store.ts';
import type { Outbox } from './outbox.ts';
import { integer, optionalInteger, optionalText, text, type Row } from './rows.ts';

/** Forgotten in one transaction: twice what one request may add, so that the table shrinks under load too. */
const FORGET_AT_ONCE = 2_000;
/** The status of a lookup that has no answer yet. */
const WAITING = 'PENDING';

/** Number lookups. All inside the writer's transaction. */
export function createLookups(db: DatabaseSync, now: () => number, outbox: Outbox) {
  const insert = db.prepare(`
    INSERT INTO lookup (message_id, bulk_id, number, sent_at, done_at, result, status_group, mcc_mnc)
    VALUES ($messageId, $bulkId, $number, $sent, $done, $result, $group, $mccMnc)`);
  const answer = db.prepare(`
    UPDATE lookup SET done_at = $done, result = $result, status_group = $group, mcc_mnc = $mccMnc
    WHERE message_id = $messageId AND bulk_id = $bulkId AND done_at IS NULL`);
  const ofBulk = db.prepare('SELECT * FROM lookup WHERE bulk_id = ? ORDER BY seq');
  const forget = db.prepare(`
    DELETE FROM lookup WHERE seq IN
      (SELECT seq FROM lookup WHERE sent_at < ? ORDER BY sent_at, seq LIMIT ${FORGET_AT_ONCE})`);

  return {
    add({ bulkId, lookups, events, keepMs }: AddLookups): void {
      const at = now();
      forget.run(at - keepMs);
      for (const { messageId, to, answer: known } of lookups) {
        insert.run({
          $messageId: messageId,
          $bulkId: bulkId,
          $number: to,
          $sent: at,
          $done: known ? at : null,
          $result: known ? JSON.stringify(known.result) : null,
          $group: known?.statusGroup ?? WAITING,
          $mccMnc: known?.mccMnc ?? null,
        });
      }
      outbox.emit(events);
    },

    finish({ bulkId, answers }: { bulkId: string; answers: readonly LookupAnswer[] }): void {
      const at = now();
      for (const { messageId, result, statusGroup, mccMnc } of answers) {
        answer.run({
          $messageId: messageId,
          $bulkId: bulkId,
          $done: at,
          $result: JSON.stringify(result),
          $group: statusGroup,
          $mccMnc: mccMnc ?? null,
        });
      }
    },

    ofBulk: (bulkId: string): LookupRecord[] => ofBulk.all(bulkId).map(recordFromRow),

    list(filter: LookupFilter): LookupRecord[] {
      const { sql, values } = conditions(filter, now());
      return db
        .prepare(`SELECT * FROM lookup WHERE ${sql} ORDER BY sent_at DESC, seq DESC LIMIT ?`)
        .all(...values, filter.limit)
        .map(recordFromRow);
    },
  };
}

/** The values are always bound, never part of the text. */
function conditions(filter: LookupFilter, now: number): { sql: string; values: SQLInputValue[] } {
  const { bulkIds, messageIds } = filter;
  const parts: (readonly [sql: string, value: SQLInputValue | undefined])[] = [
    ['sent_at >= ?', now - filter.withinMs],
    ['number = ?', filter.to],
    ['bulk_id IN (SELECT value FROM json_each(?))', bulkIds && JSON.stringify(bulkIds)],
    ['message_id IN (SELECT value FROM json_each(?))', messageIds && JSON.stringify(messageIds)],
    ['status_group = ?', filter.statusGroup],
    ['sent_at >= ?', filter.sentSince],
    ['sent_at <= ?', filter.sentUntil],
    ['substr(mcc_mnc, 1, 3) = ?', filter.mcc],
    ['substr(mcc_mnc, 4) = ?', filter.mnc],
  ];
  const used = parts.filter((part): part is readonly [string, SQLInputValue] => part[1] !== undefined);
  return { sql: used.map(([sql]) => sql).join(' AND '), values: used.map(([, value]) => value) };
}

function recordFromRow(row: Row): LookupRecord {
  const result = optionalText(row['result']);
  return {
    bulkId: text(row['bulk_id']),
    messageId: text(row['message_id']),
    to: text(row['number']),
    sentAt: integer(row['sent_at']),
    doneAt: optionalInteger(row['done_at']),
    result: result === undefined ? undefined : (JSON.parse(result) as LookupRecord['result']),
  };
}
