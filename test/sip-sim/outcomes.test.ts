import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Customer, eventually, mulawSine, wavFile } from './customer.ts';

/** What becomes of a call, as the phone's owner decides and the customer is told. */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => {
  await customer.clear();
  customer.documents.set('/answer', '<Response><Pause length="2"/></Response>');
});
afterAll(async () => await customer.close());

const TO = '+41793026727';

describe.each([
  ['busy', { outcome: 'busy' }, 'busy', '486', ['initiated', 'busy']],
  ['reject', { outcome: 'reject' }, 'busy', '603', ['initiated', 'ringing', 'busy']],
  ['fail', { outcome: 'fail' }, 'failed', '404', ['initiated', 'failed']],
  [
    'fail with a code of its own',
    { outcome: 'fail', sipCode: 503 },
    'failed',
    '503',
    ['initiated', 'failed'],
  ],
  ['no-answer', { outcome: 'no-answer' }, 'no-answer', '487', ['initiated', 'ringing', 'no-answer']],
  [
    'an answer that comes too late',
    { answerAfterMs: 9_000 },
    'no-answer',
    '487',
    ['initiated', 'ringing', 'no-answer'],
  ],
  ['answer', {}, 'completed', '200', ['initiated', 'ringing', 'in-progress', 'completed']],
])('%s', (_, behaviour, outcome, sipCode, statuses) => {
  test('ends with its status, told in order', async () => {
    await customer.phone(TO, behaviour);
    const sid = await customer.call(TO, { timeout: 4 });
    expect(await customer.ended(sid)).toMatchObject({ outcome, status: outcome, sipCode: Number(sipCode) });
    await eventually('the last callback', () => customer.callbacks().length === statuses.length);
    const callbacks = customer.callbacks();
    expect(callbacks.map(({ params }) => params.CallStatus)).toEqual(statuses);
    expect(callbacks.map(({ params }) => params.SequenceNumber)).toEqual(statuses.map((_, i) => String(i)));
    const last = callbacks.at(-1)!.params;
    expect(last).toMatchObject({
      CallSid: sid,
      AccountSid: customer.sim.accountSid,
      ApiVersion: '2010-04-01',
      Direction: 'outbound-api',
      To: TO,
      From: '+15005550006',
      CallbackSource: 'call-progress-events',
      SipResponseCode: sipCode,
      CallDuration: outcome === 'completed' ? expect.stringMatching(/^[23]$/) : '0',
    });
    expect(last.Timestamp).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000$/);
    expect((await customer.client.calls(sid).fetch()).status).toBe(outcome);
  });
});

test('only the asked-for events are told; without a list, only the end', async () => {
  await customer.ended(await customer.call(TO, { statusCallbackEvent: ['answered'] }));
  await eventually('a callback', () => customer.callbacks().length > 0);
  await customer.ended(await customer.call(TO, { statusCallbackEvent: undefined }));
  await eventually('a second callback', () => customer.callbacks().length > 1);
  expect(customer.callbacks().map(({ params }) => [params.CallStatus, params.SequenceNumber])).toEqual([
    ['in-progress', '0'],
    ['completed', '0'],
  ]);
});

test('manual rings until a person answers, rejects or hangs up', async () => {
  await customer.phone(TO, { outcome: 'manual' });
  const sid = await customer.call(TO);
  await eventually('ringing', async () => (await customer.get(sid)).state === 'ringing');
  await expect(customer.control('POST', `/calls/${sid}/hangup`)).rejects.toThrow(/409/);
  await expect(customer.control('POST', `/calls/${sid}/keys`, { keys: '1' })).rejects.toThrow(/409/);
  expect(await customer.control('POST', `/calls/${sid}/answer`)).toMatchObject({ state: 'answered' });
  await expect(customer.control('POST', `/calls/${sid}/answer`)).rejects.toThrow(/409/);
  expect(await customer.control('POST', `/calls/${sid}/hangup`)).toMatchObject({
    state: 'ended',
    endedBy: 'phone',
  });
  const second = await customer.call(TO);
  await eventually('ringing', async () => (await customer.get(second)).state === 'ringing');
  expect(await customer.control('POST', `/calls/${second}/reject`)).toMatchObject({ outcome: 'busy' });
});

