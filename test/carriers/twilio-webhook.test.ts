import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { RawWebhook } from '../../src/carriers/carrier.ts';
import { parseTwilioWebhook } from '../../src/carriers/twilio/webhook.ts';
import { ServiceError } from '../../src/errors.ts';

const SID = `CA${'1'.repeat(32)}`;
const URL_OF_STATUS = 'https://pin.example.com/carrier-webhooks/twilio/r/status';

function post(fields: Record<string, string>, url = URL_OF_STATUS): RawWebhook {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    rawBody: Buffer.from(new URLSearchParams(fields).toString()),
  };
}

const parse = (fields: Record<string, string>) => parseTwilioWebhook(post({ CallSid: SID, ...fields }));

describe('CallStatus', () => {
  test.each([
    ['initiated', 'initiated'],
    ['ringing', 'ringing'],
    ['in-progress', 'answered'],
    ['answered', 'answered'],
  ])('%s is %s', (CallStatus, type) => {
    expect(parse({ CallStatus }).events).toEqual([{ carrierCallId: SID, type }]);
  });

  test('queued is no event yet', () => expect(parse({ CallStatus: 'queued' }).events).toEqual([]));

  test.each([
    ['completed', '', 'completed'],
    ['completed', '200', 'completed'],
    ['busy', '', 'busy'],
    ['busy', '486', 'busy'],
    ['busy', '600', 'busy'],
    ['busy', '603', 'rejected'],
    ['busy', '403', 'rejected'],
    ['no-answer', '487', 'no-answer'],
    ['no-answer', '480', 'no-answer'],
    ['no-answer', '408', 'no-answer'],
    ['canceled', '487', 'canceled'],
    ['failed', '', 'failed'],
    ['failed', '404', 'failed'],
    ['failed', '403', 'rejected'],
    ['failed', '603', 'rejected'],
    ['failed', '607', 'rejected'],
    ['failed', '608', 'rejected'],
    ['failed', '480', 'no-answer'],
    ['failed', '486', 'busy'],
    ['failed', '600', 'busy'],
    ['failed', '503', 'failed'],
  ])('%s with SIP %j is %s', (CallStatus, SipResponseCode, cause) => {
    const [event] = parse({ CallStatus, SipResponseCode }).events;
    expect(event).toEqual({
      carrierCallId: SID,
      type: 'ended',
      cause,
      raw: CallStatus,
      ...(SipResponseCode === '' ? {} : { sipCode: Number(SipResponseCode) }),
    });
  });

  test.each(['', 'Completed', 'done', '__proto__', 'constructor', 'toString'])(
    '%j is refused',
    CallStatus => {
      expect(() => parse({ CallStatus })).toThrow(ServiceError);
    },
  );

  test('a full status callback', () => {
    const parsed = parse({
      AccountSid: `AC${'a'.repeat(32)}`,
      ApiVersion: '2010-04-01',
      CallDuration: '42',
      Duration: '1',
      CallStatus: 'completed',
      CallbackSource: 'call-progress-events',
      Direction: 'outbound-api',
      From: '+15005550006',
      To: '+41793026727',
      SequenceNumber: '3',
      SipResponseCode: '200',
      Timestamp: 'Mon, 16 Aug 2021 03:45:01 +0000',
    });
    expect(parsed).toEqual({
      carrierCallId: SID,
      events: [
        {
          carrierCallId: SID,
          at: Date.UTC(2021, 7, 16, 3, 45, 1),
          sequence: 3,
          type: 'ended',
          cause: 'completed',
          sipCode: 200,
          durationSeconds: 42,
          raw: 'completed',
        },
      ],
    });
  });
});

describe('AnsweredBy', () => {
  test.each([
    ['human', 'human', false],
    ['machine_start', 'machine', false],
    ['machine_end_beep', 'machine', true],
    ['machine_end_silence', 'machine', true],
    ['machine_end_other', 'machine', true],
    ['fax', 'machine', false],
    ['unknown', 'unknown', false],
  ])('%s', (AnsweredBy, who, greetingEnded) => {
    const parsed = parse({ AnsweredBy, MachineDetectionDuration: '2300' });
    expect(parsed.events).toEqual([{ carrierCallId: SID, type: 'answeredBy', who, greetingEnded }]);
    expect(parsed.answeredBy).toBe(who);
  });

  test('before the status that it came with', () => {
    const { events } = parse({ AnsweredBy: 'human', CallStatus: 'in-progress' });
    expect(events.map(event => event.type)).toEqual(['answeredBy', 'answered']);
  });

  test('nothing said', () =>
    expect(parse({ AnsweredBy: '', CallStatus: 'ringing' }).answeredBy).toBeUndefined());

  test.each(['robot', 'constructor', 'Human'])('%j is refused', AnsweredBy => {
    expect(() => parse({ AnsweredBy })).toThrow(ServiceError);
  });
});

