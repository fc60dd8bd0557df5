import { WEEKDAYS, type Bulk, type MessageChannel } from '../../domain/message.ts';
import { intervalMs } from '../../domain/schedule.ts';
import type { NewBatch, NewBulk, NewMessage } from '../message-store.ts';
import { targetOf } from './outbox-events.ts';
import type { Reply } from './script.ts';

/** Bulks as the scripts take and return them: lua/include/messages.lua has what is kept of each. */

/** A bulk's name in keys. */
export function nameOf(channel: MessageChannel, bulkId: string): string {
  return `${channel}:${bulkId}`;
}

/** Lanes, as [send time or '', ms from slot to slot or ''] each, and which of them each batch is in. */
export function lanesOf(bulk: NewBulk): { lanes: (number | '')[][]; laneOfBatch: number[] } {
  const places = new Map<string, number>();
  const lanes: (number | '')[][] = [];
  const laneOfBatch = bulk.batches.map((batch, index) => {
    // A speed of its own, or a time of its own, is a lane of its own; the others share the bulk's.
    const name = batch.speed ? `batch ${index}` : `at ${batch.sendAt ?? 'the bulk’s time'}`;
    const known = places.get(name);
    if (known !== undefined) return known;
    const speed = batch.speed ?? bulk.speed;
    places.set(name, lanes.length);
    return lanes.push([batch.sendAt ?? '', speed ? intervalMs(speed) : '']) - 1;
  });
  return { lanes, laneOfBatch };
}

/** When the bulk is sent: '' for now. */
export function sendTimeOf({ sendAt, batches }: NewBulk): number | '' {
  const own = batches.flatMap(batch => (batch.sendAt === undefined ? [] : [batch.sendAt]));
  const earliest = own.length > 0 && own.length === batches.length ? Math.min(...own) : '';
  return sendAt ?? earliest;
}

/** [index, what the adapter keeps, what the scripts need]. */
export function packBatch(batch: NewBatch, index: number, face: NewBulk['face']): (number | string)[] {
  const { sendAt: _, speed: __, ...kept } = batch;
  const { validityMs = 0, window, notify } = batch;
  const days = window ? WEEKDAYS.map(day => (window.days.includes(day) ? '1' : '0')).join('') : '';
  const push: (string | number)[] = ['', '', '', 0];
  if (notify) {
    const { url, contentType, version, intermediate } = notify;
    const data = JSON.stringify({ url, contentType, version, kind: 'report', face }).slice(0, -1);
    // What shares all of these can share a body.
    const alike = [face, version, contentType, url].join('\n');
    push.splice(0, 4, targetOf(url), alike, data, intermediate ? 1 : 0);
  }
  const settings = [validityMs, days, window?.fromMinute ?? 0, window?.toMinute ?? 0, ...push];
  return [index, JSON.stringify(kept), JSON.stringify(settings)];
}

/** [place in the bulk, ref, messageId, number, batch, lane, rejection or '']. */
export function packMessage(message: NewMessage, place: number, lane: number): (number | string)[] {
  const { ref, messageId, to, batch, rejection } = message;
  return [place, ref, messageId, to, batch, lane, rejection ? JSON.stringify(rejection) : ''];
}

/** What `bulk_answer` of lua/include/bulks.lua returns. */
export function readBulk(channel: MessageChannel, bulkId: string, reply: Reply): Bulk {
  const [status, sendAt, amount, perMs, total, createdAt] = reply as readonly Reply[];
  return {
    bulkId,
    channel,
    sendAt: Number(sendAt),
    ...(amount !== '' && { speed: { amount: Number(amount), perMs: Number(perMs) } }),
    status: status as Bulk['status'],
    total: Number(total),
    createdAt: Number(createdAt),
  };
}
