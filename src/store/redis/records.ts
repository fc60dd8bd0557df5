import { PIN_MESSAGE_STATES, type PinMessage } from '../../domain/pin-message.ts';
import {
  DELIVERY_STATES,
  type ApplicationId,
  type CallRef,
  type Delivery,
  type Destination,
  type PinId,
  type PinRecord,
} from '../../domain/types.ts';
import type { NewPinMessage } from '../pin-message-store.ts';
import type { CreatePin, NewDelivery } from '../store.ts';
import { shardOfId } from './keys.ts';
import type { Reply, ScriptRunner } from './script.ts';

/**
 * Texts to records and back: a line each, an empty one for what is not there. lua/include/pin.lua and bearer.lua say which is which. What
 * never changes of them is JSON.
 */

/** The second text of a new PIN: its seed, and what never changes. */
export function pinInfo({ messageId, pinType, pinLength, keyId, step, seed }: CreatePin['pin']): string {
  return `${seed.toString('base64')}\n${JSON.stringify({ messageId, pinType, pinLength, keyId, step })}`;
}

/** A new PIN's lines from `allowed` to `seed`. */
export function newPinLines({ attemptsAllowed, allowMultiple }: CreatePin['pin']): string {
  return `${attemptsAllowed}\n0\nactive\n${allowMultiple ? 1 : 0}\n\n\n\n\n1`;
}

/** @param text both of its texts, one after the other */
export function pinOf(pinId: PinId, text: string): PinRecord {
  const lines = text.split('\n');
  const line = (index: number) => lines[index] ?? '';
  const seed = line(16);
  return {
    ...(JSON.parse(line(17)) as Pick<PinRecord, 'messageId' | 'pinType' | 'pinLength' | 'keyId' | 'step'>),
    pinId,
    applicationId: line(0) as ApplicationId,
    to: line(1) as Destination,
    seed: seed === '' ? undefined : Buffer.from(seed, 'base64'),
    createdAt: Number(line(2)),
    expiresAt: Number(line(3)),
    attemptsAllowed: Number(line(4)),
    attemptsUsed: Number(line(5)),
    allowMultiple: line(7) === '1',
    state: line(6) as PinRecord['state'],
    verifiedAt: optionalNumber(line(8)),
    sentAt: optionalNumber(line(10)),
  };
}

/** What never changes of a call, but its PIN. */
export type CallRest = Omit<NewDelivery, 'pinId'>;

export function restOfCall(delivery: NewDelivery): CallRest {
  const { callRef, applicationId, messageRef, channel, carrier, to, from, script } = delivery;
  return {
    callRef,
    applicationId,
    ...(messageRef !== undefined && { messageRef }),
    channel,
    carrier,
    to,
    from,
    script,
  };
}

/** The same, as the scripts take it. */
export function deliveryInfo(delivery: NewDelivery): string {
  return JSON.stringify(restOfCall(delivery));
}

/** The second text of a call or text that is made with its PIN; it has the PIN's instant. */
export function newBearerInfo(pinId: PinId, rest: CallRest | MessageRest): string {
  return `${pinId}\n\n\n${JSON.stringify(rest)}`;
}

/** Of a call's or text's second text: what never changes, but its PIN. */
export function readRest<Rest extends CallRest | MessageRest>(info: string): Rest {
  return JSON.parse(info.slice(infoLines(info).end)) as Rest;
}

/** The first text of a call or text that nothing has changed yet: it has none. One that was made with its PIN has the instant of that. */
export async function firstLinesOf(scripts: ScriptRunner, ref: CallRef, info: string): Promise<string> {
  const { pin, created: own, made } = infoLines(info);
  const [pinText] = own === '' ? await scripts.texts(shardOfId(ref), `p:${pin}`) : [];
  const created = own === '' ? (pinText?.split('\n', 3)[2] ?? '') : own;
  return `0\n${pin}\n${created}\n${created}\n1\n\n\n\n${made}\n\n\n\n`;
}

function infoLines(info: string): { pin: string; created: string; made: string; end: number } {
  const [pin = '', created = '', made = ''] = info.split('\n', 3);
  return { pin, created, made, end: pin.length + created.length + made.length + 3 };
}

export function newDeliveryRecord(delivery: NewDelivery, at: number): Delivery {
  return {
    ...restOfCall(delivery),
    pinId: delivery.pinId,
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

export function deliveryOf(text: string, rest: CallRest): Delivery {
  const { line, carrier } = bearerLines(text);
  const [pin, report, dialog] = [line(1), line(10), line(11)];
  return {
    ...rest,
    pinId: pin === '' ? undefined : (pin as PinId),
    state: DELIVERY_STATES[Number(line(0))] ?? 'dialing',
    carrierCallId: carrier,
    dials: Number(line(4)),
    answeredAt: optionalNumber(line(5)),
    report: report === '' ? undefined : (JSON.parse(report) as Delivery['report']),
    dialog: dialog === '' ? undefined : (JSON.parse(dialog) as string),
    createdAt: Number(line(2)),
    updatedAt: Number(line(3)),
  };
}

/** The hash of a call's media token, '' without one. */
export function tokenOf(text: string): string {
  return bearerLines(text).line(7);
}

/** What never changes of a PIN's text or mail, but its PIN. */
export type MessageRest = Omit<NewPinMessage, 'pinId'>;

export function restOfMessage(message: NewPinMessage): MessageRest {
  const { ref, applicationId, channel, carrier, to, from, content } = message;
  return { ref, applicationId, channel, carrier, to, from, content };
}

export function newPinMessageRecord(message: NewPinMessage, at: number): PinMessage {
  return {
    ...restOfMessage(message),
    pinId: message.pinId,
    state: 'sending',
    carrierMessageId: undefined,
    tries: 1,
    report: undefined,
    createdAt: at,
    updatedAt: at,
  };
}

export function pinMessageOf(text: string, rest: MessageRest): PinMessage {
  const { line, carrier } = bearerLines(text);
  const report = line(10);
  return {
    ...rest,
    pinId: line(1) as PinId,
    state: PIN_MESSAGE_STATES[Number(line(0))] ?? 'sending',
    carrierMessageId: carrier,
    tries: Number(line(4)),
    report: report === '' ? undefined : (JSON.parse(report) as PinMessage['report']),
    createdAt: Number(line(2)),
    updatedAt: Number(line(3)),
  };
}

const CARRIER = 12;

/** The carrier's id comes from outside, and is all that follows the lines. */
function bearerLines(text: string): { line: (index: number) => string; carrier: string | undefined } {
  const lines = text.split('\n');
  const carrier = lines.length > CARRIER + 1 ? lines.slice(CARRIER).join('\n') : lines[CARRIER];
  return { line: index => lines[index] ?? '', carrier: carrier === '' ? undefined : carrier };
}

export function optionalNumber(field: Reply | undefined): number | undefined {
  return field === undefined || field === null || field === '' ? undefined : Number(field);
}
