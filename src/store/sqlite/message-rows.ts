import type { SQLOutputValue } from 'node:sqlite';

import type { Bulk, Message, Outcome } from '../../domain/message.ts';
import type { NewBatch } from '../message-store.ts';
import { integer, optionalInteger, optionalText, text, type Row } from './rows.ts';

/** A message's row with what its lane, bulk and batch say about it. */
export const MESSAGE_COLUMNS = `message.*, message_lane.send_at, message_lane.slot_ms, bulk.bulk_id, bulk.face, bulk.hold,
  message_batch.sender, message_batch.data`;
export const MESSAGE_TABLES = `message JOIN message_lane ON message_lane.seq = message.lane
  JOIN bulk ON bulk.seq = message.bulk JOIN message_batch ON message_batch.seq = message.batch`;

/** What a batch keeps as JSON. */
export type BatchData = Omit<NewBatch, 'from' | 'sendAt' | 'speed'>;

const REMEMBERED = 64;

/**
 * The messages of a bulk come one after the other: parsing their batch once is enough. By its text, since SQLite gives the row
 * number of a deleted batch to the next one.
 */
export function createMessageReader() {
  const batches = new Map<string, BatchData>();

  function batchOf(data: string): BatchData {
    const known = batches.get(data);
    if (known) return known;
    const parsed = JSON.parse(data) as BatchData;
    batches.set(data, parsed);
    const [oldest] = batches.keys();
    if (batches.size > REMEMBERED && oldest !== undefined) batches.delete(oldest);
    return parsed;
  }

  return {
    batch: (row: Row): BatchData => batchOf(text(row['data'])),

    message(row: Row): Message {
      const { validityMs: _, ...batch } = batchOf(text(row['data']));
      const dueAt = Math.max(integer(row['due_at']), integer(row['send_at']));
      return defined({
        ...batch,
        messageId: text(row['message_id']),
        ref: text(row['ref']),
        bulkId: text(row['bulk_id']),
        face: text(row['face']) as Message['face'],
        channel: text(row['channel']) as Message['channel'],
        to: text(row['number']),
        from: text(row['sender']),
        expiresAt: optionalInteger(row['expires_at']),
        state: text(row['state']) as Message['state'],
        tries: integer(row['tries']),
        stalls: integer(row['stalls']),
        dueAt,
        claimedAt: optionalInteger(row['claimed_at']),
        outcome: outcomeOf(row['outcome']),
        carrier: optionalText(row['carrier']),
        carrierMessageId: optionalText(row['carrier_message_id']),
        createdAt: integer(row['created_at']),
        sentAt: optionalInteger(row['sent_at']),
        doneAt: optionalInteger(row['done_at']),
        voice: row['voice'] === null ? undefined : (JSON.parse(text(row['voice'])) as Message['voice']),
        mccMnc: optionalText(row['mcc_mnc']),
      });
    },
  };
}

export type MessageReader = ReturnType<typeof createMessageReader>;

export function outcomeOf(value: SQLOutputValue | undefined): Outcome {
  return JSON.parse(text(value)) as Outcome;
}

/** `unsent`: something of it may still be sent. */
export function bulkFromRow(row: Row, unsent: boolean): Bulk {
  const amount = optionalInteger(row['amount']);
  const perMs = optionalInteger(row['per_ms']);
  return {
    bulkId: text(row['bulk_id']),
    channel: text(row['channel']) as Bulk['channel'],
    sendAt: integer(row['send_at']),
    ...(amount !== undefined && perMs !== undefined && { speed: { amount, perMs } }),
    status: statusOf(row, unsent),
    total: integer(row['total']),
    createdAt: integer(row['created_at']),
  };
}

/** FINISHED: nothing is left to send; reports may still be to come. FAILED: nothing of it could ever be sent. */
function statusOf(row: Row, unsent: boolean): Bulk['status'] {
  const hold = optionalText(row['hold']);
  if (hold === 'canceling' || hold === 'canceled') return 'CANCELED';
  if (!unsent) return integer(row['accepted']) === 0 ? 'FAILED' : 'FINISHED';
  if (hold === 'paused') return 'PAUSED';
  return row['started'] === 1 ? 'PROCESSING' : 'PENDING';
}

function defined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Value;
}
