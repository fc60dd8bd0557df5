import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import twilio from 'twilio';

import { Customer, eventually, mulawSine, pcmBytes, share, sine, sounds, wavFile } from './customer.ts';

/** What a call does with the documents that it gets, and with those that it does not. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start({ speed: 40, webhookTimeoutMs: 250 });
});
beforeEach(async () => await customer.clear());
afterAll(async () => await customer.close());

const TO = '+41793026727';

async function finish(more: Record<string, unknown> = {}) {
  return await customer.ended(await customer.call(TO, more));
}

describe('a document that fails', () => {
  test.each<[string, Parameters<typeof customer.documents.set>[1], number]>([
    ['500', { status: 500, body: '<Response/>' }, 11200],
    ['a redirect, which is not followed', { status: 302, body: '' }, 11200],
    ['no answer in time', { afterMs: Infinity }, 11205],
    ['no XML', '<Response><Pause></Response>', 12100],
    ['another root', '<Answer/>', 12100],
    ['an empty body', '', 12100],
    ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY b "c">]><Response/>', 12100],
    ['another content type', { type: 'application/json', body: '{}' }, 12300],
    ['too much', { body: `<Response>${' '.repeat(70_000)}</Response>` }, 11750],
  ])('%s: an apology, and the call ends as completed', async (_, document, code) => {
    customer.documents.set('/answer', document);
    const call = await finish();
    expect(call).toMatchObject({ outcome: 'completed', endedBy: 'document' });
    expect(call.notices.map(notice => notice.code)).toEqual([code]);
    expect(call.secondsHeard).toBeGreaterThan(0.5);
  });

  test('the fallback is asked, and told why', async () => {
    customer.documents.set('/answer', { status: 503 });
    customer.documents.set('/fallback', '<Response><Hangup/></Response>');
    const call = await finish({ fallbackUrl: `${customer.url}/fallback` });
    expect(customer.callbacks('/fallback')[0]).toMatchObject({
      valid: true,
      params: { ErrorCode: '11200', ErrorUrl: `${customer.url}/answer` },
    });
    expect(call).toMatchObject({ outcome: 'completed', secondsHeard: 0 });
  });

  test('204 and an empty response just end the call', async () => {
    customer.documents.set('/answer', { status: 204 });
    expect(await finish()).toMatchObject({ outcome: 'completed', notices: [], secondsHeard: 0 });
  });
});

describe('documents of the twilio library', () => {
  test('play, pause, redirect relative to the document, hang up', async () => {
    const first = new twilio.twiml.VoiceResponse();
    first.play({ loop: 2 }, 'tone.wav');
    first.pause({ length: 1 });
    first.redirect({ method: 'GET' }, '../next?x=1&y=2');
    first.say('never heard');
    const second = new twilio.twiml.VoiceResponse();
    second.play({ digits: '1w2' }, '');
    second.hangup();
    customer.documents.set('/a/b/answer', first.toString());
    customer.documents.set('/a/b/tone.wav', {
      type: 'audio/wav',
      body: wavFile(pcmBytes(sine(1_000, 400, 44_100)), 1, 44_100),
    });
    customer.documents.set('/a/next', second.toString());
    const call = await finish({ url: `${customer.url}/a/b/answer` });
    expect(call.notices).toEqual([]);
    expect(customer.callbacks('/a/next')[0]).toMatchObject({ method: 'GET', params: { x: '1', y: '2' } });
    const recording = await customer.recording(call.id);
    const heard = sounds(recording);
    expect(heard).toHaveLength(3);
    const [tone, one, two] = heard as { startMs: number; endMs: number }[];
    expect(Math.abs(tone!.endMs - tone!.startMs - 800)).toBeLessThanOrEqual(20);
    expect(share(recording.slice(tone!.startMs * 8 + 400, tone!.endMs * 8 - 400), 1_000)).toBeGreaterThan(
      0.95,
    );
    expect(one!.startMs - tone!.endMs).toBeGreaterThanOrEqual(1_000);
    expect(two!.startMs - one!.endMs).toBe(600);
    expect(share(recording.slice(one!.startMs * 8, one!.endMs * 8), 697)).toBeGreaterThan(0.4);
    expect(share(recording.slice(two!.startMs * 8, two!.endMs * 8), 1_336)).toBeGreaterThan(0.4);
  });

  test('a file that cannot be played is noted and passed over', async () => {
    customer.documents.set('/text.wav', { type: 'audio/wav', body: 'RIFF but no wave' });
    customer.documents.set(
      '/answer',
      '<Response><Play>/text.wav</Play><Play>/missing.wav</Play><Play>ftp://h/x.wav</Play></Response>',
    );
    customer.documents.set('/missing.wav', { status: 404 });
    const call = await finish();
    expect(call.notices.map(({ code }) => code)).toEqual([12300, 11200, 11100]);
    expect(call.outcome).toBe('completed');
  });

  test('speech: words are heard, breaks are as long as they say', async () => {
    const document = new twilio.twiml.VoiceResponse();
    const say = document.say({ voice: 'Polly.Joanna-Neural', language: 'en-US' }, '');
    say.prosody({ rate: '80%' }, 'Your code is');
    say.break({ time: '1500ms' });
    say.sayAs({ 'interpret-as': 'digits' }, '12');
    customer.documents.set('/answer', document.toString());
    const call = await finish();
    expect(call.notices).toEqual([]);
    const heard = sounds(await customer.recording(call.id));
    const gaps = heard.slice(1).map(({ startMs }, index) => startMs - heard[index]!.endMs);
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(1_480);
    expect(Math.max(...gaps)).toBeLessThan(1_700);
    const rest = heard.slice(gaps.indexOf(Math.max(...gaps)) + 1);
    expect(rest.at(-1)!.endMs - rest[0]!.startMs).toBeGreaterThan(400);
    expect(call.secondsHeard).toBeGreaterThan(1);
  });

  test('plain text is spoken; the voices of old read no SSML', async () => {
    customer.documents.set('/answer', { type: 'text/plain', body: 'Hello there' });
    expect((await finish()).secondsHeard).toBeGreaterThan(0.3);
    customer.documents.set('/answer', '<Response><Say voice="alice">Hi <break time="1s"/></Say></Response>');
    expect((await finish()).notices.map(({ code }) => code)).toEqual([13520]);
  });
});

test('webhooks carry the parameters of the call', async () => {
  customer.documents.set('/answer', '<Response/>');
  const call = await finish();
  await eventually('the end', () => customer.callbacks().length === 4);
  expect(customer.callbacks('/answer')[0]).toMatchObject({
    method: 'POST',
    valid: true,
    params: {
      CallSid: call.id,
      AccountSid: customer.sim.accountSid,
      From: '+15005550006',
      To: TO,
      CallStatus: 'in-progress',
      ApiVersion: '2010-04-01',
      Direction: 'outbound-api',
    },
  });
  expect(customer.callbacks('/answer')[0]!.params.AnsweredBy).toBeUndefined();
});

test('inline TwiML wins over the URL; SendDigits come first', async () => {
  const call = await finish({
    twiml: `<Response><Redirect>${customer.url}/last</Redirect></Response>`,
    sendDigits: '5W',
  });
  expect(customer.callbacks('/answer')).toEqual([]);
  expect(customer.callbacks('/last')).toHaveLength(1);
  expect(sounds(await customer.recording(call.id))[0]).toEqual({ startMs: 0, endMs: 100 });
});

test('nothing but the given URLs is asked: mulaw greeting of a phone stays here', async () => {
  await customer.phone(TO, { greetingWav: wavFile(mulawSine(300, 200), 7, 8_000).toString('base64') });
  customer.documents.set('/answer', '<Response><Pause length="1"/></Response>');
  const call = await finish();
  expect(call.secondsHeard).toBe(0);
  await eventually('the end', () => customer.callbacks().length === 4);
  expect([...new Set(customer.webhooks.map(({ path }) => path))].toSorted()).toEqual(['/answer', '/status']);
});
