import type { PinMessage } from '../domain/pin-message.ts';
import type { Delivery, PinRecord } from '../domain/types.ts';
import type { NewPinMessage } from './pin-message-store.ts';
import type { CreatePin, NewDelivery } from './store.ts';

/** What adapters return for what they have just made, at `at` of the store's clock, as they would read it. */

export function newPinRecord(pin: CreatePin['pin'], at: number): PinRecord {
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

export function newDeliveryRecord(delivery: NewDelivery, at: number): Delivery {
  const { messageRef } = delivery;
  return {
    callRef: delivery.callRef,
    pinId: delivery.pinId,
    applicationId: delivery.applicationId,
    ...(messageRef !== undefined && { messageRef }),
    channel: delivery.channel,
    carrier: delivery.carrier,
    to: delivery.to,
    from: delivery.from,
    script: delivery.script,
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

export function newPinMessageRecord(message: NewPinMessage, at: number): PinMessage {
  return {
    ref: message.ref,
    pinId: message.pinId,
    applicationId: message.applicationId,
    channel: message.channel,
    carrier: message.carrier,
    to: message.to,
    from: message.from,
    content: message.content,
    state: 'sending',
    carrierMessageId: undefined,
    tries: 1,
    report: undefined,
    createdAt: at,
    updatedAt: at,
  };
}
