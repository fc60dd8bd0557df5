import type { MessageChannel, Outcome } from './message.ts';

/**
 * The one table from our outcomes to Infobip's registry (infobip-api.md 6). A cell is a status id, an error id and,
 * where a channel has its own documented sentence, the status's description. Voice uses the deprecated error codes
 * (5000 and up): every report example has them.
 */
export interface Cell {
  readonly status: number;
  readonly error: number;
  readonly description?: string;
}

type Row = Readonly<Record<MessageChannel, Cell>>;

const NO_ERROR = 0;
const WAITING = 3;
const ENROUTE = 7;
const ACCEPTED = 26;
const REJECTED_BY_OPERATOR = 4;
const NOT_DELIVERED = 9;
const NOT_SENT = 31;
const NO_ANSWER = 96;
const BUSY = 97;
const CANCELLED = 98;
const TO_OPERATOR = 2;
const TO_HANDSET = 5;
const EXPIRED = 15;
const REPORT_UNKNOWN = 29;
const NO_ROUTE = 19;
const DECLINED = 99;

function cell(status: number, error: number, description?: string): Cell {
  return { status, error, ...(description === undefined ? {} : { description }) };
}

function both(status: number, error: number): Row {
  return { voice: cell(status, error), sms: cell(status, error) };
}

type Kind = Exclude<Outcome['kind'], 'answered' | 'failed' | 'rejected'>;

/** Outcomes that need no look inside. A few cannot happen on the other channel; it has the nearest row all the same. */
export const OUTCOMES: Readonly<Record<Kind, Row>> = {
  pending: {
    voice: cell(ACCEPTED, NO_ERROR),
    sms: cell(ACCEPTED, NO_ERROR, 'Message sent to next instance'),
  },
  'waiting-delivery': both(WAITING, NO_ERROR),
  enroute: both(ENROUTE, NO_ERROR),
  'delivered-to-operator': both(TO_OPERATOR, NO_ERROR),
  delivered: { voice: cell(TO_HANDSET, 5000), sms: cell(TO_HANDSET, NO_ERROR) },
  busy: { voice: cell(BUSY, 5002), sms: cell(NOT_DELIVERED, 31) },
  'no-answer': { voice: cell(NO_ANSWER, 5003), sms: cell(NOT_DELIVERED, 27) },
  cancelled: { voice: cell(CANCELLED, 5487), sms: cell(NOT_SENT, 4100) },
  declined: { voice: cell(DECLINED, 5603), sms: cell(REJECTED_BY_OPERATOR, 573) },
  expired: both(EXPIRED, 4101),
  unreachable: { voice: cell(NOT_DELIVERED, 5480), sms: cell(NOT_DELIVERED, 27) },
  'unknown-number': { voice: cell(NOT_DELIVERED, 5404), sms: cell(NOT_DELIVERED, 1) },
};

/** The registry knows a human and a machine: who is not known to be a machine counts as the former. */
export const ANSWERED: Readonly<Record<'human' | 'machine' | 'unknown', Row>> = {
  human: { voice: cell(TO_HANDSET, 5000), sms: cell(TO_HANDSET, NO_ERROR) },
  unknown: { voice: cell(TO_HANDSET, 5000), sms: cell(TO_HANDSET, NO_ERROR) },
  machine: { voice: cell(TO_HANDSET, 5001), sms: cell(TO_HANDSET, NO_ERROR) },
};

/** `failed` of which nothing else is known, or nothing that any table has. */
export const FAILED: Row = both(NOT_DELIVERED, 255);

/** SIP answers that the registry has a code of its own for, `5000 + code`; the status of each. */
const SIP_CELLS: ReadonlyMap<number, Cell> = new Map([
  [403, cell(REJECTED_BY_OPERATOR, 5403)],
  [401, cell(NOT_DELIVERED, 5407)],
  [606, cell(NOT_DELIVERED, 5488)],
  ...[400, 407, 410, 413, 414, 415, 481, 484, 488, 491, 501].map(
    code => [code, cell(NOT_DELIVERED, 5000 + code)] as const,
  ),
]);

/** A call's last SIP answer where it is no outcome of its own; see `outcomeOfSip`. Other codes go by their class. */
export function sipCell(code: number): Cell {
  const own = SIP_CELLS.get(code);
  if (own) return own;
  if (code >= 300 && code < 400) return cell(NOT_DELIVERED, 5404);
  if (code >= 400 && code < 500) return cell(NOT_DELIVERED, 5400);
  if (code >= 500 && code < 700) return cell(NOT_DELIVERED, 5503);
  return FAILED.voice;
}

