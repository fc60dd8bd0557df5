import type { Message, Outcome } from '../../domain/message.ts';
import type { MessageStep, NewBatch } from '../message-store.ts';
import type { Reply } from './script.ts';

/** Messages as the scripts take and return them. */

/** A step as `message_step` of lua/include/messages-step.lua takes it, for any script that makes one; '' for none. */
export function packStep(step: MessageStep | undefined): string {
  if (!step) return '';
  const { ref, tries, to, outcome, dueInMs, refund, carrier, carrierMessageId, expiresInMs, voice } = step;
  return JSON.stringify([
    ref,
    tries ?? '',
    to,
    JSON.stringify(outcome),
    dueInMs === undefined ? '' : Math.ceil(dueInMs),
    refund ? 1 : 0,
    carrier ?? '',
    carrierMessageId ?? '',
    expiresInMs ?? '',
    voice ? JSON.stringify(voice) : '',
  ]);
}

/** A message with what the port does not show of it. */
export interface ReadMessage {
  readonly message: Message;
  /** Its place among all, as text. */
  readonly order: string;
  /** Its report was handed out. */
  readonly reported: boolean;
}

interface Batch {
  readonly channel: Message['channel'];
  readonly bulkId: string;
  readonly face: Message['face'];
  readonly data: Omit<NewBatch, 'sendAt' | 'speed' | 'validityMs'>;
}

/** What `messages_answer` of lua/include/messages-read.lua returns. */
export function readMessages(reply: Reply): ReadMessage[] {
  const [rows, batches] = reply as readonly (readonly (readonly string[])[])[];
  const parsed = (batches ?? []).map(readBatch);
  return (rows ?? []).flatMap(row => {
    const batch = parsed[Number(row[1])];
    return batch ? [readRow(row, batch)] : [];
  });
}

function readBatch([name = '', face, data = '{}']: readonly string[]): Batch {
  const colon = name.indexOf(':');
  const { validityMs: _, ...kept } = JSON.parse(data) as NewBatch;
  return {
    channel: name.slice(0, colon) as Message['channel'],
    bulkId: name.slice(colon + 1),
    face: face as Message['face'],
    data: kept,
  };
}

function readRow(row: readonly (string | null)[], { channel, bulkId, face, data }: Batch): ReadMessage {
  const [ref, , send, messageId, to, state, tries, stalls, due, claimed, expires, outcome, ...rest] = row;
  const [carrier, carrierMessageId, voice, created, sent, done, order, reported] = rest;
  const message = defined({
    ...data,
    messageId: text(messageId),
    ref: text(ref),
    bulkId,
    face,
    channel,
    to: text(to),
    expiresAt: instant(expires),
    state: text(state) as Message['state'],
    tries: Number(tries),
    stalls: Number(stalls ?? 0),
    dueAt: Math.max(Number(due), Number(send)),
    claimedAt: instant(claimed),
    outcome: JSON.parse(text(outcome)) as Outcome,
    carrier: carrier ?? undefined,
    carrierMessageId: carrierMessageId ?? undefined,
    createdAt: Number(created),
    sentAt: instant(sent),
    doneAt: instant(done),
    voice: voice ? (JSON.parse(voice) as Message['voice']) : undefined,
  });
  return { message: message as Message, order: text(order), reported: reported === '1' };
}

function text(field: string | null | undefined): string {
  return field ?? '';
}

function instant(field: string | null | undefined): number | undefined {
  return field === null || field === undefined ? undefined : Number(field);
}

function defined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Partial<Value>;
}
