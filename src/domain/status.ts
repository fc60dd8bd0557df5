import type { MessageChannel, MessageFace, Outcome } from './message.ts';
import {
  ANSWERED,
  type Cell,
  FAILED,
  OUTCOMES,
  OWN_CODES,
  rejectionError,
  sipCell,
  TWILIO_SMS_CODES,
} from './outcome-table.ts';
import { outcomeOfSip } from './call-outcome.ts';
import {
  errorRow,
  type InfobipError,
  type InfobipStatus,
  known,
  type StatusGroup,
  statusRow,
} from './status-registry.ts';

/** What became of a message, in Infobip's terms. The tables are in `outcome-table.ts`, the rows in the registry. */

export { outcomeOfCall, outcomeOfSip } from './call-outcome.ts';
export {
  type ErrorGroup,
  errorRow,
  type InfobipError,
  type InfobipStatus,
  type StatusGroup,
  statusRow,
} from './status-registry.ts';

export interface InfobipResult {
  readonly status: InfobipStatus;
  readonly error: InfobipError;
}

/** Why a request or a destination was refused: every status of group 5 that we give ourselves. */
export const REJECTIONS = {
  REJECTED_NETWORK: 6,
  REJECTED_PREFIX_MISSING: 8,
  REJECTED_DND: 10,
  REJECTED_SOURCE: 11,
  REJECTED_NOT_ENOUGH_CREDITS: 12,
  REJECTED_SENDER: 13,
  REJECTED_DESTINATION_BLOCKLISTED: 14,
  REJECTED_DESTINATION_NOT_REGISTERED: 18,
  REJECTED_ROUTE_NOT_AVAILABLE: 19,
  REJECTED_FLOODING_FILTER: 20,
  REJECTED_SYSTEM_ERROR: 21,
  REJECTED_DUPLICATE_MESSAGE_ID: 23,
  REJECTED_INVALID_UDH: 24,
  REJECTED_MESSAGE_TOO_LONG: 25,
  MISSING_TO: 51,
  REJECTED_DESTINATION: 52,
  REJECTED_INVALID_AUDIO_FILE_URL: 53,
  REJECTED_UNSUPPORTED_LANGUAGE: 54,
  REJECTED_MESSAGE_IS_EMPTY: 55,
  REJECTED_INVALID_NOTIFY_URL: 56,
  REJECTED_INVALID_NOTIFY_CONTENT_TYPE: 57,
  REJECTED_INVALID_DTMF_SIGN: 58,
  REJECTED_INVALID_DTMF_TIMEOUT: 59,
  REJECTED_INVALID_RING_TIMEOUT: 60,
  REJECTED_INVALID_CALL_TIMEOUT: 61,
  REJECTED_INVALID_MACHINE_DETECTION: 62,
  REJECTED_INVALID_ACTIONS: 63,
  REJECTED_INVALID_ACTION_GROUPS: 64,
  REJECTED_MACHINE_DETECTION_DISABLED: 83,
  REJECTED_INVALID_DELIVERY_TIME_WINDOW: 87,
  SIGNALS_BLOCKED: 87,
  REJECTED_INVALID_SSML: 91,
  UNDELIVERABLE_REJECTED_PLATFORM: 100,
} as const;
export type RejectionName = keyof typeof REJECTIONS;

/** A rejection by its name in the registry, for `SubmitMessage.rejection` and the engine's own. */
export function rejection(name: RejectionName): Extract<Outcome, { kind: 'rejected' }> {
  return { kind: 'rejected', statusId: REJECTIONS[name], statusName: name };
}

/**
 * The `status` and `error` objects of an outcome.
 * @param ok how `error.groupName` of "No Error" is spelled; see {@link okSpelling}
 */
export function infobipResult(
  outcome: Outcome,
  channel: MessageChannel,
  ok: 'OK' | 'Ok' = 'OK',
): InfobipResult {
  if (outcome.kind === 'rejected') {
    const status = rejectedStatus(outcome.statusId, outcome.statusName);
    return { status, error: spelled(rejectionError(channel, status.id, status.name), ok) };
  }
  const { status: id, error, description } = cellOf(outcome, channel);
  const status = known(statusRow(id));
  return {
    status: description === undefined ? status : { ...status, description },
    error: spelled(error, ok),
  };
}

/** SMS v1/v2 (and number lookup) write `Ok`, the others `OK` (infobip-api.md 5.3 and 5.4). */
export function okSpelling(face: MessageFace): 'OK' | 'Ok' {
  return face === 'sms2' ? 'Ok' : 'OK';
}

/** The group, as the `generalStatus` filter of logs names it. */
export function generalStatusOf(outcome: Outcome, channel: MessageChannel): StatusGroup {
  return infobipResult(outcome, channel).status.groupName;
}

/**
 * Whether nothing more will be heard of it. Infobip counts DELIVERED_TO_OPERATOR as intermediate, although its group
 * is DELIVERED.
 */
export function isFinal(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'pending':
    case 'waiting-delivery':
    case 'enroute':
    case 'delivered-to-operator':
      return false;
    default:
      return true;
  }
}

/** `callStatus` of the 2FA answers: a general status name such as PENDING_ACCEPTED (infobip-api.md 2.6). */
export function callStatusName(outcome: Outcome): string {
  return infobipResult(outcome, 'voice').status.name;
}

function cellOf(outcome: Exclude<Outcome, { kind: 'rejected' }>, channel: MessageChannel): Cell {
  if (outcome.kind === 'answered') return ANSWERED[outcome.by][channel];
  if (outcome.kind !== 'failed') return OUTCOMES[outcome.kind][channel];
  const { sipCode, carrierCode } = outcome;
  if (channel === 'voice' && sipCode !== undefined) {
    const meant = outcomeOfSip(sipCode);
    return meant.kind === 'failed' ? sipCell(sipCode) : OUTCOMES[meant.kind].voice;
  }
  if (carrierCode === undefined) return FAILED[channel];
  if (isOwnCode(carrierCode)) return OWN_CODES[carrierCode][channel];
  const carriers = channel === 'sms' ? TWILIO_SMS_CODES.get(carrierCode) : undefined;
  return carriers ?? FAILED[channel];
}

function isOwnCode(code: string): code is keyof typeof OWN_CODES {
  return Object.hasOwn(OWN_CODES, code);
}

/** A status that a stored record names and the registry does not have must not stop its whole report. */
function rejectedStatus(id: number, name: string): InfobipStatus {
  return statusRow(id, name, 5) ?? statusRow(id, name) ?? known(statusRow(REJECTIONS.REJECTED_SYSTEM_ERROR));
}

function spelled(errorId: number, ok: 'OK' | 'Ok'): InfobipError {
  const error = known(errorRow(errorId));
  return error.groupName === 'OK' && ok === 'Ok' ? { ...error, groupName: ok } : error;
}
