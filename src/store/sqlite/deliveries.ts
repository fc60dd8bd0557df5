import type { DatabaseSync } from 'node:sqlite';

import { DELIVERY_STATES, type CallRef, type Delivery, type PinId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { MessageStep } from '../message-store.ts';
import { newDeliveryRecord } from '../new-records.ts';
import type { NewDelivery, NewTimer, Transition } from '../store.ts';
import type { Outbox } from './outbox.ts';
import { deliveryFromRow, integer, stillWanted, text } from './rows.ts';
import type { Timers } from './timers.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly messageSteps: (step: MessageStep) => unknown;
}

/** Deliveries: the lattice of a call's states, redials, and the one-use tokens of its media socket. */
export function createDeliveries({ db, now, timers, outbox, messageSteps }: Deps) {
  // By position, as in pins.ts.
  const insert = db.prepare(`
    INSERT INTO delivery (call_ref, pin_id, application_id, message_ref, channel, carrier, number, caller, script,
      created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const find = db.prepare('SELECT * FROM delivery WHERE call_ref = ?');
  const ofPin = db.prepare('SELECT * FROM delivery WHERE call_ref = ? AND pin_id = ?');
  const allOf = db.prepare('SELECT * FROM delivery WHERE pin_id = ? ORDER BY seq');
  const liveOf = db.prepare(
    "SELECT call_ref FROM delivery WHERE pin_id = ? AND state <> 'ended' ORDER BY seq",
  );
  const update = db.prepare(`
    UPDATE delivery SET state = $state, carrier_call_id = $carrierCallId, answered_at = $answeredAt, report = $report,
      dialog = $dialog, updated_at = $now WHERE call_ref = $ref`);
  const markSent = db.prepare('UPDATE pin SET sent_at = ? WHERE pin_id = ? AND sent_at IS NULL');
  const redial = db.prepare(`
    UPDATE delivery SET dials = dials + 1, updated_at = ?
    WHERE call_ref = ? AND state = 'dialing' AND carrier_call_id IS NULL AND dials = ?
      AND ${stillWanted('delivery')}`);
  const dropToken = db.prepare('DELETE FROM media_token WHERE call_ref = ?');
  const insertToken = db.prepare(
    'INSERT INTO media_token (token_hash, call_ref, expires_at) VALUES (?, ?, ?)',
  );
  const findToken = db.prepare('SELECT call_ref, expires_at FROM media_token WHERE token_hash = ?');
  const spendToken = db.prepare('DELETE FROM media_token WHERE token_hash = ?');

  const get = (ref: CallRef): Delivery | undefined => {
    const row = find.get(ref);
    return row && deliveryFromRow(row);
  };

  function insertNew(delivery: NewDelivery): Delivery {
    const { callRef, pinId, applicationId, messageRef, channel, carrier, to, from, script } = delivery;
    const at = now();
    insert.run(
      callRef,
      pinId ?? null,
      applicationId ?? null,
      messageRef ?? null,
      channel,
      carrier,
      to,
      from,
      JSON.stringify(script),
      at,
      at,
    );
    return newDeliveryRecord(delivery, at);
  }

  /**
   * A state moves up or not at all. Two things are taken even from a step that does not apply, because they say nothing
   * about order: the carrier's id while none is known, and the saved dialogue.
   */
  function transition(request: Transition): { applied: boolean; delivery: Delivery | undefined } {
    const before = get(request.ref);
    if (!before) return { applied: false, delivery: undefined };
    const at = now();
    const applied = DELIVERY_STATES.indexOf(request.to) > DELIVERY_STATES.indexOf(before.state);
    const state = applied ? request.to : before.state;
    const report = applied ? (request.report ?? before.report) : before.report;
    const answered = applied && request.to === 'answered' ? at : report?.answeredAt;
    const after: Delivery = {
      ...before,
      state,
      carrierCallId: before.carrierCallId ?? request.carrierCallId,
      answeredAt: before.answeredAt ?? answered,
      report,
      dialog: request.dialog ?? before.dialog,
      updatedAt: at,
    };
    const changed = applied || after.carrierCallId !== before.carrierCallId || after.dialog !== before.dialog;
    if (!changed) return { applied, delivery: before };
    update.run({
      $ref: request.ref,
      $state: after.state,
      $carrierCallId: after.carrierCallId ?? null,
      $answeredAt: after.answeredAt ?? null,
      $report: after.report ? JSON.stringify(after.report) : null,
      $dialog: after.dialog ?? null,
      $now: at,
    });
    if (handedOver(after) && after.pinId !== undefined) markSent.run(at, after.pinId);
    if (applied) {
      timers.cancel(request.cancel ?? []);
      timers.arm(request.arm ?? []);
      outbox.emit(request.events ?? []);
      if (request.message) messageSteps(request.message);
    }
    return { applied, delivery: after };
  }

  return {
    get,
    insert: insertNew,
    transition,

    /** A delivery by reference, if it belongs to that PIN. */
    ofPin(ref: CallRef, pinId: PinId): Delivery | undefined {
      const row = ofPin.get(ref, pinId);
      return row && deliveryFromRow(row);
    },

    /** All of a PIN, oldest first. */
    allOf: (pinId: PinId): Delivery[] => allOf.all(pinId).map(deliveryFromRow),

    /** Those of a PIN that are not over. */
    liveOf: (pinId: PinId): CallRef[] => liveOf.all(pinId).map(row => text(row['call_ref']) as CallRef),

    claimRedial(request: {
      ref: CallRef;
      expectedDials: number;
      arm?: readonly NewTimer[];
    }): Delivery | undefined {
      if (redial.run(now(), request.ref, request.expectedDials).changes === 0) return undefined;
      timers.arm(request.arm ?? []);
      return get(request.ref);
    },

    issueToken(request: { ref: CallRef; tokenHash: string; expiresInMs: number }): void {
      if (!find.get(request.ref)) throw new ServiceError('notFound');
      dropToken.run(request.ref);
      insertToken.run(request.tokenHash, request.ref, now() + Math.ceil(request.expiresInMs));
    },

    hasToken(tokenHash: string): boolean {
      return findToken.get(tokenHash) !== undefined;
    },

    redeemToken(tokenHash: string): Delivery | undefined {
      const token = findToken.get(tokenHash);
      if (!token) return undefined;
      spendToken.run(tokenHash);
      return integer(token['expires_at']) > now() ? get(text(token['call_ref']) as CallRef) : undefined;
    },
  };
}

/** Ended without the carrier ever naming the call: it was never handed over. */
function handedOver(delivery: Delivery): boolean {
  if (delivery.carrierCallId !== undefined) return true;
  return delivery.state !== 'dialing' && delivery.state !== 'ended';
}

export type Deliveries = ReturnType<typeof createDeliveries>;
