import { ServiceError } from '../../errors.ts';
import type { CallEndCause, CarrierEvent, ParsedWebhook, RawWebhook } from '../carrier.ts';
import { decodeForm } from './form.ts';
import { isForm } from './signature.ts';

/**
 * Twilio's voice webhooks as neutral events (carrier-protocols.md 1.2): the answer document's request, status
 * callbacks, Gather's action and asynchronous machine detection all carry a subset of the same fields.
 */

export const CALL_SID = /^CA[0-9a-fA-F]{32}$/;

/** CallStatus to the event it stands for; `queued` is before anything happened. */
const CALL_STATUS = {
  queued: undefined,
  initiated: { type: 'initiated' },
  ringing: { type: 'ringing' },
  'in-progress': { type: 'answered' },
  answered: { type: 'answered' },
  completed: { type: 'ended', cause: 'completed' },
  busy: { type: 'ended', cause: 'busy' },
  failed: { type: 'ended', cause: 'failed' },
  'no-answer': { type: 'ended', cause: 'no-answer' },
  canceled: { type: 'ended', cause: 'canceled' },
} as const satisfies Record<
  string,
  { type: 'initiated' | 'ringing' | 'answered' } | { type: 'ended'; cause: CallEndCause } | undefined
>;

type Who = 'human' | 'machine' | 'unknown';

/** A fax is a machine to us: nobody hears a PIN there. */
const ANSWERED_BY: Readonly<Record<string, { who: Who; greetingEnded: boolean }>> = {
  human: { who: 'human', greetingEnded: false },
  machine_start: { who: 'machine', greetingEnded: false },
  machine_end_beep: { who: 'machine', greetingEnded: true },
  machine_end_silence: { who: 'machine', greetingEnded: true },
  machine_end_other: { who: 'machine', greetingEnded: true },
  fax: { who: 'machine', greetingEnded: false },
  unknown: { who: 'unknown', greetingEnded: false },
};

/** 603 Decline, 607 Unwanted and 608 Rejected are a person's no; 403 is a network's. Twilio calls them busy or failed. */
const REJECTED_SIP = new Set([403, 603, 607, 608]);
const BUSY_SIP = new Set([486, 600]);
const ABSENT_SIP = 480;

/**
 * Strict where a field decides something (CallSid, CallStatus, AnsweredBy, Digits), lenient where it only informs
 * (Timestamp, SequenceNumber, durations, SipResponseCode: nonsense there is left out).
 * @throws ServiceError badRequest
 */
export function parseTwilioWebhook(request: RawWebhook): ParsedWebhook {
  const fields = readFields(request);
  const carrierCallId = fields.get('CallSid') ?? '';
  if (!CALL_SID.test(carrierCallId)) throw new ServiceError('badRequest');
  const at = timestamp(fields.get('Timestamp'));
  const sequence = natural(fields.get('SequenceNumber'));
  const common = {
    carrierCallId,
    ...(at === undefined ? {} : { at }),
    ...(sequence === undefined ? {} : { sequence }),
  };
  const events: CarrierEvent[] = [];
  const answeredBy = readAnsweredBy(fields);
  if (answeredBy) events.push({ ...common, type: 'answeredBy', ...answeredBy });
  const status = readStatus(fields);
  if (status?.type === 'ended') events.push({ ...common, ...endOf(fields, status.cause) });
  else if (status) events.push({ ...common, type: status.type });
  const digits = readDigits(fields);
  return {
    carrierCallId,
    events,
    ...(digits === undefined ? {} : { digits }),
    ...(answeredBy ? { answeredBy: answeredBy.who } : {}),
  };
}

/**
 * The fields of a webhook, form or query. A field given twice has no one value, and is refused.
 * @throws ServiceError badRequest
 */
export function readFields(request: RawWebhook): ReadonlyMap<string, string> {
  const pairs = request.method === 'GET' ? queryOf(request.url) : bodyOf(request);
  if (!pairs) throw new ServiceError('badRequest');
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (fields.has(name)) throw new ServiceError('badRequest');
    fields.set(name, value);
  }
  return fields;
}

function queryOf(url: string): readonly (readonly [string, string])[] {
  const start = url.indexOf('?');
  return start === -1 ? [] : [...new URLSearchParams(url.slice(start + 1))];
}

function bodyOf(request: RawWebhook): readonly (readonly [string, string])[] | undefined {
  return isForm(request) ? decodeForm(request.rawBody) : undefined;
}

function readStatus(fields: ReadonlyMap<string, string>) {
  const status = fields.get('CallStatus');
  if (status === undefined) return undefined; // asynchronous machine detection sends none
  if (!isCallStatus(status)) throw new ServiceError('badRequest');
  return CALL_STATUS[status];
}

function isCallStatus(status: string): status is keyof typeof CALL_STATUS {
  return Object.hasOwn(CALL_STATUS, status);
}

function readAnsweredBy(fields: ReadonlyMap<string, string>) {
  const word = fields.get('AnsweredBy');
  if (word === undefined || word === '') return undefined;
  const known = Object.hasOwn(ANSWERED_BY, word) ? ANSWERED_BY[word] : undefined;
  if (!known) throw new ServiceError('badRequest');
  return known;
}

/** Gather's keys, without the finish key. Empty: it timed out, or only the finish key was pressed. */
function readDigits(fields: ReadonlyMap<string, string>): string | undefined {
  const digits = fields.get('Digits');
  // `actionOnEmptyResult` posts with an empty Digits or with none; what it always has is one of these two.
  if (digits === undefined) return fields.has('FinishedOnKey') || fields.has('msg') ? '' : undefined;
  if (!/^[0-9*#A-Da-d]{0,128}$/.test(digits)) throw new ServiceError('badRequest');
  return digits.toUpperCase();
}

function endOf(fields: ReadonlyMap<string, string>, cause: CallEndCause) {
  const sipCode = natural(fields.get('SipResponseCode'));
  const durationSeconds = natural(fields.get('CallDuration'));
  return {
    type: 'ended' as const,
    cause: refine(cause, sipCode),
    ...(sipCode !== undefined && sipCode >= 100 && sipCode <= 699 ? { sipCode } : {}),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    raw: fields.get('CallStatus') ?? '',
  };
}

/** Twilio folds a refused call into `busy` or `failed`; the SIP answer tells them apart (carrier-protocols.md 12.2). */
function refine(cause: CallEndCause, sipCode: number | undefined): CallEndCause {
  if (sipCode === undefined || (cause !== 'busy' && cause !== 'failed')) return cause;
  if (REJECTED_SIP.has(sipCode)) return 'rejected';
  if (cause === 'failed' && BUSY_SIP.has(sipCode)) return 'busy';
  if (cause === 'failed' && sipCode === ABSENT_SIP) return 'no-answer';
  return cause;
}

function natural(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const RFC_2822 = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT|UTC)$/;

/** RFC 2822 (`Mon, 16 Aug 2021 03:45:01 +0000`) or ISO 8601, to epoch milliseconds. */
function timestamp(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!RFC_2822.test(text) && !/^\d{4}-\d{2}-\d{2}T[\d:.]{5,15}Z$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
