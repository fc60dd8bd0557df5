import type { DatabaseSync } from 'node:sqlite';

import { PIN_MESSAGE_STATES, type PinMessage } from '../../domain/pin-message.ts';
import type { ApplicationId, CallRef, Destination, PinId } from '../../domain/types.ts';
import { newPinMessageRecord } from '../new-records.ts';
import type { NewPinMessage, PinMessageStep } from '../pin-message-store.ts';
import type { NewTimer } from '../store.ts';
import type { Outbox } from './outbox.ts';
import { integer, optionalText, stillWanted, text, type Row } from './rows.ts';
import type { Timers } from './timers.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly timers: Timers;
  readonly outbox: Outbox;
}

/** A PIN's texts and mails. */
export function createPinMessages({ db, now, timers, outbox }: Deps) {
  const insert = db.prepare(`
    INSERT INTO pin_message (ref, pin_id, application_id, channel, carrier, recipient, sender, content, created_at, updated_at)
    VALUES ($ref, $pin, $application, $channel, $carrier, $to, $from, $content, $now, $now)`);
  const find = db.prepare('SELECT * FROM pin_message WHERE ref = ?');
  const allOf = db.prepare('SELECT * FROM pin_message WHERE pin_id = ? ORDER BY seq');
  const update = db.prepare(`
    UPDATE pin_message SET state = $state, carrier_message_id = $id, report = $report, updated_at = $now WHERE ref = $ref`);
  const markSent = db.prepare('UPDATE pin SET sent_at = ? WHERE pin_id = ? AND sent_at IS NULL');
  const claim = db.prepare(`
    UPDATE pin_message SET tries = tries + 1, updated_at = ?
    WHERE ref = ? AND state = 'sending' AND carrier_message_id IS NULL AND tries = ?
      AND ${stillWanted('pin_message')}`);

  const get = (ref: CallRef): PinMessage | undefined => {
    const row = find.get(ref);
    return row && fromRow(row);
  };

  return {
    get,

    /** All of a PIN, oldest first. */
    allOf: (pinId: PinId): PinMessage[] => allOf.all(pinId).map(fromRow),

    insert(message: NewPinMessage): PinMessage {
      const at = now();
      insert.run({
        $ref: message.ref,
        $pin: message.pinId,
        $application: message.applicationId,
        $channel: message.channel,
        $carrier: message.carrier,
        $to: message.to,
        $from: message.from,
        $content: JSON.stringify(message.content),
        $now: at,
      });
      return newPinMessageRecord(message, at);
    },

    step(step: PinMessageStep): { applied: boolean; message: PinMessage | undefined } {
      const before = get(step.ref);
      if (!before) return { applied: false, message: undefined };
      const at = now();
      const applied = PIN_MESSAGE_STATES.indexOf(step.to) > PIN_MESSAGE_STATES.indexOf(before.state);
      const carrierMessageId = before.carrierMessageId ?? step.carrierMessageId;
      if (!applied && carrierMessageId === before.carrierMessageId) return { applied, message: before };
      const message: PinMessage = {
        ...before,
        state: applied ? step.to : before.state,
        carrierMessageId,
        report: applied ? (step.report ?? before.report) : before.report,
        updatedAt: at,
      };
      update.run({
        $ref: step.ref,
        $state: message.state,
        $id: message.carrierMessageId ?? null,
        $report: message.report ? JSON.stringify(message.report) : null,
        $now: at,
      });
      if (carrierMessageId !== undefined) markSent.run(at, before.pinId);
      if (applied) {
        timers.cancel(step.cancel ?? []);
        timers.arm(step.arm ?? []);
        outbox.emit(step.events ?? []);
      }
      return { applied, message };
    },

    claim(request: {
      ref: CallRef;
      expectedTries: number;
      arm: readonly NewTimer[];
    }): PinMessage | undefined {
      if (claim.run(now(), request.ref, request.expectedTries).changes === 0) return undefined;
      timers.arm(request.arm);
      return get(request.ref);
    },
  };
}

export type PinMessages = ReturnType<typeof createPinMessages>;

function fromRow(row: Row): PinMessage {
  return {
    ref: text(row['ref']) as CallRef,
    pinId: text(row['pin_id']) as PinId,
    applicationId: text(row['application_id']) as ApplicationId,
    channel: text(row['channel']) as PinMessage['channel'],
    carrier: text(row['carrier']),
    to: text(row['recipient']) as Destination,
    from: text(row['sender']),
    content: JSON.parse(text(row['content'])) as PinMessage['content'],
    state: text(row['state']) as PinMessage['state'],
    carrierMessageId: optionalText(row['carrier_message_id']),
    tries: integer(row['tries']),
    report: row['report'] === null ? undefined : (JSON.parse(text(row['report'])) as PinMessage['report']),
    createdAt: integer(row['created_at']),
    updatedAt: integer(row['updated_at']),
  };
}
