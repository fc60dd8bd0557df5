import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createSimulator } from '../../sip-sim/index.ts';
import { Customer, eventually } from './customer.ts';

/** The mail inbox, written to with nodemailer: sip-sim/README.md. */
let customer: Customer;
let transport: ReturnType<typeof connect>;
beforeAll(async () => {
  customer = await Customer.start({ keep: { mails: 3 } });
  transport = connect();
});
beforeEach(async () => await customer.clear());
afterAll(async () => {
  transport.close();
  await customer.close();
});

const TO = 'jane.smith@example.com';
const FROM = 'pin@example.org';

function connect(auth?: { user: string; pass: string }) {
  const { hostname: host, port } = new URL(customer.sim.smtpUrl);
  return createTransport({ pool: true, maxConnections: 1, host, port: Number(port), ...(auth && { auth }) });
}
const send = async (more: object = {}) =>
  await transport.sendMail({ from: FROM, to: TO, subject: 'Hi', text: 'x', ...more });
const inbox = async (address = TO) =>
  (
    await customer.control<{ messages: Record<string, string>[] }>(
      'GET',
      `/mailboxes/${encodeURIComponent(address)}/messages`,
    )
  ).messages;
const mailbox = async (behaviour: object, address = TO) =>
  await customer.control('PUT', `/mailboxes/${address}`, behaviour);
const code = async (work: Promise<unknown>) =>
  await work.then(
    () => 250,
    (error: unknown) => (error as { responseCode: number }).responseCode,
  );

test('a mail lands in the mailbox of its recipient, read', async () => {
  const sent = await send({
    from: 'Zoë <pin@example.org>',
    subject: 'Ihr PIN für 暗証番号',
    text: 'Grüezi 🔑\n.\nBye',
    html: '<b>Grüezi</b>',
  });
  expect(await inbox('Jane.Smith@EXAMPLE.com')).toEqual([
    {
      id: expect.stringMatching(/^ML[0-9a-f]{32}$/),
      from: 'Zoë <pin@example.org>',
      to: TO,
      envelopeFrom: FROM,
      subject: 'Ihr PIN für 暗証番号',
      text: 'Grüezi 🔑\n.\nBye\n',
      html: '<b>Grüezi</b>\n',
      messageId: sent.messageId,
      receivedAt: expect.stringMatching(/Z$/),
    },
  ]);
  expect(await inbox('someone@else.example')).toEqual([]);
});

test('each recipient has a copy, and only those that are accepted', async () => {
  await mailbox({ outcome: 'reject' }, 'no@example.com');
  const info = await send({ to: [TO, 'no@example.com', 'other@example.com'] });
  expect(info.rejected).toEqual(['no@example.com']);
  expect(await inbox()).toHaveLength(1);
  expect(await inbox('no@example.com')).toEqual([]);
  expect(await inbox('other@example.com')).toHaveLength(1);
});

describe('outcomes', () => {
  test.each([
    ['accept', 250, 1],
    ['reject', 550, 0],
    ['defer', 451, 0],
    ['bounce', 250, 0],
  ])('%s answers %i', async (outcome, expected, arrived) => {
    expect(await mailbox({ outcome })).toEqual({ address: TO, outcome, count: null });
    expect(await code(send())).toBe(expected);
    expect(await inbox()).toHaveLength(arrived);
  });

  test('a bounce comes back to the sender, once, and never bounces itself', async () => {
    await mailbox({ outcome: 'bounce' });
    await mailbox({ outcome: 'bounce' }, FROM);
    await send({ subject: 'Lost' });
    const [bounce] = await eventually('the bounce', async () => {
      const mails = await inbox(FROM);
      return mails.length > 0 && mails;
    });
    expect(bounce).toMatchObject({ envelopeFrom: '', subject: 'Undelivered Mail Returned to Sender' });
    expect(bounce!['text']).toContain(`<${TO}>: 550 5.1.1`);
    expect(bounce!['text']).toContain('Lost');
  });

  test('a greylisted sender gets through at the third try', async () => {
    await mailbox({ outcome: 'defer', count: 2 });
    expect([await code(send()), await code(send()), await code(send())]).toEqual([451, 451, 250]);
    expect(await customer.control('GET', `/mailboxes/${TO}`)).toMatchObject({ outcome: 'accept' });
  });

  test.each([
    ['outcome', { outcome: 'lose' }],
    ['count', { outcome: 'defer', count: 0 }],
    ['colour', { colour: 'red' }],
  ])('%s is refused by name', async (field, body) => {
    await expect(mailbox(body)).rejects.toThrow(`"field":"${field}"`);
  });
  test.each(['nobody', 'a@b@c', '@', 'a b@c.d'])('%j is no address', async address => {
    await expect(inbox(address)).rejects.toThrow('400');
  });
});

test('events tell who, never what', async () => {
  const before = await fetch(`${customer.sim.url}/events`, { headers: { 'last-event-id': '0' } });
  await mailbox({ outcome: 'defer', count: 1 });
  await code(send({ subject: 'PIN 481216' }));
  await send({ subject: 'PIN 481216', text: '481216' });
  const reader = before.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: mail.received')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  expect(text).toMatch(/event: mailbox\.updated\n.*"address":"jane\.smith@example\.com","outcome":"defer"/);
  expect(text).toMatch(/event: mail\.refused\n.*"to":"jane\.smith@example\.com".*"code":451/);
  expect(text).not.toContain('481216');
});

test('the newest mails are kept, and DELETE / forgets them and the behaviours', async () => {
  for (const subject of ['1', '2', '3', '4']) await send({ subject });
  expect((await inbox()).map(({ subject }) => subject)).toEqual(['2', '3', '4']);
  await mailbox({ outcome: 'reject' });
  await customer.control('DELETE', '/');
  expect(await inbox()).toEqual([]);
  expect(await code(send())).toBe(250);
});

test('a mail of more than a megabyte is refused', async () => {
  expect(await code(send({ text: 'x'.repeat(1_100_000) }))).toBe(552);
  expect(await inbox()).toEqual([]);
});

test('signing in is optional, and checked where it is done', async () => {
  const { accountSid, authToken } = customer.sim;
  const right = connect({ user: accountSid, pass: authToken });
  const wrong = connect({ user: accountSid, pass: 'wrong' });
  expect(await right.verify()).toBe(true);
  expect(await code(wrong.verify())).toBe(535);
  right.close();
  wrong.close();
});

test('while it shuts down it takes no more mail; a taken port is an error', async () => {
  const sim = await createSimulator();
  const { hostname: host, port } = new URL(sim.smtpUrl);
  await expect(createSimulator({ smtpPort: Number(port) })).rejects.toThrow('EADDRINUSE');
  await expect(createSimulator({ port: Number(new URL(sim.url).port) })).rejects.toThrow('EADDRINUSE');
  const other = createTransport({ host, port: Number(port) });
  await sim.drain(10);
  expect(await code(other.sendMail({ from: FROM, to: TO, text: 'x' }))).toBe(421);
  await sim.close();
  other.close();
});
