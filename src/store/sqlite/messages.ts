import type { DatabaseSync } from 'node:sqlite';

import type { Message, MessageChannel, NotifyTarget, Outcome } from '../../domain/message.ts';
import { nextAllowed } from '../../domain/schedule.ts';
import { generalStatusOf } from '../../domain/status.ts';
import type { Delivery } from '../../domain/types.ts';
import type { MessageStep } from '../message-store.ts';
import type { NewDelivery, NewTimer } from '../store.ts';
import type { Lanes } from './lanes.ts';
import { MESSAGE_COLUMNS, MESSAGE_TABLES, outcomeOf, type MessageReader } from './message-rows.ts';
import type { Outbox } from './outbox.ts';
import { integer, optionalInteger, optionalText, text, type Row } from './rows.ts';
import type { Timers } from './timers.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly lanes: Lanes;
  readonly outbox: Outbox;
  readonly timers: Timers;
  readonly reader: MessageReader;
}

/** Lanes that one claim looks into, and rows that it puts off, at most: a transaction stays a few ms long. */
const LANES_AT_ONCE = 64;
const PUT_OFF_AT_ONCE = 256;
/** It went out, and no report ever came. */
const NO_REPORT: Outcome = { kind: 'failed', carrierCode: 'no-callback' };

/** Claiming and moving messages. All inside the writer's transaction. */
export function createMessages({ db, now, lanes, outbox, timers, reader }: Deps) {
  const select = (where: string) =>
    db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM ${MESSAGE_TABLES} WHERE ${where}`);
  const find = select('message.ref = ?');
  const due = select(
    "message.lane = ? AND message.state = 'scheduled' AND message.due_at <= ? ORDER BY message.due_at, message.seq LIMIT ?",
  );
  const stale = select(
    "message.state = 'sending' AND message.lease_at <= ? ORDER BY message.lease_at, message.seq LIMIT ?",
  );
  const overdue = select(
    'message.deadline_at IS NOT NULL AND message.deadline_at <= ? ORDER BY message.deadline_at, message.seq LIMIT ?',
  );
  const unsentOf = select("message.bulk = ? AND message.state = 'scheduled' ORDER BY message.seq LIMIT ?");
  const putOff = db.prepare('UPDATE message SET due_at = ? WHERE seq = ?');
  const claim = db.prepare(`
    UPDATE message SET state = 'sending', tries = tries + 1, claimed_at = $now, lease_at = $lease, expires_at = $expires,
      deadline_at = NULL
    WHERE seq = $seq`);
  const lease = db.prepare('UPDATE message SET lease_at = ? WHERE seq = ?');
  const startBulk = db.prepare('UPDATE bulk SET started = 1 WHERE seq = ? AND started = 0');
  const move = db.prepare(`
    UPDATE message SET state = $state, stalls = $stalls, due_at = $due, lease_at = NULL, expires_at = $expires,
      deadline_at = $deadline, outcome = $outcome, status_group = $group, carrier = $carrier,
      carrier_message_id = $carrierMessageId, voice = $voice, sent_at = $sent, done_at = $done, log_at = $log
    WHERE seq = $seq`);
  const nextLease = db.prepare(
    "SELECT lease_at FROM message WHERE state = 'sending' ORDER BY lease_at LIMIT 1",
  );
  const nextDeadline = db.prepare(
    'SELECT deadline_at FROM message WHERE deadline_at IS NOT NULL ORDER BY deadline_at LIMIT 1',
  );
  const canceling = db.prepare("SELECT seq FROM bulk WHERE hold = 'canceling' ORDER BY seq LIMIT 1");
  const cancelled = db.prepare("UPDATE bulk SET hold = 'canceled' WHERE seq = ?");
  const callKnown = db.prepare('SELECT 1 FROM delivery WHERE carrier = ? AND carrier_call_id = ?');
  const textKnown = db.prepare('SELECT 1 FROM message WHERE carrier = ? AND carrier_message_id = ?');

  const get = (ref: string): Message | undefined => {
    const row = find.get(ref);
    return row && reader.message(row);
  };

  /** Up to `room` messages of one lane; what its window or its validity keeps from being sent is put off or ended. */
  function claimFrom(lane: Row, room: number, at: number, leaseMs: number): Message[] {
    const claimed: Message[] = [];
    const wanted = Math.min(room, lanes.room(lane, at));
    const rows = wanted > 0 ? due.all(integer(lane['seq']), at, Math.min(wanted, PUT_OFF_AT_ONCE)) : [];
    for (const row of rows) {
      const { window, validityMs } = reader.batch(row);
      const expires = optionalInteger(row['expires_at']);
      const opensAt = window ? nextAllowed(window, at) : at;
      if (expires !== undefined && expires <= at) {
        finish(row, { kind: 'expired' });
      } else if (opensAt > at) {
        putOff.run(opensAt, integer(row['seq']));
      } else {
        const leaseAt = at + Math.ceil(leaseMs);
        // At a limited speed validity begins here: waiting for a slot is no fault of the message.
        const expiresAt = expires ?? (validityMs === undefined ? undefined : at + validityMs);
        claim.run({ $seq: integer(row['seq']), $now: at, $lease: leaseAt, $expires: expiresAt ?? null });
        const tries = integer(row['tries']) + 1;
        claimed.push(
          reader.message({ ...row, state: 'sending', tries, claimed_at: at, expires_at: expiresAt ?? null }),
        );
      }
    }
    lanes.take(lane, claimed.length, at);
    if (claimed.length > 0) startBulk.run(integer(lane['bulk']));
    lanes.refresh(integer(lane['seq']), at);
    return claimed;
  }

  interface Next {
    readonly state: Message['state'];
    readonly outcome: Outcome;
    readonly stalls?: number;
    readonly dueAt?: number;
    readonly expiresAt?: number;
    readonly carrier?: string;
    readonly carrierMessageId?: string;
    readonly voice?: Message['voice'];
    readonly sentAt?: number;
  }

  function write(row: Row, next: Next, at: number): void {
    const { state, outcome } = next;
    const channel = text(row['channel']) as MessageChannel;
    const expires = next.expiresAt ?? optionalInteger(row['expires_at']) ?? null;
    const watched = state === 'scheduled' || (state === 'sent' && channel === 'sms');
    const sent = next.sentAt ?? optionalInteger(row['sent_at']) ?? null;
    move.run({
      $seq: integer(row['seq']),
      $state: state,
      $stalls: next.stalls ?? integer(row['stalls']),
      $due: next.dueAt ?? integer(row['due_at']),
      $expires: expires,
      $deadline: watched ? expires : null,
      $outcome: JSON.stringify(outcome),
      $group: generalStatusOf(outcome, channel),
      $carrier: next.carrier ?? optionalText(row['carrier']) ?? null,
      $carrierMessageId: next.carrierMessageId ?? optionalText(row['carrier_message_id']) ?? null,
      $voice: next.voice ? JSON.stringify(next.voice) : (row['voice'] ?? null),
      $sent: sent,
      $done: state === 'done' ? at : null,
      $log: sent ?? integer(row['log_at']),
    });
    const { notify } = reader.batch(row);
    if (notify && state === 'done') push(row, notify);
    const news = outcome.kind !== outcomeOf(row['outcome']).kind;
    if (notify?.intermediate && state === 'sent' && news) push(row, notify, outcome.kind);
    lanes.refresh(integer(row['lane']));
  }

  function push(row: Row, { url, contentType, version }: NotifyTarget, intermediate?: string): void {
    const ref = text(row['ref']);
    const face = text(row['face']);
    const data = { url, contentType, version, kind: 'report', messageRef: ref, face };
    const suffix = intermediate === undefined ? '' : `-${intermediate}`;
    outbox.emit([
      {
        id: `message-report-${ref}${suffix}`,
        type: 'customer.push',
        data: intermediate === undefined ? data : { ...data, intermediate },
        // What shares all of these can share a body.
        batch: [face, version, contentType, url].join('\n'),
      },
    ]);
  }

  function finish(row: Row, outcome: Outcome): void {
    write(row, { state: 'done', outcome }, now());
  }

  /** The lattice: see MessageStore. */
  function step(request: MessageStep): { applied: boolean; message: Message | undefined } {
    const row = find.get(request.ref);
    if (!row) return { applied: false, message: undefined };
    const applied = fits(row, request);
    if (applied) apply(row, request);
    return { applied, message: applied ? get(request.ref) : reader.message(row) };
  }

  function apply(row: Row, request: MessageStep): void {
    const at = now();
    const { to, outcome, carrier, carrierMessageId, voice } = request;
    const known = { outcome, carrier, carrierMessageId, voice };
    if (to === 'scheduled') {
      const dueAt = at + Math.ceil(request.dueInMs ?? 0);
      const expires = optionalInteger(row['expires_at']);
      const over = expires !== undefined && dueAt >= expires;
      const hold = optionalText(row['hold']);
      if (over || hold === 'canceling' || hold === 'canceled') {
        const last: Outcome = request.refund ? { kind: over ? 'expired' : 'cancelled' } : outcome;
        write(row, { ...known, outcome: last, state: 'done' }, at);
        return;
      }
      const stalls = integer(row['stalls']) + (request.refund ? 1 : 0);
      write(row, { ...known, outcome: { kind: 'pending' }, state: 'scheduled', dueAt, stalls }, at);
      return;
    }
    const sentAt = optionalInteger(row['sent_at']) ?? at;
    if (to === 'done') {
      write(row, { ...known, state: 'done', ...(outcome.kind !== 'rejected' && { sentAt }) }, at);
      return;
    }
    const { expiresInMs } = request;
    const expiresAt =
      optionalInteger(row['expires_at']) ?? (expiresInMs === undefined ? undefined : at + expiresInMs);
    write(row, { ...known, state: 'sent', sentAt, ...(expiresAt !== undefined && { expiresAt }) }, at);
  }

  return {
    get,
    step,

    claim(request: { channel: MessageChannel; limit: number; leaseMs: number }): Message[] {
      const at = now();
      const claimed: Message[] = [];
      for (const lane of lanes.ready(request.channel, at, LANES_AT_ONCE)) {
        if (claimed.length >= request.limit) break;
        claimed.push(...claimFrom(lane, request.limit - claimed.length, at, request.leaseMs));
      }
      return claimed;
    },

    claimStale({ limit, leaseMs }: { limit: number; leaseMs: number }): Message[] {
      const at = now();
      return stale.all(at, limit).map(row => {
        lease.run(at + Math.ceil(leaseMs), integer(row['seq']));
        return reader.message(row);
      });
    },

    nextIn(channels: readonly MessageChannel[]): number | undefined {
      if (canceling.get()) return 0;
      const instants = [
        ...channels.map(channel => lanes.nextAt(channel)),
        optionalInteger(nextLease.get()?.['lease_at']),
        optionalInteger(nextDeadline.get()?.['deadline_at']),
      ].filter(instant => instant !== undefined);
      return instants.length === 0 ? undefined : Math.max(0, Math.min(...instants) - now());
    },

    settle({ limit }: { limit: number }): number {
      const late = overdue.all(now(), limit);
      for (const row of late) finish(row, row['state'] === 'sent' ? NO_REPORT : { kind: 'expired' });
      const bulk = canceling.get();
      if (!bulk) return late.length;
      const rest = unsentOf.all(integer(bulk['seq']), limit - late.length);
      for (const row of rest) finish(row, { kind: 'cancelled' });
      if (late.length + rest.length < limit) cancelled.run(integer(bulk['seq']));
      return late.length + rest.length;
    },

    startCall(
      request: { ref: string; tries: number; delivery: NewDelivery; timers: readonly NewTimer[] },
      insert: (delivery: NewDelivery) => Delivery,
    ): Delivery | undefined {
      const { ref, tries, delivery } = request;
      const { carrier } = delivery;
      if (!step({ ref, tries, to: 'sent', outcome: { kind: 'enroute' }, carrier }).applied) return undefined;
      timers.arm(request.timers);
      return insert(delivery);
    },

    knowsCarrierId({ carrier, kind, id }: { carrier: string; kind: 'call' | 'text'; id: string }): boolean {
      return (kind === 'call' ? callKnown : textKnown).get(carrier, id) !== undefined;
    },

    /** The report of a message that was final from the start. */
    pushFinal(row: Row): void {
      const { notify } = reader.batch(row);
      if (notify) push(row, notify);
    },
  };
}

export type Messages = ReturnType<typeof createMessages>;

function fits(row: Row, step: MessageStep): boolean {
  if (step.tries !== undefined && step.tries !== row['tries']) return false;
  const { to } = step;
  switch (row['state']) {
    case 'sending':
      return true;
    case 'sent':
      return to !== 'sent' || isNews(row, step);
    case 'scheduled':
      return to === 'done';
    default:
      return false;
  }
}

/** A second word on a text that is with the carrier: further on its way, or the carrier's id of it. */
function isNews(row: Row, { outcome, carrierMessageId }: MessageStep): boolean {
  const kinds: readonly string[] = ['enroute', 'waiting-delivery', 'delivered-to-operator'];
  const further = kinds.indexOf(outcome.kind) > kinds.indexOf(outcomeOf(row['outcome']).kind);
  return further || (carrierMessageId !== undefined && row['carrier_message_id'] === null);
}
