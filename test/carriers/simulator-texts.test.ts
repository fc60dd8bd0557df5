import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import type { MessageCarrier, SendText } from '../../src/carriers/message-carrier.ts';
import { createSmtpCarrier, smtpConfig } from '../../src/carriers/smtp/index.ts';
import { createTwilioCarrier, createTwilioTexts, twilioConfig } from '../../src/carriers/twilio/index.ts';
import { systemClock } from '../../src/clock.ts';
import type { CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';

/** Texts, mail and the search for lost calls against the simulator, whose wire was written from the same page. */
const WAIT = { timeout: 5000, interval: 5 };
const log = createLogger('silent');

let simulator: Simulator;
let server: Server;
let publicUrl: string;
let texts: MessageCarrier;
let seen: { ref: string; type: string; carrierMessageId: string; carrierCode?: string }[];
let forged: number;

beforeEach(async () => {
  [seen, forged] = [[], 0];
  simulator = await createSimulator({ speed: 20, authToken: 'simulated-token' });
  texts = createTwilioTexts(config(), { fetch, log, clock: systemClock });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = `${publicUrl}${request.url}`;
      const raw = {
        method: request.method ?? '',
        url,
        headers: request.headers,
        rawBody: Buffer.concat(chunks),
      };
      if (request.url === '/call') return response.end();
      if (!texts.verifyWebhook(raw)) forged++;
      else
        for (const event of texts.parseTextWebhook(raw).events) seen.push({ ref: url.slice(-2), ...event });
      return response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await simulator.close();
  server.closeAllConnections();
  server.close();
});

const config = () =>
  twilioConfig.parse({
    type: 'twilio',
    accountSid: simulator.accountSid,
    authToken: simulator.authToken,
    baseUrl: simulator.url,
    mode: 'media',
    from: '+15005550006',
  });
const text = (ref: string, more: Partial<SendText> = {}): SendText => ({
  ref,
  to: '+41793026727',
  from: 'InfoSMS',
  text: 'PIN 1234',
  statusUrl: `${publicUrl}/${ref}`,
  validitySeconds: 60,
  ...more,
});
const control = async (method: string, path: string, body?: object) =>
  await fetch(`${simulator.url}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
const phone = async (behaviour: object) => await control('PUT', '/phones/+41793026727', behaviour);

test.each([
  ['delivered', ['sent', 'delivered'], undefined],
  ['undelivered', ['sent', 'undelivered'], '30003'],
  ['failed', ['failed'], '30008'],
  ['late', ['sent', 'delivered'], undefined],
])('a text that is %s', async (smsOutcome, types, carrierCode) => {
  await phone({ smsOutcome, smsDelayMs: 2_000 });
  const { carrierMessageId } = await texts.sendText(text('r1'));
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(types), WAIT);
  for (const event of seen) expect(event).toMatchObject({ ref: 'r1', carrierMessageId });
  expect(seen.at(-1)!.carrierCode).toBe(carrierCode);
  const inbox = (await (await control('GET', '/phones/+41793026727/messages')).json()) as object;
  const arrived = smsOutcome === 'delivered' || smsOutcome === 'late';
  expect(inbox).toMatchObject({ messages: arrived ? [{ from: 'InfoSMS', body: 'PIN 1234' }] : [] });
});

test('a refused one, a silent one, and forged reports', async () => {
  await phone({ smsOutcome: 'refused' });
  const error = await texts.sendText(text('r1')).catch((error: unknown) => error as CarrierError);
  expect(error).toMatchObject({ reason: 'rejected', carrierCode: '21610', retryable: false });
  await phone({ smsOutcome: 'silent' });
  await texts.sendText(text('r2'));
  await control('PUT', '/settings', { faults: { callbacks: { forge: 'wrong-key' } } });
  await phone({});
  await texts.sendText(text('r3'));
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(['sent', 'delivered']), WAIT);
  expect(seen.map(({ ref }) => ref)).toEqual(['r3', 'r3']);
  await vi.waitFor(() => expect(forged).toBe(2), WAIT);
});

describe('after a lost reply', () => {
  const wanted = (since: number) => ({ ref: 'r1', to: '+41793026727', from: 'InfoSMS', since });

  test('a text is found, as long as there is only one', async () => {
    const since = Date.now();
    expect(await texts.findText!(wanted(since))).toEqual({ match: 'none' });
    const faults = { rest: { mode: 'lose-reply', on: 'message', count: 1 } };
    await control('PUT', '/settings', { faults });
    await expect(texts.sendText(text('r1'))).rejects.toMatchObject({ retryable: false });
    const found = await texts.findText!(wanted(since));
    await vi.waitFor(() => expect(seen).toHaveLength(2), WAIT);
    expect(found).toEqual({ match: 'one', carrierId: seen[0]!.carrierMessageId });
    await texts.sendText(text('r2'));
    expect(await texts.findText!(wanted(since))).toEqual({ match: 'several' });
    expect(await texts.findText!({ ...wanted(since), from: 'Other' })).toEqual({ match: 'none' });
  });

  test('so is a call, while it still rings', async () => {
    const calls = createTwilioCarrier(config(), { fetch, log, clock: systemClock });
    await phone({ outcome: 'manual' });
    const since = Date.now();
    const url = `${publicUrl}/call`;
    const { carrierCallId } = await calls.placeCall({
      callRef: 'r1',
      to: '+41793026727',
      from: 'InfoSMS',
      answerUrl: url,
      statusUrl: url,
      machineUrl: url,
      ringTimeoutSeconds: 60,
      maxDurationSeconds: 60,
      machineDetection: 'off',
    });
    expect(await calls.findCall!(wanted(since))).toEqual({ match: 'one', carrierId: carrierCallId });
    expect(await calls.findCall!(wanted(since + 60_000))).toEqual({ match: 'none' });
  });
});

test('mail over SMTP: taken, deferred, refused, bounced', async () => {
  const { hostname: host, port } = new URL(simulator.smtpUrl);
  const account = { user: simulator.accountSid, pass: simulator.authToken };
  const mail = createSmtpCarrier(smtpConfig.parse({ type: 'smtp', host, port: Number(port), ...account }), {
    log,
    clock: systemClock,
  });
  const send = async (to: string) =>
    await mail.sendMail({ ref: to, to, from: 'Saypin <pin@example.org>', subject: 'PIN', text: 'PIN 1234' });
  const inbox = async (address: string) =>
    ((await (await control('GET', `/mailboxes/${address}/messages`)).json()) as { messages: object[] })
      .messages;
  await mail.verify();
  const { carrierMessageId } = await send('jane@example.com');
  expect(await inbox('jane@example.com')).toMatchObject([
    { from: 'Saypin <pin@example.org>', subject: 'PIN', messageId: `<${carrierMessageId}>` },
  ]);
  await control('PUT', '/mailboxes/jane@example.com', { outcome: 'defer', count: 1 });
  await expect(send('jane@example.com')).rejects.toMatchObject({ retryable: true, carrierCode: '451' });
  await send('jane@example.com');
  await control('PUT', '/mailboxes/jane@example.com', { outcome: 'reject' });
  await expect(send('jane@example.com')).rejects.toMatchObject({ reason: 'rejected', carrierCode: '550' });
  await control('PUT', '/mailboxes/jane@example.com', { outcome: 'bounce' });
  await send('jane@example.com');
  await vi.waitFor(async () => expect(await inbox('pin@example.org')).toHaveLength(1), WAIT);
  expect(await inbox('jane@example.com')).toHaveLength(2);
  await mail.close();
});
