import { PIN_MESSAGE_STATES, type PinMessage } from '../../domain/pin-message.ts';
import {
  DELIVERY_STATES,
  type ApplicationId,
  type Delivery,
  type Destination,
  type PinId,
  type PinRecord,
} from '../../domain/types.ts';
import type { NewPinMessage } from '../pin-message-store.ts';
import type { CreatePin, NewDelivery } from '../store.ts';
import type { Fields, Reply } from './script.ts';

/**
 * Hashes to records and back. What never changes is one field, `info`, as JSON; what the scripts look at or change are fields
 * of their own. A field that is not there has the value with which everything begins.
 */

/** A reply of HGETALL in a script, with what it changed afterwards. Undefined: there is no such record. */
export function fieldsOf(flat: Reply | undefined, changes?: Reply): Fields | undefined {
  const fields: Record<string, string> = {};
  for (const part of [flat, changes]) {
    const list = (part ?? []) as readonly Reply[];
    for (let n = 0; n + 1 < list.length; n += 2) fields[String(list[n])] = String(list[n + 1]);
  }
  return fields['created'] === undefined ? undefined : fields;
}

export function pinInfo({ messageId, pinType, pinLength, keyId, step }: CreatePin['pin']): string {
  return JSON.stringify({ messageId, pinType, pinLength, keyId, step });
}

export function pinFromFields(pinId: PinId, fields: Fields): PinRecord {
  const info = JSON.parse(text(fields['info'])) as Pick<
    PinRecord,
    'messageId' | 'pinType' | 'pinLength' | 'keyId' | 'step'
  >;
  const seed = fields['seed'];
  return {
    ...info,
    pinId,
    applicationId: text(fields['app']) as ApplicationId,
    to: text(fields['to']) as Destination,
    seed: seed === undefined ? undefined : Buffer.from(seed, 'base64'),
    createdAt: Number(fields['created']),
    expiresAt: Number(fields['expires']),
    attemptsAllowed: Number(fields['allowed']),
    attemptsUsed: Number(fields['used'] ?? 0),
    allowMultiple: fields['multiple'] === '1',
    state: (fields['state'] ?? 'active') as PinRecord['state'],
    verifiedAt: optionalNumber(fields['verified']),
    sentAt: optionalNumber(fields['sent']),
  };
}

/** Everything of a new delivery but its PIN, which the scripts need. */
export function deliveryInfo(delivery: NewDelivery): string {
  const { callRef, applicationId, messageRef, channel, carrier, to, from, script } = delivery;
  return JSON.stringify({ callRef, applicationId, messageRef, channel, carrier, to, from, script });
}

export function newDeliveryRecord(delivery: NewDelivery, at: number): Delivery {
  const { callRef, pinId, applicationId, messageRef, channel, carrier, to, from, script } = delivery;
  return {
    callRef,
    pinId,
    applicationId,
    ...(messageRef !== undefined && { messageRef }),
    channel,
    carrier,
    to,
    from,
    script,
    state: 'dialing',
    carrierCallId: undefined,
    dials: 1,
    answeredAt: undefined,
    report: undefined,
    dialog: undefined,
    createdAt: at,
    updatedAt: at,
  };
}

export function deliveryFromFields(fields: Fields): Delivery {
  const info = JSON.parse(text(fields['info'])) as Omit<NewDelivery, 'pinId'>;
  const pin = fields['pin'];
  return {
    ...info,
    applicationId: info.applicationId,
    pinId: pin === undefined || pin === '' ? undefined : (pin as PinId),
    state: DELIVERY_STATES[Number(fields['state'] ?? 0)] ?? 'dialing',
    carrierCallId: fields['carrier'],
    dials: Number(fields['dials'] ?? 1),
    answeredAt: optionalNumber(fields['answered']),
    report: fields['report'] === undefined ? undefined : (JSON.parse(fields['report']) as Delivery['report']),
    dialog: fields['dialog'],
    createdAt: Number(fields['created']),
    updatedAt: Number(fields['updated'] ?? fields['created']),
  };
}

export function pinMessageInfo(message: NewPinMessage): string {
  const { ref, applicationId, channel, carrier, to, from, content } = message;
  return JSON.stringify({ ref, applicationId, channel, carrier, to, from, content });
}

export function newPinMessageRecord(message: NewPinMessage, at: number): PinMessage {
  const { ref, pinId, applicationId, channel, carrier, to, from, content } = message;
  return {
    ref,
    pinId,
    applicationId,
    channel,
    carrier,
    to,
    from,
    content,
    state: 'sending',
    carrierMessageId: undefined,
    tries: 1,
    report: undefined,
    createdAt: at,
    updatedAt: at,
  };
}

export function pinMessageFromFields(fields: Fields): PinMessage {
  const info = JSON.parse(text(fields['info'])) as Omit<NewPinMessage, 'pinId'>;
  return {
    ...info,
    pinId: text(fields['pin']) as PinId,
    state: PIN_MESSAGE_STATES[Number(fields['state'] ?? 0)] ?? 'sending',
    carrierMessageId: fields['carrier'],
    tries: Number(fields['tries'] ?? 1),
    report:
      fields['report'] === undefined ? undefined : (JSON.parse(fields['report']) as PinMessage['report']),
    createdAt: Number(fields['created']),
    updatedAt: Number(fields['updated'] ?? fields['created']),
  };
}

export function optionalNumber(field: Reply | undefined): number | undefined {
  return field === undefined || field === null ? undefined : Number(field);
}

function text(field: string | undefined): string {
  return field ?? '';
}
