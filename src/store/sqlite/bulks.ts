import type { DatabaseSync } from 'node:sqlite';

import type { Bulk, MessageChannel, SendingSpeed } from '../../domain/message.ts';
import { intervalMs } from '../../domain/schedule.ts';
import { generalStatusOf } from '../../domain/status.ts';
import type { AddBulkResult, BulkChange, MessageStore, NewBatch, NewBulk } from '../message-store.ts';
import type { Lanes } from './lanes.ts';
import { bulkFromRow } from './message-rows.ts';
import type { Messages } from './messages.ts';
import { integer, optionalText, type Row } from './rows.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly writer: Writer;
  readonly lanes: Lanes;
  readonly messages: Messages;
}

/** Rows a transaction, so that a large bulk never keeps live calls waiting. */
const SLICE = 400;

/** A draft: its rows, as far as the slices have come. */
interface Draft {
  readonly seq: number;
  readonly at: number;
  readonly lanes: ReadonlyMap<
    string,
    { readonly seq: number; readonly sendAt: number; readonly paced: boolean }
  >;
  readonly batches: readonly { readonly seq: number; readonly lane: string; readonly validityMs?: number }[];
}

/**
 * Bulks: taken in, held, released, moved. A bulk is written in slices under the hold `loading`, which nothing claims or
 * shows, and released whole by the last one; what a crash leaves of one is deleted at the next start.
 */
