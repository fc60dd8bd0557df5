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
