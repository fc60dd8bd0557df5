import { CALL_EVENTS, type CallEvent, type CallRequest } from './call-request.ts';
import type { DocumentSource } from './document-runner.ts';
import { parseHttpUrl } from './http-client.ts';
import { parseNumber } from './phone.ts';
import { TwilioRestError, type TwilioCode } from './twilio-errors.ts';
import type { Method } from './twiml.ts';

const MAX_TWIML = 4_000;
const MAX_URL = 4_000;

/** Reads a create-call form (carrier-protocols.md 1.1). @throws TwilioRestError */
export function readCallForm(form: URLSearchParams): CallRequest {
  const to = form.get('To') ?? '';
  if (to === '') throw new TwilioRestError(21201);
  const from = form.get('From') ?? '';
  if (from === '') throw new TwilioRestError(21213);
  const url = readUrl(form, 'Url', 21205);
  const twiml = readTwiml(form);
  if (url === undefined && twiml === undefined) throw new TwilioRestError(21205, 'Url or Twiml is required');
  const fallbackUrl = readUrl(form, 'FallbackUrl', 21205);
  const sendDigits = form.get('SendDigits') ?? '';
  if (!/^[0-9*#wW]{0,32}$/.test(sendDigits)) throw new TwilioRestError(21206);
  return {
    to: readNumber(to, 21211),
    from: readNumber(from, 21212),
    url,
    method: readMethod(form, 'Method'),
    twiml,
    fallback:
      fallbackUrl === undefined
        ? undefined
        : { url: fallbackUrl, method: readMethod(form, 'FallbackMethod') },
    statusCallback: readStatusCallback(form),
    ringTimeoutMs: readWhole(form, 'Timeout', { min: 1, max: 600, fallback: 60, code: 21208 }) * 1000,
    timeLimitMs: readWhole(form, 'TimeLimit', { min: 1, max: 86_400, fallback: 14_400, code: 20001 }) * 1000,
    sendDigits,
    detection: readDetection(form),
  };
}

export type CallUpdate =
  | { readonly type: 'end'; readonly status: 'completed' | 'canceled' }
  | { readonly type: 'redirect'; readonly source: DocumentSource };

/** Reads an update-call form. @throws TwilioRestError */
export function readUpdateForm(form: URLSearchParams): CallUpdate {
  const status = form.get('Status');
  if (status === 'completed' || status === 'canceled') return { type: 'end', status };
  if (status !== null) throw new TwilioRestError(20001, 'Status must be completed or canceled');
  const url = readUrl(form, 'Url', 21205);
  const twiml = readTwiml(form);
  if (twiml !== undefined) return { type: 'redirect', source: { twiml, url: url ?? '' } };
  if (url === undefined) throw new TwilioRestError(20001, 'Status, Url or Twiml is required');
  return { type: 'redirect', source: { url, method: readMethod(form, 'Method') } };
}

export interface MessageRequest {
  readonly to: string;
  readonly from: string;
  readonly messagingServiceSid: string | undefined;
  readonly body: string;
  readonly statusCallback: string | undefined;
}

const MAX_BODY = 1_600;

/** Reads a create-message form (carrier-protocols.md 1.6); text messages only. @throws TwilioRestError */
export function readMessageForm(form: URLSearchParams): MessageRequest {
  const to = form.get('To') ?? '';
  if (to === '') throw new TwilioRestError(21604);
  const from = form.get('From') ?? '';
  const service = form.get('MessagingServiceSid') ?? undefined;
  if (from === '' && service === undefined) throw new TwilioRestError(21603);
  const body = form.get('Body') ?? '';
  if (body === '') throw new TwilioRestError(21602);
  if ([...body].length > MAX_BODY) throw new TwilioRestError(21617);
  // A sender may be a word of up to eleven letters and digits instead of a number.
  const isWord = /^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/.test(from);
  return {
    to: readNumber(to, 21211),
    from: from === '' || isWord ? from : readNumber(from, 21212),
    messagingServiceSid: service,
    body,
    statusCallback: readUrl(form, 'StatusCallback', 21609),
  };
}

function readNumber(text: string, code: TwilioCode): string {
  // Twilio takes spaces and brackets; a number without + is not E.164, and which country it belongs to is a guess.
  const compact = text.replace(/[\s().-]/g, '');
  const number = compact.startsWith('+') ? parseNumber(compact) : undefined;
  if (number === undefined) throw new TwilioRestError(code);
  return number;
}

function readUrl(form: URLSearchParams, name: string, code: TwilioCode): string | undefined {
  const url = form.get(name);
  if (url === null || url === '') return undefined;
  if (url.length > MAX_URL || !parseHttpUrl(url)) throw new TwilioRestError(code, name);
  return url;
}

function readTwiml(form: URLSearchParams): string | undefined {
  const twiml = form.get('Twiml') ?? undefined;
  if (twiml !== undefined && twiml.length > MAX_TWIML) {
    throw new TwilioRestError(20001, `Twiml is limited to ${MAX_TWIML} characters`);
  }
  return twiml;
}

function readMethod(form: URLSearchParams, name: string): Method {
  const method = (form.get(name) ?? 'POST').toUpperCase();
  if (method === 'GET' || method === 'POST') return method;
  throw new TwilioRestError(20001, `${name} must be GET or POST`);
}

function readWhole(
  form: URLSearchParams,
  name: string,
  range: { min: number; max: number; fallback: number; code: TwilioCode },
): number {
  const text = form.get(name);
  if (text === null || text === '') return range.fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
  throw new TwilioRestError(range.code, `${name} must be ${range.min} to ${range.max}`);
}

/** Events come as repeated keys, or (Twilio's older habit) separated by spaces. */
function readStatusCallback(form: URLSearchParams): CallRequest['statusCallback'] {
  const url = readUrl(form, 'StatusCallback', 21609);
  if (url === undefined) return undefined;
  const names = form.getAll('StatusCallbackEvent').flatMap(value => value.split(/\s+/).filter(Boolean));
  const events = new Set<CallEvent>();
  for (const name of names) {
    const event = CALL_EVENTS.find(known => known === name);
    if (!event) throw new TwilioRestError(21626);
    events.add(event);
  }
  if (events.size === 0) events.add('completed');
  return { url, method: readMethod(form, 'StatusCallbackMethod'), events };
}

function readDetection(form: URLSearchParams): CallRequest['detection'] {
  const mode = form.get('MachineDetection');
  if (mode === null || mode === '') return undefined;
  if (mode !== 'Enable' && mode !== 'DetectMessageEnd') throw new TwilioRestError(21207);
  const callback = readUrl(form, 'AsyncAmdStatusCallback', 21609);
  const whole = (name: string, min: number, max: number, fallback: number): number =>
    readWhole(form, `MachineDetection${name}`, { min, max, fallback, code: 21207 });
  return {
    mode,
    asynchronous: form.get('AsyncAmd')?.toLowerCase() === 'true',
    callback:
      callback === undefined
        ? undefined
        : { url: callback, method: readMethod(form, 'AsyncAmdStatusCallbackMethod') },
    timeoutMs: whole('Timeout', 3, 59, 30) * 1000,
    speechThresholdMs: whole('SpeechThreshold', 1_000, 6_000, 2_400),
    speechEndThresholdMs: whole('SpeechEndThreshold', 500, 5_000, 1_200),
    silenceTimeoutMs: whole('SilenceTimeout', 2_000, 10_000, 5_000),
  };
}
