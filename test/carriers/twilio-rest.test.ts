import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { PlaceCall } from '../../src/carriers/carrier.ts';
import {
  createTwilioCarrier,
  twilioConfig,
  type TwilioConfigInput,
} from '../../src/carriers/twilio/index.ts';
import type { CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { errorBody, ScriptedTwilio } from '../support/scripted-twilio.ts';

const CALL: PlaceCall = {
  callRef: 'r',
  to: '+41793026727',
  from: '+41445551234',
  answerUrl: 'https://pin.example.com/a?step=1&x=%20',
  statusUrl: 'https://pin.example.com/s',
  machineUrl: 'https://pin.example.com/m',
  ringTimeoutSeconds: 45,
  maxDurationSeconds: 300,
  machineDetection: 'off',
};

let scripted: ScriptedTwilio;
beforeAll(async () => (scripted = await ScriptedTwilio.start()));
afterAll(async () => await scripted.close());
beforeEach(() => void (scripted.requests.length = 0));

const input = (more: Partial<TwilioConfigInput> = {}): TwilioConfigInput => ({
  type: 'twilio',
  accountSid: scripted?.accountSid ?? `AC${'a'.repeat(32)}`,
  authToken: 'scripted-auth-token',
  mode: 'media',
  baseUrl: scripted?.url ?? 'http://127.0.0.1:1',
  from: '+15005550006',
  ...more,
});

function carrier(more: Partial<TwilioConfigInput> = {}, fake: typeof fetch = fetch) {
  const deps = { fetch: fake, clock: new FakeClock(), log: createLogger('silent') };
  return createTwilioCarrier(twilioConfig.parse(input(more)), deps);
}

async function refusal(work: Promise<unknown>): Promise<CarrierError> {
  return await work.then(
    () => expect.fail('was accepted'),
    (error: unknown) => error as CarrierError,
  );
}

describe('the scripted Twilio stands in for Twilio: its own client is satisfied', () => {
  const client = () => {
    const client = twilio(scripted.accountSid, scripted.authToken);
    client.api.baseUrl = scripted.url;
    return client;
  };

  test('create and end a call, and the error of an unknown one', async () => {
    const call = await client().calls.create({ to: CALL.to, from: CALL.from, url: CALL.answerUrl });
    expect(call.sid).toMatch(/^CA[0-9a-f]{32}$/);
    expect(call.status).toBe('queued');
    expect((await client().calls(call.sid).update({ status: 'completed' })).status).toBe('completed');
    await expect(client().calls(call.sid).update({ status: 'completed' })).rejects.toMatchObject({
      code: 21220,
    });
    const unknown = client().calls(`CA${'0'.repeat(32)}`);
    await expect(unknown.update({ status: 'completed' })).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  test('our request is the one that its client makes', async () => {
    await client().calls.create({
      to: CALL.to,
      from: CALL.from,
      url: CALL.answerUrl,
      method: 'POST',
      statusCallback: CALL.statusUrl,
      statusCallbackMethod: 'POST',
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      timeout: 45,
      timeLimit: 300,
      machineDetection: 'DetectMessageEnd',
      asyncAmd: 'true',
      asyncAmdStatusCallback: CALL.machineUrl,
      asyncAmdStatusCallbackMethod: 'POST',
    });
    await carrier().placeCall({ ...CALL, machineDetection: 'continue' });
    const [theirs, ours] = scripted.requests;
    const sorted = (form: URLSearchParams) => [...form].map(pair => pair.join('=')).toSorted();
    expect(sorted(ours!.form)).toEqual(sorted(theirs!.form));
    expect(ours!.path).toBe(theirs!.path);
    expect(ours!.method).toBe(theirs!.method);
    expect(ours!.headers.authorization).toBe(theirs!.headers.authorization);
    expect(ours!.headers['content-type']).toBe(theirs!.headers['content-type']);
  });
});

describe('the request', () => {
  test('an API key signs in instead of the auth token', async () => {
    const key = { apiKeySid: `SK${'e'.repeat(32)}`, apiKeySecret: 'hush' };
    await carrier(key).placeCall(CALL);
    const sent = scripted.requests[0]!.headers.authorization!.replace('Basic ', '');
    expect(Buffer.from(sent, 'base64').toString()).toBe(`${key.apiKeySid}:hush`);
    expect(scripted.requests[0]!.path).toContain(scripted.accountSid);
  });

  test.each([
    ['+41445551234', '+41445551234'],
    ['Infobip 2FA', '+15005550006'],
    ['', '+15005550006'],
  ])('from %j calls as %s', async (from, expected) => {
    await carrier().placeCall({ ...CALL, from });
    expect(scripted.requests[0]!.form.get('From')).toBe(expected);
  });

  test.each([
    [0.2, 1],
    [30.5, 31],
    [600, 600],
    [10_000, 600],
  ])('%d s of ringing is Timeout %d', async (ringTimeoutSeconds, expected) => {
    await carrier().placeCall({ ...CALL, ringTimeoutSeconds });
    expect(scripted.requests[0]!.form.get('Timeout')).toBe(String(expected));
  });

  test('events are a repeated key', async () => {
    await carrier().placeCall(CALL);
    const { form } = scripted.requests[0]!;
    expect(form.getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed']);
    expect(form.has('MachineDetection')).toBe(false);
    expect(form.has('AsyncAmd')).toBe(false);
  });

  test('hanging up is Status=completed', async () => {
    const { carrierCallId } = await carrier().placeCall(CALL);
    await carrier().hangup(carrierCallId);
    expect(scripted.requests[1]!.path).toMatch(new RegExp(`/Calls/${carrierCallId}\\.json$`));
    expect([...scripted.requests[1]!.form]).toEqual([['Status', 'completed']]);
  });
});

describe('refusals', () => {
  test('carry Twilio’s code', async () => {
    scripted.next({ status: 400, body: errorBody(21215, 400, 'not authorized to call +41793026727') });
    const error = await refusal(carrier().placeCall(CALL));
    expect(error).toMatchObject({ reason: 'rejected', carrierCode: '21215', retryable: false });
    expect(error.message).toBe('twilio: create call answered 400 (21215)');
  });

  test.each([
    ['2', 2000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [undefined, undefined],
  ])('429 with Retry-After %s', async (header, retryAfterMs) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
    scripted.next({ status: 429, body: errorBody(20429, 429), headers });
    const error = await refusal(carrier().placeCall(CALL));
    expect(error).toMatchObject({ reason: 'rate-limited', retryable: true, carrierCode: '20429' });
    expect(error.cause).toEqual({ retryAfterMs });
  });

  test.each([
    ['a code that is text', { code: 'x'.repeat(50) }, undefined],
    ['a list', [], undefined],
    ['null', null, undefined],
  ])('an error body that is %s', async (_, body, carrierCode) => {
    scripted.next({ status: 400, body: JSON.stringify(body) });
    expect(await refusal(carrier().placeCall(CALL))).toMatchObject({ reason: 'rejected', carrierCode });
  });

  test.each([
    ['no sid', {}],
    ['a sid of something else', { sid: `SM${'0'.repeat(32)}` }],
    ['a sid with a path', { sid: '../Messages' }],
    ['a number for a sid', { sid: 5 }],
    ['an endless body', { sid: `CA${'0'.repeat(32)}`, more: 'x'.repeat(200_000) }],
  ])('201 with %s is a protocol error', async (_, body) => {
    scripted.next({ status: 201, body });
    expect(await refusal(carrier().placeCall(CALL))).toMatchObject({ reason: 'protocol', retryable: false });
  });

  const failure = (cause: object) => Object.assign(new TypeError('fetch failed'), { cause });
  const code = (name: string, syscall?: string) => Object.assign(new Error('x'), { code: name, syscall });

  test.each([
    ['ECONNREFUSED', code('ECONNREFUSED', 'connect'), true],
    ['ENOTFOUND', code('ENOTFOUND', 'getaddrinfo'), true],
    ['EAI_AGAIN', code('EAI_AGAIN', 'getaddrinfo'), true],
    ['a connect that took too long', code('UND_ERR_CONNECT_TIMEOUT'), true],
    ['a wrong certificate', code('ERR_TLS_CERT_ALTNAME_INVALID'), true],
    ['EHOSTUNREACH on connect', code('EHOSTUNREACH', 'connect'), true],
    ['EHOSTUNREACH on a live socket', code('EHOSTUNREACH', 'read'), false],
    [
      'every address refused',
      new AggregateError([code('ECONNREFUSED'), code('ENETUNREACH', 'connect')]),
      true,
    ],
    ['one address reset', new AggregateError([code('ECONNREFUSED'), code('ECONNRESET')]), false],
    ['no address at all', new AggregateError([]), false],
    ['ECONNRESET', code('ECONNRESET', 'read'), false],
    ['EPIPE', code('EPIPE', 'write'), false],
    ['the other side closed', code('UND_ERR_SOCKET'), false],
    ['headers that never came', code('UND_ERR_HEADERS_TIMEOUT'), false],
    ['something else', {}, false],
  ])('%s: retryable %s', async (_, cause, retryable) => {
    const failing = carrier({}, async () => await Promise.reject(failure(cause)));
    expect(await refusal(failing.placeCall(CALL))).toMatchObject({ reason: 'unreachable', retryable });
  });
});

describe('the configuration', () => {
  test('defaults', () => {
    const { baseUrl: _, ...rest } = input();
    expect(twilioConfig.parse(rest)).toMatchObject({
      name: 'twilio',
      baseUrl: 'https://api.twilio.com',
      requestTimeoutMs: 10_000,
      maxFramesPerSecond: 200,
    });
  });

  test.each([
    ['mode', { mode: 'smoke' }],
    ['accountSid', { accountSid: 'AC123' }],
    ['authToken', { authToken: '' }],
    ['from', { from: '0445551234' }],
    ['name', { name: '../x' }],
    ['baseUrl', { baseUrl: 'http://api.twilio.com' }],
    ['baseUrl', { baseUrl: 'http://127.0.0.1.evil.example' }],
    ['baseUrl', { baseUrl: 'https://user:pass@api.twilio.com' }],
    ['baseUrl', { baseUrl: 'ftp://127.0.0.1' }],
    ['apiKeySecret', { apiKeySid: `SK${'0'.repeat(32)}` }],
    ['apiKeySecret', { apiKeySecret: 'without a sid' }],
    ['requestTimeoutMs', { requestTimeoutMs: 1 }],
  ])('%s refused: %j', (path, wrong) => {
    const result = twilioConfig.safeParse({ ...input(), ...wrong });
    expect(result.error?.issues.map(issue => issue.path.join('.'))).toEqual([path]);
  });

  test('an unknown setting is refused', () => {
    expect(twilioConfig.safeParse({ ...input(), auhtToken: 'typo' }).success).toBe(false);
  });

  test.each(['http://localhost:8081', 'http://127.0.0.1:8081/', 'http://[::1]:9', 'https://api.example'])(
    '%s is an API address',
    baseUrl => expect(twilioConfig.safeParse({ ...input(), baseUrl }).success).toBe(true),
  );

  test('what a carrier can do follows its mode', () => {
    expect(carrier({ mode: 'media' }).capabilities).toEqual({
      media: true,
      script: true,
      machineDetection: true,
    });
    expect(carrier({ mode: 'markup', name: 'tw-2' })).toMatchObject({
      name: 'tw-2',
      capabilities: { media: false },
    });
  });
});
