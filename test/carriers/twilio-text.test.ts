import { randomBytes } from 'node:crypto';

import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { SendText } from '../../src/carriers/message-carrier.ts';
import {
  createTwilioCarrier,
  createTwilioTexts,
  twilioConfig,
  type TwilioConfigInput,
} from '../../src/carriers/twilio/index.ts';
import { ServiceError, type CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { messageCarrierContract, type TextSample } from '../contract/message-carrier-contract.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { errorBody, ScriptedTwilio } from '../support/scripted-twilio.ts';

const URL = 'https://pin.example.com/carrier-webhooks/twilio/0123456789abcdef0123456789abcdef/text';
const TEXT: SendText = {
  ref: 'r',
  to: '+41793026727',
  from: '+41445551234',
  text: 'Your PIN is 481216',
  statusUrl: URL,
};

const input = (scripted: ScriptedTwilio, more: Partial<TwilioConfigInput> = {}): TwilioConfigInput => ({
  type: 'twilio',
  accountSid: scripted.accountSid,
  authToken: scripted.authToken,
  mode: 'media',
  baseUrl: scripted.url,
  from: '+15005550006',
  ...more,
});
const newId = () => `SM${randomBytes(16).toString('hex')}`;

const STATUS: Readonly<Record<TextSample, Record<string, string>>> = {
  accepted: { MessageStatus: 'queued' },
  sent: { MessageStatus: 'sent' },
  delivered: { MessageStatus: 'delivered', RawDlrDoneDate: '2611210800' },
  undelivered: { MessageStatus: 'undelivered', ErrorCode: '30003' },
  failed: { MessageStatus: 'failed', ErrorCode: '30003' },
};

messageCarrierContract('Twilio', async () => {
  const scripted = await ScriptedTwilio.start();
  const clock = new FakeClock();
  const log = createLogger('silent');
  const apiKey = { apiKeySid: `SK${'d'.repeat(32)}`, apiKeySecret: 'the-api-key-secret' };
  const carrierAt = (baseUrl: string) =>
    createTwilioTexts(twilioConfig.parse(input(scripted, { ...apiKey, baseUrl })), { fetch, log, clock });
  return {
    carrier: carrierAt(scripted.url),
    carrierAt,
    clock,
    requestTimeoutMs: 10_000,
    maxText: 1_600,
    secrets: [scripted.authToken, apiKey.apiKeySecret],
    api: {
      next(fault) {
        if (fault === 'garbage') scripted.next({ status: 200, body: '<html>' });
        else if (fault === 'redirect')
          scripted.next({ status: 307, headers: { location: `${scripted.url}/elsewhere` } });
        else if (typeof fault === 'string') scripted.next(fault);
        else scripted.next({ ...fault, body: errorBody(21211, fault.status, `${TEXT.to} is invalid`) });
      },
      lastSent() {
        const { form, path } = scripted.requests.at(-1)!;
        expect(path).toBe(`/2010-04-01/Accounts/${scripted.accountSid}/Messages.json`);
        return {
          to: form.get('To') ?? '',
          from: form.get('From') ?? '',
          text: form.get('Body') ?? '',
          statusUrl: form.get('StatusCallback') ?? '',
          validitySeconds: Number(form.get('ValidityPeriod')),
        };
      },
      get requestCount() {
        return scripted.requests.length;
      },
      list(texts) {
        scripted.listed.messages = texts.map(({ id, to, at }) => ({
          sid: id,
          to,
          direction: 'outbound-api',
          // Whole seconds, as Twilio writes them.
          date_created: new Date(at).toUTCString().replace('GMT', '+0000'),
        }));
      },
    },
    webhook: (sample, MessageSid) =>
      scripted.webhook(URL, {
        AccountSid: scripted.accountSid,
        ApiVersion: '2010-04-01',
        From: TEXT.from,
        MessageSid,
        SmsSid: MessageSid,
        SmsStatus: STATUS[sample]['MessageStatus']!,
        To: TEXT.to,
        ...STATUS[sample],
      }),
    unknownMessageId: newId,
    close: async () => await scripted.close(),
  };
});

let scripted: ScriptedTwilio;
beforeAll(async () => (scripted = await ScriptedTwilio.start()));
afterAll(async () => await scripted.close());
beforeEach(() => void (scripted.requests.length = 0));

const texts = (more: Partial<TwilioConfigInput> = {}) =>
  createTwilioTexts(twilioConfig.parse(input(scripted, more)), {
    fetch,
    clock: new FakeClock(),
    log: createLogger('silent'),
  });

const sorted = (fields: URLSearchParams) => [...fields].map(pair => pair.join('=')).toSorted();

test('our request is the one that Twilio’s client makes', async () => {
  const client = twilio(scripted.accountSid, scripted.authToken);
  client.api.baseUrl = scripted.url;
  const { to, from, text: body, statusUrl: statusCallback } = TEXT;
  const sent = await client.messages.create({ to, from, body, statusCallback, validityPeriod: 600 });
  expect(sent.sid).toMatch(/^SM[0-9a-f]{32}$/);
  await texts().sendText({ ...TEXT, validitySeconds: 600 });
  const [theirs, ours] = scripted.requests;
  expect(sorted(ours!.form)).toEqual(sorted(theirs!.form));
  expect(ours!.path).toBe(theirs!.path);
  expect(ours!.headers.authorization).toBe(theirs!.headers.authorization);
  expect(ours!.headers['content-type']).toBe(theirs!.headers['content-type']);
});

test('our list is the one that Twilio’s client asks for', async () => {
  const client = twilio(scripted.accountSid, scripted.authToken);
  client.api.baseUrl = scripted.url;
  await client.messages.list({ to: TEXT.to, from: TEXT.from, pageSize: 50, limit: 50 });
  await texts().findText!({ ...TEXT, since: 0 });
  const [theirs, ours] = scripted.requests.map(({ path }) => new globalThis.URL(path, scripted.url));
  expect(ours!.pathname).toBe(theirs!.pathname);
  expect(sorted(ours!.searchParams)).toEqual(sorted(theirs!.searchParams));
});

describe('the sender', () => {
  const SERVICE = { messagingServiceSid: `MG${'1'.repeat(32)}` };
  test.each([
    ['+41445551234', {}, { From: '+41445551234' }],
    ['InfoSMS', {}, { From: 'InfoSMS' }],
    ['Infobip 2FA', {}, { From: 'Infobip 2FA' }],
    ['40404', {}, { From: '40404' }],
    ['Twelve chars', {}, { From: '+15005550006' }],
    ['Müller', {}, { From: '+15005550006' }],
    ['', {}, { From: '+15005550006' }],
    ['InfoSMS', { wordSenders: false }, { From: '+15005550006' }],
    ['InfoSMS', { wordSenders: false, ...SERVICE }, { MessagingServiceSid: SERVICE.messagingServiceSid }],
    ['', SERVICE, { MessagingServiceSid: SERVICE.messagingServiceSid }],
    ['+41445551234', SERVICE, { From: '+41445551234' }],
  ])('%j with %j', async (from, config, expected) => {
    await texts(config).sendText({ ...TEXT, from });
    const { form } = scripted.requests[0]!;
    const senders = [...form].filter(([name]) => name === 'From' || name === 'MessagingServiceSid');
    expect(Object.fromEntries(senders)).toEqual(expected);
  });
});

test.each([
  [0.4, '1'],
  [59.9, '59'],
  [36_000, '36000'],
  [90_000, '36000'],
  [undefined, null],
])('%d s of validity', async (validitySeconds, expected) => {
  await texts().sendText({ ...TEXT, ...(validitySeconds === undefined ? {} : { validitySeconds }) });
  expect(scripted.requests[0]!.form.get('ValidityPeriod')).toBe(expected);
});

test.each([
  [21610, 'a recipient who said STOP'],
  [21211, 'no number'],
  [21614, 'no mobile'],
])('refusal %i keeps its code: %s', async code => {
  scripted.next({ status: 400, body: errorBody(code, 400) });
  const error = await texts()
    .sendText(TEXT)
    .catch((error: unknown) => error as CarrierError);
  expect(error).toMatchObject({ reason: 'rejected', carrierCode: String(code), retryable: false });
});

describe('callbacks beyond the contract', () => {
  const parse = (fields: Record<string, string>) =>
    texts().parseTextWebhook(scripted.webhook(URL, { MessageSid: `SM${'0'.repeat(32)}`, ...fields })).events;

  test.each([
    ['sending', []],
    ['scheduled', []],
    ['read', ['delivered']],
    ['canceled', ['failed']],
    ['partially_delivered', ['undelivered']],
  ])('%s', (MessageStatus, expected) => {
    expect(parse({ MessageStatus }).map(event => event.type)).toEqual(expected);
  });

  test.each(['', '0', 'x', '30003; drop', '1234567'])('the code %j is left out', ErrorCode => {
    const [event] = parse({ MessageStatus: 'failed', ErrorCode });
    expect(event).not.toHaveProperty('carrierCode');
  });

  test.each([
    { MessageStatus: 'received' },
    { MessageStatus: 'toString' },
    { MessageStatus: '' },
    { MessageSid: 'SM1', MessageStatus: 'sent' },
    { MessageSid: `CA${'0'.repeat(32)}`, MessageStatus: 'sent' },
  ] as Record<string, string>[])('%j is no status callback', fields => {
    expect(() => parse(fields)).toThrow(ServiceError);
  });
});

describe('looking for a call', () => {
  const SINCE = Date.UTC(2026, 10, 21, 8, 0, 0);
  const call = (sid: string, at: number, more: object = {}) => ({
    sid,
    to: TEXT.to,
    direction: 'outbound-api',
    date_created: new Date(at).toUTCString(),
    ...more,
  });
  const A = `CA${'a'.repeat(32)}`;
  const B = `CA${'b'.repeat(32)}`;
  const find = async (calls: readonly unknown[], from = TEXT.from) => {
    scripted.listed.calls = [...calls];
    const deps = { fetch, clock: new FakeClock(), log: createLogger('silent') };
    const carrier = createTwilioCarrier(twilioConfig.parse(input(scripted)), deps);
    return await carrier.findCall!({ ref: 'r', to: TEXT.to, from, since: SINCE });
  };

  test.each([
    ['the only one', [call(A, SINCE)], { match: 'one', carrierId: A }],
    ['an earlier one', [call(A, SINCE - 1000)], { match: 'none' }],
    ['one of two', [call(A, SINCE + 5000), call(B, SINCE)], { match: 'several' }],
    ['another direction', [call(A, SINCE, { direction: 'inbound' })], { match: 'none' }],
    ['a hostile id', [call('../Messages', SINCE)], { match: 'none' }],
    ['no date', [call(A, SINCE, { date_created: 'yesterday' })], { match: 'none' }],
    ['no records', [null, 5, 'CA', []], { match: 'none' }],
  ])('%s', async (_, calls, expected) => {
    expect(await find(calls)).toEqual(expected);
  });

  test('asks with the number that the call was placed from', async () => {
    await find([], 'Infobip 2FA');
    const { searchParams } = new globalThis.URL(scripted.requests[0]!.path, scripted.url);
    expect(searchParams.get('From')).toBe('+15005550006');
  });
});
