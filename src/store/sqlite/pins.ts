import type { DatabaseSync } from 'node:sqlite';

import type { CallRef, PinId, PinRecord } from '../../domain/types.ts';
import type {
  AddDelivery,
  AddDeliveryResult,
  CreatePin,
  CreatePinResult,
  LimitHit,
  VerificationFilter,
  VerificationRow,
} from '../store.ts';
import { newPinRecord } from '../new-records.ts';
import type { AddPinMessage, CreatePinMessage, CreatePinMessageResult } from '../pin-message-store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Outbox } from './outbox.ts';
import type { PinMessages } from './pin-messages.ts';
import type { PlanRuns } from './plan-runs.ts';
import { optionalInteger, pinFromRow, text } from './rows.ts';
import type { SendLimiter } from './send-limiter.ts';
import type { Timers } from './timers.ts';

export interface PinDeps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly sendLimits: SendLimiter;
  readonly runs: PlanRuns;
  readonly deliveries: Deliveries;
  readonly messages: PinMessages;
  readonly timers: Timers;
  readonly outbox: Outbox;
}

/** Sending: a PIN with its first delivery, or a further delivery of it, under both send limits. */
export function createPins(deps: PinDeps) {
  const { db, now, sendLimits, runs, deliveries, messages, timers, outbox } = deps;
  // By position: named parameters cost three times as much, and each send pays.
  const insert = db.prepare(`
    INSERT INTO pin (pin_id, application_id, message_id, number, pin_type, pin_length, seed, key_id, step, created_at,
      expires_at, attempts_allowed, allow_multiple)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const find = db.prepare('SELECT * FROM pin WHERE pin_id = ?');
  const supersede = db.prepare(`
    UPDATE pin SET state = 'superseded', seed = NULL
    WHERE number = $to AND +application_id = $application AND seed IS NOT NULL AND expires_at > $now
    RETURNING pin_id, verified_at, EXISTS (SELECT 1 FROM plan_run WHERE plan_run.pin = pin.seq) AS has_run`);
  const list = db.prepare(`
    SELECT verified_at, sent_at FROM pin WHERE number = $to AND +application_id = $application
      AND ($verified IS NULL OR (verified_at IS NOT NULL) = $verified)
      AND ($sent IS NULL OR (sent_at IS NOT NULL) = $sent)
    ORDER BY seq DESC`);

  const get = (id: PinId): PinRecord | undefined => {
    const row = find.get(id);
    return row && pinFromRow(row);
  };

  /** Earlier PINs of the number die. One that was verified before has come to its end already, and says nothing more. */
  function supersedeOthers({ applicationId, to }: Pick<PinRecord, 'applicationId' | 'to'>, at: number): void {
    const rows = supersede.all({ $to: to, $application: applicationId, $now: at });
    const ended = rows.filter(row => row['has_run'] === 1 && row['verified_at'] === null);
    outbox.emit(
      ended.map(row => {
        const pinId = text(row['pin_id']);
        return {
          id: `verification-superseded-${pinId}`,
          type: 'verification.superseded',
          data: { pinId, applicationId, to, at },
        };
      }),
    );
  }

  /** The PIN under its limits, and what brings it. */
  function create<Brought>(
    request: Omit<CreatePin, 'delivery'>,
    bring: () => { brought: Brought; ref: CallRef },
  ): { pin: PinRecord; brought: Brought } | LimitHit {
    const { pin, limits } = request;
    const hit = sendLimits.admit(pin, limits);
    if (hit) return hit;
    const at = now();
    if (request.supersede) supersedeOthers(pin, at);
    const record = newPinRecord(pin, at);
    const { lastInsertRowid } = insert.run(
      pin.pinId,
      pin.applicationId,
      pin.messageId,
      pin.to,
      pin.pinType,
      pin.pinLength,
      pin.seed,
      pin.keyId,
      pin.step,
      at,
      record.expiresAt,
      pin.attemptsAllowed,
      pin.allowMultiple ? 1 : 0,
    );
    const { brought, ref } = bring();
    if (request.run) runs.insert(lastInsertRowid, request.run, ref);
    write(request);
    return { pin: record, brought };
  }

  /** A PIN that is still alive, counted once more. */
  function livePin({
    pinId,
    limits,
  }: Pick<AddDelivery, 'pinId' | 'limits'>): PinRecord | LimitHit | { outcome: 'dead' } {
    const pin = get(pinId);
    // Whatever ended a PIN erased its seed, expiry alone waits for the sweep.
    if (!pin?.seed || pin.expiresAt <= now()) return { outcome: 'dead' };
    return sendLimits.admit(pin, limits) ?? pin;
  }

  function write(request: Pick<CreatePin, 'timers' | 'events'>): void {
    timers.arm(request.timers);
    outbox.emit(request.events);
  }

  return {
    get,

    create(request: CreatePin): CreatePinResult {
      const created = create(request, () => {
        const brought = deliveries.insert(request.delivery);
        return { brought, ref: brought.callRef };
      });
      if ('outcome' in created) return created;
      return { outcome: 'created', pin: created.pin, delivery: created.brought };
    },

    addDelivery(request: AddDelivery): AddDeliveryResult {
      const pin = livePin(request);
      if ('outcome' in pin) return pin;
      const delivery = deliveries.insert(request.delivery);
      write(request);
      return { outcome: 'created', pin, delivery };
    },

    createMessage(request: CreatePinMessage): CreatePinMessageResult {
      const created = create(request, () => {
        const brought = messages.insert(request.message);
        return { brought, ref: brought.ref };
      });
      if ('outcome' in created) return created;
      return { outcome: 'created', pin: created.pin, message: created.brought };
    },

    addMessage(request: AddPinMessage): CreatePinMessageResult | { outcome: 'dead' } {
      const pin = livePin(request);
      if ('outcome' in pin) return pin;
      const message = messages.insert(request.message);
      write(request);
      return { outcome: 'created', pin, message };
    },

    listVerifications(filter: VerificationFilter): VerificationRow[] {
      const rows = list.all({
        $application: filter.applicationId,
        $to: filter.to,
        $verified: flag(filter.verified),
        $sent: flag(filter.sent),
      });
      return rows.map(row => {
        const verifiedAt = optionalInteger(row['verified_at']);
        const sentAt = optionalInteger(row['sent_at']);
        return { to: filter.to, verified: verifiedAt !== undefined, verifiedAt, sentAt };
      });
    },
  };
}

export type Pins = ReturnType<typeof createPins>;

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}