test('hangupAfterMs counts from the answer, TimeLimit ends what nobody ends', async () => {
  customer.documents.set('/answer', '<Response><Pause length="600"/></Response>');
  await customer.phone(TO, { hangupAfterMs: 1_500 });
  const call = await customer.ended(await customer.call(TO));
  expect(call).toMatchObject({ outcome: 'completed', endedBy: 'phone', secondsRecorded: 1.5 });
  await customer.phone(TO, {});
  const limited = await customer.ended(await customer.call(TO, { timeLimit: 3 }));
  expect(limited).toMatchObject({ outcome: 'completed', endedBy: 'carrier', secondsRecorded: 3 });
});

describe('answering-machine detection', () => {
  const greeting = (ms: number): string => wavFile(mulawSine(400, ms), 7, 8_000).toString('base64');

  test.each([
    ['a silent person', {}, 'Enable', 'human', 1_700],
    ['a short hello', { greetingWav: greeting(800) }, 'Enable', 'human', 2_000],
    ['a long greeting', { greetingWav: greeting(3_000) }, 'Enable', 'machine_start', 2_400],
    [
      'a long greeting to its end',
      { greetingWav: greeting(3_000) },
      'DetectMessageEnd',
      'machine_end_silence',
      4_200,
    ],
    [
      'voicemail',
      { outcome: 'voicemail', greetingWav: greeting(1_000) },
      'DetectMessageEnd',
      'machine_end_beep',
      1_600,
    ],
    ['a fax', { machine: 'fax' }, 'Enable', 'fax', 2_000],
    ['who knows', { machine: 'unknown' }, 'Enable', 'unknown', 5_000],
  ])('%s, before the document', async (_, behaviour, machineDetection, answeredBy, ms) => {
    await customer.phone(TO, behaviour);
    customer.documents.set('/answer', '<Response/>');
    const call = await customer.ended(await customer.call(TO, { machineDetection }));
    expect(call).toMatchObject({ answeredBy, outcome: 'completed' });
    expect(customer.callbacks('/answer')[0]!.params.AnsweredBy).toBe(answeredBy);
    await eventually('the end', () => customer.callbacks().length === 4);
    expect(customer.callbacks().at(-1)!.params.AnsweredBy).toBe(answeredBy);
    expect(call.secondsRecorded * 1_000).toBeGreaterThanOrEqual(ms);
    expect(call.secondsRecorded * 1_000).toBeLessThan(ms + 1_500);
  });

  test('asynchronously: the document is not delayed, the result comes on its own', async () => {
    await customer.phone(TO, { outcome: 'voicemail', greetingWav: greeting(2_000) });
    customer.documents.set('/answer', '<Response><Pause length="6"/></Response>');
    const sid = await customer.call(TO, {
      machineDetection: 'DetectMessageEnd',
      asyncAmd: 'true',
      asyncAmdStatusCallback: `${customer.url}/machine`,
    });
    await customer.ended(sid);
    await eventually('the result', () => customer.callbacks('/machine').length === 1);
    expect(customer.callbacks('/answer')[0]!.params.AnsweredBy).toBeUndefined();
    expect(customer.callbacks('/machine')[0]!.params).toEqual({
      AccountSid: customer.sim.accountSid,
      CallSid: sid,
      AnsweredBy: 'machine_end_beep',
      MachineDetectionDuration: '2600',
    });
    const order = customer.webhooks.map(({ path }) => path);
    expect(order.indexOf('/answer')).toBeLessThan(order.indexOf('/machine'));
  });
});