export function createBulks({ db, now, writer, lanes, messages }: Deps) {
  const insertBulk = db.prepare(`
    INSERT INTO bulk (channel, bulk_id, face, send_at, amount, per_ms, hold, created_at)
    VALUES ($channel, $bulk, $face, $send, $amount, $per, 'loading', $now) ON CONFLICT DO NOTHING`);
  const insertLane = db.prepare(
    'INSERT INTO message_lane (bulk, channel, send_at, slot_ms) VALUES (?, ?, ?, ?)',
  );
  const insertBatch = db.prepare(`
    INSERT INTO message_batch (bulk, entity_id, application_id, campaign, sender, data)
    VALUES ($bulk, $entity, $application, $campaign, $sender, $data)`);
  const insertMessage = db.prepare(`
    INSERT INTO message (ref, channel, message_id, bulk, lane, batch, number, state, due_at, expires_at, deadline_at,
      outcome, status_group, created_at, done_at, log_at)
    VALUES ($ref, $channel, $id, $bulk, $lane, $batch, $to, $state, $now, $expires, $deadline, $outcome, $group, $now,
      $done, $now) ON CONFLICT (channel, message_id) DO NOTHING`);
  const seal = db.prepare('UPDATE bulk SET hold = NULL, total = ?, accepted = ? WHERE seq = ?');
  const drop = db.prepare("DELETE FROM bulk WHERE seq = ? AND hold = 'loading'");
  const find = db.prepare("SELECT * FROM bulk WHERE channel = ? AND bulk_id = ? AND hold IS NOT 'loading'");
  const unsent = db.prepare(`
    SELECT 1 FROM message WHERE bulk = $bulk
      AND (state IN ('scheduled', 'sending') OR (state = 'sent' AND channel = 'voice')) LIMIT 1`);
  const setHold = db.prepare('UPDATE bulk SET hold = ? WHERE seq = ?');
  const setSendAt = db.prepare('UPDATE bulk SET send_at = ? WHERE seq = ?');
  const setLaneSendAt = db.prepare('UPDATE message_lane SET send_at = $at WHERE bulk = $bulk');
  const moveUntried = db.prepare(`
    UPDATE message SET due_at = created_at, expires_at = $at + v.validity, deadline_at = $at + v.validity
    FROM (SELECT message_batch.seq AS batch, json_extract(message_batch.data, '$.validityMs') AS validity
      FROM message_batch WHERE message_batch.bulk = $bulk) AS v
    WHERE message.bulk = $bulk AND message.state = 'scheduled' AND message.tries = 0 AND v.batch = message.batch
      AND (SELECT slot_ms FROM message_lane WHERE message_lane.seq = message.lane) IS NULL`);
  const undue = db.prepare(
    "UPDATE message SET due_at = created_at WHERE bulk = ? AND state = 'scheduled' AND tries = 0 AND due_at > created_at",
  );
  const rejected = db.prepare(
    `SELECT message.*, message_batch.data, bulk.face FROM message JOIN bulk ON bulk.seq = message.bulk
     JOIN message_batch ON message_batch.seq = message.batch WHERE message.bulk = ? AND message.state = 'done'`,
  );

  function open(request: NewBulk): Draft | undefined {
    const at = now();
    const { channel, bulkId, face, batches, speed } = request;
    const own = batches.flatMap(({ sendAt }) => (sendAt === undefined ? [] : [sendAt]));
    const earliest = own.length > 0 && own.length === batches.length ? Math.min(...own) : at;
    const sendAt = request.sendAt ?? earliest;
    const inserted = insertBulk.run({
      $channel: channel,
      $bulk: bulkId,
      $face: face,
      $send: sendAt,
      $amount: speed?.amount ?? null,
      $per: speed?.perMs ?? null,
      $now: at,
    });
    if (inserted.changes === 0) return undefined;
    const seq = Number(inserted.lastInsertRowid);
    const made = new Map<string, { seq: number; sendAt: number; paced: boolean }>();
    const laneOf = (batch: NewBatch, index: number): string => {
      // A speed of its own, or a time of its own, is a lane of its own; the others share the bulk's.
      const name = batch.speed ? `batch ${index}` : `at ${batch.sendAt ?? 'the bulk’s time'}`;
      const lane = { sendAt: batch.sendAt ?? sendAt, speed: batch.speed ?? speed };
      if (!made.has(name)) made.set(name, newLane(seq, channel, lane));
      return name;
    };
    const inserts = batches.map((batch, index) => ({
      seq: newBatch(seq, batch),
      lane: laneOf(batch, index),
      ...(batch.validityMs !== undefined && { validityMs: batch.validityMs }),
    }));
    return { seq, at, lanes: made, batches: inserts };
  }

  function newLane(bulk: number, channel: string, lane: { sendAt: number; speed: SendingSpeed | undefined }) {
    const slotMs = lane.speed ? intervalMs(lane.speed) : null;
    const { lastInsertRowid } = insertLane.run(bulk, channel, lane.sendAt, slotMs);
    return { seq: Number(lastInsertRowid), sendAt: lane.sendAt, paced: slotMs !== null };
  }

  function newBatch(bulk: number, batch: NewBatch): number {
    const { from, sendAt: _, speed: __, ...data } = batch;
    const { lastInsertRowid } = insertBatch.run({
      $bulk: bulk,
      $entity: batch.platform?.entityId ?? null,
      $application: batch.platform?.applicationId ?? null,
      $campaign: batch.campaignReferenceId ?? null,
      $sender: from,
      $data: JSON.stringify(data),
    });
    return Number(lastInsertRowid);
  }

  /** Indices of the messages whose id is taken. */
  function fill(request: NewBulk, draft: Draft, from: number): number[] {
    const { channel } = request;
    const duplicates: number[] = [];
    for (const [offset, message] of request.messages.slice(from, from + SLICE).entries()) {
      const batch = draft.batches[message.batch];
      const lane = batch && draft.lanes.get(batch.lane);
      if (!batch || !lane) throw new RangeError('a message of no batch');
      const { rejection } = message;
      const outcome = rejection ?? PENDING;
      const expires =
        batch.validityMs === undefined || lane.paced || rejection
          ? null
          : Math.max(lane.sendAt, draft.at) + batch.validityMs;
      const { changes } = insertMessage.run({
        $ref: message.ref,
        $channel: channel,
        $id: message.messageId,
        $bulk: draft.seq,
        $lane: lane.seq,
        $batch: batch.seq,
        $to: message.to,
        $state: rejection ? 'done' : 'scheduled',
        $now: draft.at,
        $expires: expires,
        $deadline: expires,
        $outcome: rejection ? JSON.stringify(rejection) : PENDING_JSON,
        $group: generalStatusOf(outcome, channel),
        $done: rejection ? draft.at : null,
      });
      if (changes === 0) duplicates.push(from + offset);
    }
    return duplicates;
  }

  function release(request: NewBulk, draft: Draft, duplicates: readonly number[]): void {
    const total = request.messages.length - duplicates.length;
    const refused = rejected.all(draft.seq);
    seal.run(total, total - refused.length, draft.seq);
    for (const row of refused) messages.pushFinal(row);
    lanes.release(draft.seq);
  }

  async function add(request: NewBulk): Promise<AddBulkResult> {
    const draft = await writer.write(() => open(request));
    if (!draft) return { outcome: 'taken' };
    const duplicates: number[] = [];
    try {
      for (let from = 0; from < request.messages.length; from += SLICE) {
        const last = from + SLICE >= request.messages.length;
        duplicates.push(
          ...(await writer.write(() => {
            const found = fill(request, draft, from);
            if (last) release(request, draft, [...duplicates, ...found]);
            return found;
          })),
        );
      }
      return { outcome: 'added', duplicates };
    } catch (error) {
      // Should this fail too, the next start deletes it.
      await writer.write(() => drop.run(draft.seq)).catch(() => {});
      throw error;
    }
  }

  const read = (row: Row): Bulk => bulkFromRow(row, unsent.get({ $bulk: integer(row['seq']) }) !== undefined);

  function change(
    channel: MessageChannel,
    bulkId: string,
    allowed: readonly Bulk['status'][],
    apply: (row: Row, bulk: Bulk) => void,
  ): BulkChange {
    const row = find.get(channel, bulkId);
    if (!row) return { outcome: 'unknown' };
    const bulk = read(row);
    if (!allowed.includes(bulk.status)) return { outcome: 'refused', bulk };
    apply(row, bulk);
    return { outcome: 'changed', bulk: read(find.get(channel, bulkId) ?? row) };
  }

  return {
    add,

    get(channel: MessageChannel, bulkId: string): Bulk | undefined {
      const row = find.get(channel, bulkId);
      return row && read(row);
    },

    reschedule({ channel, bulkId, sendAt }: Parameters<MessageStore['rescheduleBulk']>[0]): BulkChange {
      return change(channel, bulkId, ['PAUSED'], row => {
        const seq = integer(row['seq']);
        const at = Math.max(sendAt, now());
        setSendAt.run(sendAt, seq);
        setLaneSendAt.run({ $at: sendAt, $bulk: seq });
        undue.run(seq);
        moveUntried.run({ $at: at, $bulk: seq });
      });
    },

    switch({ channel, bulkId, to }: Parameters<MessageStore['switchBulk']>[0]): BulkChange {
      switch (to) {
        case 'paused':
          return change(channel, bulkId, ['PENDING', 'PROCESSING', 'PAUSED'], row => {
            setHold.run('paused', integer(row['seq']));
            lanes.hold(integer(row['seq']));
          });
        case 'running':
          return change(channel, bulkId, ['PENDING', 'PROCESSING', 'PAUSED'], row => {
            if (optionalText(row['hold']) === undefined) return;
            setHold.run(null, integer(row['seq']));
            lanes.restart(integer(row['seq']), now());
            lanes.release(integer(row['seq']));
          });
        case 'canceled':
          return change(channel, bulkId, ['PENDING', 'PROCESSING', 'PAUSED', 'CANCELED'], (row, bulk) => {
            if (bulk.status === 'CANCELED') return;
            setHold.run('canceling', integer(row['seq']));
            lanes.hold(integer(row['seq']));
          });
        default:
          throw new RangeError(`no such switch: ${String(to satisfies never)}`);
      }
    },
  };
}

const PENDING = { kind: 'pending' } as const;
const PENDING_JSON = JSON.stringify(PENDING);

/**
 * After the start of the one owner: half-written bulks go, claims of an earlier life are nobody's, and slots that lie
 * further ahead than one interval were made before the wall clock was set back.
 */
export function settleMessages(db: DatabaseSync, now: number): void {
  db.exec("DELETE FROM bulk WHERE hold = 'loading'");
  db.exec("UPDATE message SET lease_at = 0 WHERE state = 'sending'");
  db.prepare(`UPDATE message_lane SET next_slot = $now + slot_ms, ready_at = MIN(ready_at, $now + CAST(slot_ms AS INTEGER))
    WHERE slot_ms IS NOT NULL AND next_slot > $now + slot_ms`).run({ $now: now });
  db.prepare(
    "UPDATE message SET due_at = $now WHERE state = 'scheduled' AND tries = 0 AND created_at > $now",
  ).run({
    $now: now,
  });
}
