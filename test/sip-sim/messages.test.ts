import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { segmentCount } from '../../sip-sim/messages.ts';
import { Customer, eventually } from './customer.ts';

/** Text messages: Twilio's REST on one side, an inbox on the other (carrier-protocols.md 1.6). */
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start();
});
beforeEach(async () => await customer.clear());
afterAll(async () => await customer.close());

const TO = '+41793026727';
const FROM = '+15005550006';

test.each([
  ['delivered', ['sent', 'delivered'], undefined, 1],
  ['undelivered', ['sent', 'undelivered'], '30003', 0],
  ['failed', ['failed'], '30008', 0],
  ['sent', ['sent'], undefined, 0],
])('%s', async (smsOutcome, statuses, errorCode, arrived) => {
  await customer.phone(TO, { smsOutcome });
  const message = await customer.client.messages.create({
    to: TO,
    from: FROM,
    body: 'Hëllo',
    statusCallback: `${customer.url}/sms`,
  });
  expect(message).toMatchObject({ status: 'queued', to: TO, from: FROM, body: 'Hëllo', numSegments: '1' });
  expect(message.sid).toMatch(/^SM[0-9a-f]{32}$/);
  const mine = (): Record<string, string>[] =>
    customer.webhooks
      .filter(({ params }) => params.MessageSid === message.sid)
      .map(({ params, valid }) => ({ ...params, valid: String(valid) }));
  await eventually('the callbacks', () => mine().length === statuses.length);
  expect(mine().map(params => params.MessageStatus)).toEqual(statuses);
  expect(mine().at(-1)).toMatchObject({ SmsSid: message.sid, To: TO, From: FROM, valid: 'true' });
  expect(mine().at(-1)!.ErrorCode).toBe(errorCode);
  expect((await customer.client.messages(message.sid).fetch()).status).toBe(statuses.at(-1));
  const { messages } = await customer.control<{ messages: object[] }>('GET', `/phones/${TO}/messages`);
  expect(messages).toHaveLength(arrived);
  if (arrived) expect(messages[0]).toMatchObject({ id: message.sid, from: FROM, to: TO, body: 'Hëllo' });
});

test.each([
  [{ smsOutcome: 'refused' }, 21610],
  [{ smsOutcome: 'refused', smsErrorCode: 21211 }, 21211],
  [{ smsOutcome: 'refused', smsErrorCode: 21408 }, 21408],
])('%j is refused with %i, and never was', async (behaviour, code) => {
  await customer.phone(TO, behaviour);
  const statusCallback = `${customer.url}/sms`;
  const sending = customer.client.messages.create({ to: TO, from: FROM, body: 'x', statusCallback });
  await expect(sending).rejects.toMatchObject({ code, status: code === 21408 ? 403 : 400 });
  expect(await customer.client.messages.list()).toEqual([]);
});

test.each([
  ['undelivered', 30005],
  ['failed', 30007],
])('%s with a code of one’s own', async (smsOutcome, smsErrorCode) => {
  await customer.phone(TO, { smsOutcome, smsErrorCode });
  const statusCallback = `${customer.url}/sms`;
  const { sid } = await customer.client.messages.create({ to: TO, from: FROM, body: 'x', statusCallback });
  const last = () => customer.webhooks.findLast(({ params }) => params.MessageStatus === smsOutcome)?.params;
  await eventually('the callback', () => last() !== undefined);
  expect(last()!.ErrorCode).toBe(String(smsErrorCode));
  expect((await customer.client.messages(sid).fetch()).errorCode).toBe(smsErrorCode);
});

test('silent arrives without a word; late comes after a minute', async () => {
  const LATER = '+41790000000';
  await customer.phone(TO, { smsOutcome: 'silent' });
  await customer.phone(LATER, { smsOutcome: 'late', smsDelayMs: 10_000 });
  const statusCallback = `${customer.url}/sms`;
  const silent = await customer.client.messages.create({ to: TO, from: FROM, body: 'x', statusCallback });
  const late = await customer.client.messages.create({ to: LATER, from: FROM, body: 'x', statusCallback });
  const started = performance.now();
  await eventually('the late one', () =>
    customer.webhooks.some(({ params }) => params.MessageStatus === 'delivered'),
  );
  // Twentyfold speed.
  expect(performance.now() - started).toBeGreaterThan(400);
  expect((await customer.client.messages(silent.sid).fetch()).status).toBe('delivered');
  const { messages } = await customer.control<{ messages: object[] }>('GET', `/phones/${TO}/messages`);
  expect(messages).toHaveLength(1);
  expect(new Set(customer.webhooks.map(({ params }) => params.MessageSid))).toEqual(new Set([late.sid]));
  await customer.phone(LATER, { smsOutcome: 'late' });
  expect(await customer.control('GET', `/phones/${LATER}`)).toMatchObject({ smsDelayMs: 60_000 });
});

test.each([
  [{ to: '', from: FROM, body: 'x' }, 21604],
  [{ to: TO, body: 'x' }, 21603],
  [{ to: TO, from: FROM }, 21602],
  [{ to: '12', from: FROM, body: 'x' }, 21211],
  [{ to: TO, from: '+1!', body: 'x' }, 21212],
  [{ to: TO, from: FROM, body: 'x'.repeat(1_601) }, 21617],
  [{ to: TO, from: FROM, body: 'x', statusCallback: 'x' }, 21609],
])('%j is refused with %i', async (request, code) => {
  await expect(customer.client.messages.create(request as { to: string })).rejects.toMatchObject({
    status: 400,
    code,
  });
});

test.each([
  ['', 1],
  ['a'.repeat(160), 1],
  ['a'.repeat(161), 2],
  ['€'.repeat(80), 1],
  ['€'.repeat(81), 2],
  ['я'.repeat(70), 1],
  ['я'.repeat(71), 2],
  ['я'.repeat(135), 3],
])('%# segments', (body, count) => {
  expect(segmentCount(body)).toBe(count);
});