describe('Digits', () => {
  test.each([
    [{ Digits: '1' }, '1'],
    [{ Digits: '0123456789*#ABCD' }, '0123456789*#ABCD'],
    [{ Digits: 'abcd' }, 'ABCD'],
    [{ Digits: '', FinishedOnKey: '#' }, ''],
    [{ FinishedOnKey: '#' }, ''],
    [{ msg: 'Gather End' }, ''],
    [{}, undefined],
  ])('%j', (fields, digits) => {
    expect(parse({ CallStatus: 'in-progress', ...fields }).digits).toBe(digits);
  });

  test.each(['1E', '1 2', '１', 'w', '1'.repeat(129)])('%j is refused, and not repeated', Digits => {
    const error = caught(() => parse({ Digits }));
    expect(error).toMatchObject({ id: 'badRequest' });
    expect(JSON.stringify(error) + String(error)).not.toContain(Digits);
  });
});

describe('what only informs is left out when it is nonsense', () => {
  test.each([
    ['Timestamp', 'yesterday'],
    ['Timestamp', 'Mon, 99 Xxx 2021 03:45:01 +0000'],
    ['SequenceNumber', '-1'],
    ['SequenceNumber', '1e9'],
    ['CallDuration', 'NaN'],
    ['SipResponseCode', '99'],
    ['SipResponseCode', '9999999999'],
  ])('%s %j', (name, value) => {
    expect(parse({ CallStatus: 'completed', [name]: value }).events).toEqual([
      { carrierCallId: SID, type: 'ended', cause: 'completed', raw: 'completed' },
    ]);
  });

  test('an ISO timestamp is one', () => {
    const [event] = parse({ CallStatus: 'ringing', Timestamp: '2021-08-16T03:45:01.250Z' }).events;
    expect(event?.at).toBe(Date.UTC(2021, 7, 16, 3, 45, 1, 250));
  });
});

describe('the request', () => {
  test('GET brings the fields in the query', () => {
    const url = `${URL_OF_STATUS}?step=2&CallSid=${SID}&CallStatus=in-progress&Digits=4`;
    const parsed = parseTwilioWebhook({ method: 'GET', url, headers: {}, rawBody: Buffer.alloc(0) });
    expect(parsed).toMatchObject({ carrierCallId: SID, digits: '4', events: [{ type: 'answered' }] });
  });

  test('a query of ours beside a form is not read as the carrier’s', () => {
    const raw = post(
      { CallSid: SID, CallStatus: 'ringing' },
      `${URL_OF_STATUS}?CallStatus=completed&Digits=1`,
    );
    expect(parseTwilioWebhook(raw)).toEqual({
      carrierCallId: SID,
      events: [{ carrierCallId: SID, type: 'ringing' }],
    });
  });

  test.each([
    ['no call', {}],
    ['a call id of something else', { CallSid: `SM${'1'.repeat(32)}` }],
    ['a call id with a path', { CallSid: `${SID}/../x` }],
    ['a call id with a line break', { CallSid: `${SID}\n` }],
  ])('%s is refused', (_, fields) => {
    expect(() => parseTwilioWebhook(post({ CallStatus: 'ringing', ...fields }))).toThrow(ServiceError);
  });

  test('a field given twice is refused', () => {
    const raw = {
      ...post({}),
      rawBody: Buffer.from(`CallSid=${SID}&CallStatus=ringing&CallStatus=completed`),
    };
    expect(() => parseTwilioWebhook(raw)).toThrow(ServiceError);
  });

  test('10,000 hostile requests: a neutral result or a bad request, nothing else', () => {
    const name = fc.oneof(
      fc.constantFrom(
        'CallSid',
        'CallStatus',
        'AnsweredBy',
        'Digits',
        'Timestamp',
        'SipResponseCode',
        '__proto__',
      ),
      fc.string({ unit: 'binary' }),
    );
    const value = fc.oneof(
      fc.constantFrom(SID, 'completed', 'human', '1#', '603'),
      fc.string({ unit: 'binary' }),
    );
    const form = fc.array(fc.tuple(name, value)).map(pairs => new URLSearchParams(pairs).toString());
    const body = fc.oneof(
      form.map(text => Buffer.from(text)),
      fc.uint8Array().map(bytes => Buffer.from(bytes)),
    );
    const type = fc.constantFrom('application/x-www-form-urlencoded', 'application/json', '', 'text/plain');
    const method = fc.constantFrom('POST', 'GET', 'PUT');
    fc.assert(
      fc.property(body, type, method, fc.string(), (rawBody, contentType, method, query) => {
        const headers = { 'content-type': contentType };
        const raw = { method, url: `${URL_OF_STATUS}?${query}`, headers, rawBody };
        try {
          return /^CA[0-9a-f]{32}$/.test(parseTwilioWebhook(raw).carrierCallId);
        } catch (error) {
          return error instanceof ServiceError && error.id === 'badRequest';
        }
      }),
      { numRuns: 10_000, seed: 23 },
    );
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
