import type { DatabaseSync } from 'node:sqlite';

import type { PinId, PinRecord } from '../../domain/types.ts';
import type {
  AddDelivery,
  AddDeliveryResult,
  CreatePin,
  CreatePinResult,
  LimitHit,
  SendLimits,
  VerificationFilter,
  VerificationRow,
} from '../store.ts';
import type { AddPinMessage, CreatePinMessage, CreatePinMessageResult } from '../pin-message-store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Outbox } from './outbox.ts';
import type { PinMessages } from './pin-messages.ts';
import { optionalInteger, pinFromRow } from './rows.ts';
import type { Timers } from './timers.ts';
import { windowKey, type Windows } from './windows.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly windows: Windows;
  readonly deliveries: Deliveries;
  readonly messages: PinMessages;
  readonly timers: Timers;
  readonly outbox: Outbox;
}

/** Sending: a PIN with its first delivery, or a further delivery of it, under both send limits. */
export function createPins({ db, now, windows, deliveries, messages, timers, outbox }: Deps) {
  const insert = db.prepare(`
    INSERT INTO pin (pin_id, application_id, message_id, number, pin_type, pin_length, seed, key_id, step, created_at,
      expires_at, attempts_allowed, allow_multiple)
    VALUES ($pin, $application, $message, $to, $type, $length, $seed, $key, $step, $now, $expires, $attempts, $multiple)`);
  const find = db.prepare('SELECT * FROM pin WHERE pin_id = ?');
  const supersede = db.prepare(`
    UPDATE pin SET state = 'superseded', seed = NULL
    WHERE application_id = ? AND number = ? AND seed IS NOT NULL AND expires_at > ?`);
  const list = db.prepare(`
    SELECT verified_at, sent_at FROM pin WHERE application_id = $application AND number = $to
      AND ($verified IS NULL OR (verified_at IS NOT NULL) = $verified)
      AND ($sent IS NULL OR (sent_at IS NOT NULL) = $sent)
    ORDER BY seq DESC`);

  const get = (id: PinId): PinRecord | undefined => {
    const row = find.get(id);
    return row && pinFromRow(row);
  };

  /** Counts one send against both limits, or against neither; where both are hit, names the one that frees last. */
  function admit(pin: Pick<PinRecord, 'applicationId' | 'to'>, limits: SendLimits): LimitHit | undefined {
    const at = now();
    const application = windowKey.application(pin.applicationId);
    const number = windowKey.number(pin.applicationId, pin.to);
    const applicationWait = windows.wait(application, limits.perApplication, at);
    const numberWait = windows.wait(number, limits.perNumber, at);
    const retryAfterMs = Math.max(applicationWait, numberWait);
    if (retryAfterMs > 0) {
      const limit = applicationWait > numberWait ? 'application' : 'number';
      return { outcome: 'limited', limit, retryAfterMs };
    }
    windows.add(application, limits.perApplication, at);
    windows.add(number, limits.perNumber, at);
    return undefined;
  }

  /** The PIN under its limits; who calls it writes what brings it. */
  function insertPin({
    pin,
    limits,
    supersede: kill,
  }: Pick<CreatePin, 'pin' | 'limits' | 'supersede'>): PinRecord | LimitHit {
    const hit = admit(pin, limits);
    if (hit) return hit;
    const at = now();
    if (kill) supersede.run(pin.applicationId, pin.to, at);
    const record = newRecord(pin, at);
    insert.run({
      $pin: pin.pinId,
      $application: pin.applicationId,
      $message: pin.messageId,
      $to: pin.to,
      $type: pin.pinType,
      $length: pin.pinLength,
      $seed: pin.seed,
      $key: pin.keyId,
      $step: pin.step,
      $now: at,
      $expires: record.expiresAt,
      $attempts: pin.attemptsAllowed,
      $multiple: pin.allowMultiple ? 1 : 0,
    });
    return record;
  }

  /** A PIN that is still alive, counted once more. */
  function livePin({
    pinId,
    limits,
  }: Pick<AddDelivery, 'pinId' | 'limits'>): PinRecord | LimitHit | { outcome: 'dead' } {
    const pin = get(pinId);
    // Whatever ended a PIN erased its seed, expiry alone waits for the sweep.
    if (!pin?.seed || pin.expiresAt <= now()) return { outcome: 'dead' };
    return admit(pin, limits) ?? pin;
  }

  function write(request: Pick<CreatePin, 'timers' | 'events'>): void {
    timers.arm(request.timers);
    outbox.emit(request.events);
  }

  return {
    get,

    create(request: CreatePin): CreatePinResult {
      const pin = insertPin(request);
      if ('outcome' in pin) return pin;
      const delivery = deliveries.insert(request.delivery);
      write(request);
      return { outcome: 'created', pin, delivery };
    },

    addDelivery(request: AddDelivery): AddDeliveryResult {
      const pin = livePin(request);
      if ('outcome' in pin) return pin;
      const delivery = deliveries.insert(request.delivery);
      write(request);
      return { outcome: 'created', pin, delivery };
    },

    createMessage(request: CreatePinMessage): CreatePinMessageResult {
      const pin = insertPin(request);
      if ('outcome' in pin) return pin;
      const message = messages.insert(request.message);
      write(request);
      return { outcome: 'created', pin, message };
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

function newRecord(pin: CreatePin['pin'], at: number): PinRecord {
  return {
    pinId: pin.pinId,
    applicationId: pin.applicationId,
    messageId: pin.messageId,
    to: pin.to,
    pinType: pin.pinType,
    pinLength: pin.pinLength,
    seed: pin.seed,
    keyId: pin.keyId,
    step: pin.step,
    createdAt: at,
    expiresAt: at + Math.ceil(pin.expiresInMs),
    attemptsAllowed: pin.attemptsAllowed,
    attemptsUsed: 0,
    allowMultiple: pin.allowMultiple,
    state: 'active',
    verifiedAt: undefined,
    sentAt: undefined,
  };
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}