/** Our own words for why a message came to nothing, as `failed.carrierCode` carries them. */
export const OWN_CODES = {
  'carrier-missing': { voice: cell(NO_ROUTE, 5503), sms: cell(NO_ROUTE, 4097) },
  'carrier-rejected': { voice: cell(NOT_SENT, 5400), sms: cell(NOT_SENT, 4097) },
  'carrier-unauthorized': { voice: cell(NOT_SENT, 5407), sms: cell(NOT_SENT, 4097) },
  'carrier-rate-limited': { voice: cell(NOT_SENT, 5503), sms: cell(NOT_SENT, 51) },
  'carrier-unreachable': { voice: cell(NOT_SENT, 5503), sms: cell(NOT_SENT, 4097) },
  'carrier-server': { voice: cell(NOT_SENT, 5503), sms: cell(NOT_SENT, 4097) },
  'carrier-protocol': { voice: cell(NOT_SENT, 5503), sms: cell(NOT_SENT, 4097) },
  'carrier-timeout': { voice: cell(NOT_SENT, 5408), sms: cell(NOT_SENT, 2048) },
  // It may have arrived: nobody knows.
  'carrier-unknown': { voice: cell(REPORT_UNKNOWN, 5408), sms: cell(REPORT_UNKNOWN, 502) },
  'no-callback': { voice: cell(REPORT_UNKNOWN, 5408), sms: cell(REPORT_UNKNOWN, 502) },
  'no-start': { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  'wrong-call': { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  'speech-failed': { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  'media-lost': { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  overtime: { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  shutdown: { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  internal: { voice: cell(NOT_DELIVERED, 5503), sms: FAILED.sms },
  'audio-download': { voice: cell(NOT_DELIVERED, 5004), sms: FAILED.sms },
  'audio-format': { voice: cell(NOT_DELIVERED, 5005), sms: FAILED.sms },
} as const satisfies Readonly<Record<string, Row>>;

/** Twilio's error codes of texts: those of status callbacks (30xxx) and of refused requests (21xxx). */
export const TWILIO_SMS_CODES: ReadonlyMap<string, Cell> = new Map([
  ['30001', cell(NOT_SENT, 51)], // queue overflow
  ['30002', cell(NOT_SENT, 433)], // account suspended
  ['30003', cell(NOT_DELIVERED, 27)], // unreachable handset
  ['30004', cell(REJECTED_BY_OPERATOR, 566)], // blocked
  ['30005', cell(NOT_DELIVERED, 1)], // unknown handset
  ['30006', cell(NOT_DELIVERED, 568)], // landline, or a carrier that cannot be reached
  ['30007', cell(REJECTED_BY_OPERATOR, 561)], // filtered
  ['30008', cell(NOT_DELIVERED, 255)], // unknown
  ['30010', cell(NOT_SENT, 4099)], // over the maximum price
  ['30017', cell(NOT_DELIVERED, 1158)], // network congestion
  ['30018', cell(REJECTED_BY_OPERATOR, 375)], // sender not registered
  ['30019', cell(25, 355)], // too long for the carrier
  ['30022', cell(REJECTED_BY_OPERATOR, 541)], // 10DLC rate limit
  ['30023', cell(REJECTED_BY_OPERATOR, 542)], // 10DLC daily cap
  ['30024', cell(REJECTED_BY_OPERATOR, 368)], // numeric sender not provisioned
  ['30027', cell(REJECTED_BY_OPERATOR, 542)], // T-Mobile's daily limit
  ['30032', cell(REJECTED_BY_OPERATOR, 488)], // toll-free number not verified
  ['30033', cell(REJECTED_BY_OPERATOR, 571)], // campaign suspended
  ['30034', cell(REJECTED_BY_OPERATOR, 572)], // number without a campaign
  ['30036', cell(EXPIRED, 4101)], // validity expired
  ['30038', cell(REJECTED_BY_OPERATOR, 561)], // body of a one-time PIN filtered
  ['30410', cell(NOT_DELIVERED, 2048)], // provider timeout
  ['30450', cell(NOT_SENT, 608)], // stopped by fraud protection
  ['21211', cell(52, 351)], // invalid destination
  ['21408', cell(6, 592)], // region not enabled
  ['21606', cell(11, 368)], // the sender is not ours
  ['21610', cell(10, 603)], // the recipient opted out
  ['21612', cell(NO_ROUTE, 597)], // no such sender to such a destination
  ['21614', cell(52, 568)], // not a mobile number
  ['21617', cell(25, 355)], // body too long
]);

/** Errors of rejections that have one; the others have "No Error". */
const REJECTION_ERRORS: ReadonlyMap<number, number> = new Map([
  [6, 592],
  [8, 352],
  [10, 2050],
  [11, 368],
  [12, 4099],
  [13, 2053],
  [14, 2052],
  [19, 597],
  [20, 4103],
  [21, 255],
  [25, 355],
  [51, 351],
  [52, 351],
  [100, 255],
]);
/** Where a voice message's differs; what was wrong with its request (53 to 91) is a bad request but for these. */
const VOICE_REJECTION_ERRORS: ReadonlyMap<number, number> = new Map([
  [52, 5404],
  [53, 5004],
  [99, 5603],
]);

/** The error that goes with a rejection's status. */
export function rejectionError(channel: MessageChannel, statusId: number, statusName: string): number {
  if (statusName === 'SIGNALS_BLOCKED') return 608;
  const general = REJECTION_ERRORS.get(statusId);
  if (channel === 'sms') return general ?? NO_ERROR;
  const isRequest = statusId >= 53 && statusId <= 91;
  return VOICE_REJECTION_ERRORS.get(statusId) ?? general ?? (isRequest ? 5400 : NO_ERROR);
}
