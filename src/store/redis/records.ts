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
import type { CreatePin } from '../store.ts';
import type { CallRest, MessageRest } from './bearer-info.ts';
import { shardOfId } from './keys.ts';
import type { Reply, ScriptRunner } from './script.ts';

/**
 * Texts to records and back: a line each, an empty one for what is not there. lua/include/pin.lua and bearer.lua say which is which. What
 * never changes of them is JSON.
 */

/** A new PIN's lines from `allowed` on; `bearer` is what brings it first, as d:<ref>. */
export function newPinLines(pin: CreatePin['pin'], bearer: string): string {
  const { attemptsAllowed, allowMultiple, seed, messageId, pinType, pinLength, keyId, step } = pin;
  const info = JSON.stringify([messageId, pinType, pinLength, keyId, step]);
  return `${attemptsAllowed}\n0\nactive\n${allowMultiple ? 1 : 0}\n\n\n\n\n${seed.toString('base64')}\n${info}\n${bearer} `;
}

export function pinOf(pinId: PinId, text: string): PinRecord {
  const lines = text.split('\n');
  const line = (index: number) => lines[index] ?? '';
  const seed = line(13);
  const [messageId, pinType, pinLength, keyId, step] = JSON.parse(line(14)) as PinInfo;
  return {
    pinId,
    applicationId: line(0) as ApplicationId,
    messageId,
    to: line(1) as Destination,
    pinType,
    pinLength,
    seed: seed === '' ? undefined : Buffer.from(seed, 'base64'),
    keyId,
    step,
    createdAt: Number(line(2)),
    expiresAt: Number(line(3)),
    attemptsAllowed: Number(line(5)),
    attemptsUsed: Number(line(6)),
    allowMultiple: line(8) === '1',
    state: line(7) as PinRecord['state'],
    verifiedAt: optionalNumber(line(9)),
    sentAt: optionalNumber(line(11)),
  };
}

/** The first text of a call or text that nothing has changed yet: it has none. One that was made with its PIN has the instant of that. */
export async function firstLinesOf(scripts: ScriptRunner, ref: CallRef, info: string): Promise<string> {
  const [pin = '', own = '', made = ''] = info.split('\n', 3);
  const [pinText] = own === '' ? await scripts.texts(shardOfId(ref), `p:${pin}`) : [];
  const created = own === '' ? (pinText?.split('\n', 3)[2] ?? '') : own;
  return `0\n${pin}\n${created}\n${created}\n1\n\n\n\n${made}\n\n\n\n`;
}

type PinInfo = [
  messageId: PinRecord['messageId'],
  pinType: PinRecord['pinType'],
  pinLength: number,
  keyId: string,
  step: number,
];

export function deliveryOf(callRef: CallRef, text: string, rest: CallRest): Delivery {
  const { line, carrier } = bearerLines(text);
  const [pin, report, dialog] = [line(1), line(10), line(11)];
  return {
    ...rest,
    callRef,
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

export function pinMessageOf(ref: CallRef, text: string, rest: MessageRest): PinMessage {
  const { line, carrier } = bearerLines(text);
  const report = line(10);
  return {
    ...rest,
    ref,
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
