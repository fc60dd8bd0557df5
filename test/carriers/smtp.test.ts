import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type { MailCarrier, SendMail } from '../../src/carriers/message-carrier.ts';
import { createSmtpCarrier, smtpConfig, type SmtpConfigInput } from '../../src/carriers/smtp/index.ts';
import { CarrierError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from '../support/loopback-certificate.ts';
import { MailServer, rudeMailServer } from '../support/mail-server.ts';

const MAIL: SendMail = {
  ref: '0123456789abcdef0123456789abcdef',
  to: 'jane.smith@example.com',
  from: 'Saypin <pin@example.org>',
  subject: 'Your PIN',
  text: 'Your PIN is 481216',
};
const WAIT = { timeout: 3000, interval: 5 };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const clock = new FakeClock();
function makeCarrier(port: number, more: Partial<SmtpConfigInput> = {}, log = createLogger('silent')) {
  const config = smtpConfig.parse({ type: 'smtp', host: '127.0.0.1', port, ...more });
  return createSmtpCarrier(config, { log, clock });
}
function carrier(...parameters: Parameters<typeof makeCarrier>): MailCarrier {
  const made = makeCarrier(...parameters);
  closers.push(async () => await made.close());
  return made;
}

/** One server for the plain mails: smtp-server takes a tenth of a second to greet. */
let shared: { server: MailServer; mail: MailCarrier };
beforeAll(async () => {
  const server = await MailServer.start();
  shared = { server, mail: makeCarrier(server.port) };
});
beforeEach(() => {
  shared.server.mails.length = 0;
  shared.server.sessions.clear();
});
afterAll(async () => {
  await shared.mail.close();
  await shared.server.close();
});
async function setup(
  ...[options, more]: [Parameters<typeof MailServer.start>[0]?, Partial<SmtpConfigInput>?]
) {
  const server = await MailServer.start(options);
  closers.push(async () => await server.close());
  return { server, mail: carrier(server.port, more) };
}
async function rude(answer: Parameters<typeof rudeMailServer>[0], more: Partial<SmtpConfigInput> = {}) {
  const server = await rudeMailServer(answer);
  closers.push(server.close);
  return { server, mail: carrier(server.port, more) };
}
async function refusal(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => expect.fail('was accepted'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(CarrierError);
  return error as CarrierError;
}
const header = (email: { headers: { key: string; value: string }[] }, key: string) =>
  email.headers.filter(header => header.key === key).map(({ value }) => value);

describe('a mail', () => {
  test('arrives with every field', async () => {
    const { server, mail } = shared;
    const html = '<p>Your PIN is <b>481216</b></p>';
    const { carrierMessageId } = await mail.sendMail({ ...MAIL, html });
    const [{ email, envelope }] = server.mails as [(typeof server.mails)[0]];
    expect(envelope).toEqual({ from: 'pin@example.org', to: [MAIL.to] });
    expect(email.from).toEqual({ name: 'Saypin', address: 'pin@example.org' });
    expect(email.to).toEqual([{ name: '', address: MAIL.to }]);
    expect(email.subject).toBe('Your PIN');
    expect(email.text?.trim()).toBe(MAIL.text);
    expect(email.html?.trim()).toBe(html);
    expect(email.messageId).toBe(`<${carrierMessageId}>`);
    expect(header(email, 'auto-submitted')).toEqual(['auto-generated']);
    expect(Math.abs(Date.parse(email.date!) - Date.now())).toBeLessThan(60_000);
  });

  test('its id is the same for one reference, another for another, and gives the reference away to nobody', async () => {
    const { server, mail } = shared;
    const ids = [];
    for (const ref of [MAIL.ref, MAIL.ref, 'another']) ids.push(await mail.sendMail({ ...MAIL, ref }));
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[2]).not.toEqual(ids[0]);
    expect(server.mails[0]!.raw.toString()).not.toContain(MAIL.ref);
  });

  test.each([
    ['Ünïcode 暗証番号 🔑', 'Zoë <zoe@example.org>'],
    ['x'.repeat(300), `"Smith, Jane" <jane@example.org>`],
    ['a =?utf-8?q?b?= c', 'pin@example.org'],
  ])('subject %j from %s', async (subject, from) => {
    const { server, mail } = shared;
    await mail.sendMail({ ...MAIL, subject, from });
    const [{ email, raw }] = server.mails as [(typeof server.mails)[0]];
    expect(email.subject).toBe(subject);
    const name = /^"?([^"<]*?)"? ?</.exec(from)?.[1] ?? '';
    expect(email.from?.name).toBe(name);
    for (const line of raw.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
  });

  test.each([
    '.\r\n.. dots\r\n.\r\nQUIT\r\n',
    'bare\n.\nfeed\r.\rMAIL FROM:<a@b.c>\n',
    'PIN 暗証番号 🔑\nÜmlaut',
    'From the start\nof a line',
    `${'long '.repeat(500)}end`,
  ])('the text is itself: %#', async text => {
    const { server, mail } = shared;
    await mail.sendMail({ ...MAIL, text });
    await mail.sendMail(MAIL);
    expect(server.mails).toHaveLength(2);
    const lines = (text: string) => text.replaceAll(/\r\n|\r/g, '\n').trimEnd();
    expect(lines(server.mails[0]!.email.text!)).toBe(lines(text));
  });

  test('the configured sender stands in for none', async () => {
    const { server, mail } = await setup({}, { from: 'Default <default@example.org>' });
    await mail.sendMail({ ...MAIL, from: '' });
    expect(server.mails[0]!.email.from).toEqual({ name: 'Default', address: 'default@example.org' });
  });

  test('a hundred go over a few connections', async () => {
    const { server, mail } = await setup({}, { maxConnections: 2 });
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => await mail.sendMail({ ...MAIL, ref: `${i}` })),
    );
    expect(server.mails).toHaveLength(100);
    expect(server.sessions.size).toBe(2);
    expect(new Set(server.mails.map(({ email }) => email.messageId)).size).toBe(100);
    expect(clock.pending).toBe(0);
  });
});

describe('nothing else gets into the headers', () => {
  test.each([
    'Your PIN\r\nBcc: eve@example.com',
    'Your PIN\nBcc: eve@example.com',
    'Your PIN\rBcc: eve@example.com',
    'Your PIN\u2028Bcc: eve@example.com',
    'Your PIN\0\r\n\r\n<b>body</b>',
  ])('subject %j is one line', async subject => {
    const { server, mail } = shared;
    await mail.sendMail({ ...MAIL, subject });
    const [{ email, envelope }] = server.mails as [(typeof server.mails)[0]];
    expect(envelope.to).toEqual([MAIL.to]);
    expect(email.bcc).toBeUndefined();
    expect(email.subject).toMatch(/^Your PIN (Bcc: eve@example\.com|<b>body<\/b>)$/);
    expect(email.text?.trim()).toBe(MAIL.text);
  });

  test.each([
    ['from', 'Saypin\r\nBcc: eve@example.com <pin@example.org>'],
    ['from', 'pin@example.org\nBcc: eve@example.com'],
    ['from', 'a@example.org, b@example.org'],
    ['from', 'Group: a@example.org;'],
    ['from', 'a@example.org b@example.org'],
    ['from', '<a@example.org> trailing'],
    ['from', 'no address'],
    ['from', '@example.org'],
    ['from', 'Saypin <pin@exa mple.org>'],
    ['from', `Saypin <${'x'.repeat(65)}@example.org>`],
    ['from', ''],
    ['to', 'jane@example.com, eve@example.com'],
    ['to', 'jane@example.com\r\nRCPT TO:<eve@example.com>'],
    ['to', 'Jane <jane@example.com>'],
    ['to', '"eve@example.com x"@example.org'],
    ['to', 'jane@example..com'],
    ['to', 'jane@-example.com'],
    ['to', 'jane@[127.0.0.1]'],
    ['to', '.jane@example.com'],
    ['to', 'jane'],
    ['to', ''],
  ])('%s %j is refused before anything is sent', async (field, value) => {
    const { server, mail } = shared;
    const error = await refusal(mail.sendMail({ ...MAIL, [field]: value }));
    expect(error).toMatchObject({ reason: 'rejected', retryable: false });
    expect(error.message).not.toContain('example');
    expect(server.sessions.size).toBe(0);
  });
});

test('whatever is written, it stays subject and text: 250 mails of any Unicode', async () => {
  const { server, mail } = shared;
  const words = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '\r\nBcc: eve@example.com',
      '=?utf-8?B?DQpCY2M6IGE=?=',
      '\r\n.\r\n',
      ': ;,<>"@()',
      'From ',
    ),
  );
  const property = fc.asyncProperty(
    fc.array(words, { maxLength: 4 }),
    fc.array(words, { maxLength: 4 }),
    async (subjects, texts) => {
      server.mails.length = 0;
      const [subject, text] = [`Hi ${subjects.join('')}.`, `PIN ${texts.join('')}.`];
      await mail.sendMail({ ...MAIL, subject, text });
      const [{ email, envelope }] = server.mails as [(typeof server.mails)[0]];
      expect(envelope).toEqual({ from: 'pin@example.org', to: [MAIL.to] });
      expect(email.headers.map(({ key }) => key).toSorted()).toEqual(
        `auto-submitted content-transfer-encoding content-type date from message-id mime-version subject to
         x-auto-response-suppress`.split(/\s+/),
      );
      const oneLine = (text: string) => text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
      expect(oneLine(email.subject ?? '')).toBe(oneLine(subject));
      // A line break of any kind is one in the mail.
      const lines = (text: string) => text.replaceAll(/\r\n|\r/g, '\n').trimEnd();
      expect(lines(email.text ?? '')).toBe(lines(text));
    },
  );
  await fc.assert(property, { seed: 3, numRuns: 250 });
});

describe('refusals of the server', () => {
  test.each([
    ['mail', 451, 'server', true, 'MAIL FROM'],
    ['rcpt', 450, 'server', true, 'RCPT TO'],
    ['rcpt', 452, 'server', true, 'RCPT TO'],
    ['rcpt', 550, 'rejected', false, 'RCPT TO'],
    ['rcpt', 530, 'unauthorized', false, 'RCPT TO'],
    ['data', 421, 'server', true, 'DATA'],
    ['data', 451, 'server', true, 'DATA'],
    ['data', 554, 'rejected', false, 'DATA'],
  ] as const)('at %s with %i: %s, retryable %s', async (at, code, reason, retryable, stage) => {
    const { server, mail } = await setup();
    server.refuse = { at, code };
    const error = await refusal(mail.sendMail(MAIL));
    expect(error).toMatchObject({ reason, retryable, carrierCode: String(code) });
    expect(error.message).toBe(`smtp: send mail was answered ${code} to ${stage}`);
    expect(String(error.cause)).not.toMatch(/481216|someone/);
    server.refuse = undefined;
    await mail.sendMail(MAIL);
    expect(server.mails.length).toBe(at === 'data' ? 2 : 1);
  });

  test('a mail that is too large', async () => {
    const { mail } = await setup({ size: 500 });
    const error = await refusal(mail.sendMail({ ...MAIL, text: 'x'.repeat(5000) }));
    expect(error).toMatchObject({ reason: 'rejected', retryable: false, carrierCode: '552' });
  });
});

describe('connections', () => {
  test('nobody listening may be retried', async () => {
    const mail = carrier(await closedPort());
    const expected = { reason: 'unreachable', retryable: true };
    expect(await refusal(mail.sendMail(MAIL))).toMatchObject(expected);
    expect(await refusal(mail.verify())).toMatchObject(expected);
  });

  test('verify says hello', async () => {
    const { mail } = await setup();
    await mail.verify();
  });

  const polite = (line: string): string => {
    if (line === 'CONNECT') return '220 here';
    return /^(EHLO|MAIL|RCPT|RSET|\.)/.test(line) ? '250 ok' : '354 go';
  };

  test('cut after the mail was sent: not to be retried, and not sent again', async () => {
    const { server, mail } = await rude(line => (line === '.' ? 'cut' : polite(line)));
    expect(await refusal(mail.sendMail(MAIL))).toMatchObject({ reason: 'unreachable', retryable: false });
    expect(server.lines.filter(line => line === '.')).toHaveLength(1);
  });

  test('cut before: may be retried', async () => {
    const { mail } = await rude(line => (line.startsWith('RCPT') ? 'cut' : polite(line)));
    expect(await refusal(mail.sendMail(MAIL))).toMatchObject({ reason: 'unreachable', retryable: true });
  });

  test.each([
    ['.', false],
    ['RCPT', true],
  ])('silence after %s ends at the time limit, retryable %s', async (where, retryable) => {
    const { server, mail } = await rude(line => (line.startsWith(where) ? 'silence' : polite(line)));
    const outcome = refusal(mail.sendMail(MAIL));
    await vi.waitFor(() => expect(server.lines.some(line => line.startsWith(where))).toBe(true), WAIT);
    clock.advance(30_000);
    expect(await outcome).toMatchObject({ reason: 'timeout', retryable });
    expect(clock.pending).toBe(0);
  });

  test('the caller can give up; nothing is sent if it already has', async () => {
    const { server, mail } = await rude(line => (line === '.' ? 'silence' : polite(line)));
    const abort = new AbortController();
    const outcome = refusal(mail.sendMail(MAIL, abort.signal));
    await vi.waitFor(() => expect(server.lines).toContain('.'), WAIT);
    abort.abort();
    expect(await outcome).toMatchObject({ reason: 'timeout', retryable: false });
    const before = server.lines.length;
    expect(await refusal(mail.sendMail(MAIL, AbortSignal.abort()))).toMatchObject({ retryable: true });
    expect(server.lines.length).toBe(before);
  });

  test.each([
    ['554 no mail here', { reason: 'rejected', retryable: false, carrierCode: '554' }],
    ['HTTP/1.1 400 Bad Request', { reason: 'protocol', retryable: false }],
  ])('greeted with %s', async (greeting, expected) => {
    const { mail } = await rude(() => greeting);
    expect(await refusal(mail.sendMail(MAIL))).toMatchObject(expected);
  });

  test('a connection dropped while idle is replaced unnoticed', async () => {
    const { server, mail } = await setup();
    await mail.sendMail(MAIL);
    for (const connection of server.server.connections) connection.close();
    await mail.sendMail(MAIL);
    expect(server.mails).toHaveLength(2);
    expect(server.sessions.size).toBe(2);
  });

  test('close finishes what is on its way', async () => {
    const { server, mail } = await setup();
    let release = () => {};
    server.onMail = async () => await new Promise<void>(resolve => (release = resolve));
    const sending = mail.sendMail(MAIL);
    await vi.waitFor(() => expect(server.mails).toHaveLength(1), WAIT);
    const closing = mail.close();
    release();
    await sending;
    await closing;
    await refusal(mail.sendMail(MAIL));
  });
});

describe('TLS and passwords', () => {
  const TLS = { key: LOOPBACK_KEY, cert: LOOPBACK_CERTIFICATE };
  const login: Parameters<typeof MailServer.start>[0] = {
    onAuth: ({ username, password }, _session, done) =>
      username === 'me' && password === 'the-smtp-password'
        ? done(null, { user: username })
        : done(Object.assign(new Error('no'), { responseCode: 535 })),
  };
  const me = { user: 'me', pass: 'the-smtp-password' };

  test.each([
    ['STARTTLS', {}, { requireTls: true }],
    ['TLS from the start', { secure: true }, { secure: true }],
  ])('%s, signed in', async (_, server, config) => {
    const options = { ...TLS, ...login, ...server, authOptional: false };
    const both = await setup(options, { ...config, ...me, ca: LOOPBACK_CERTIFICATE });
    await both.mail.verify();
    await both.mail.sendMail(MAIL);
    expect(both.server.mails[0]).toMatchObject({ secure: true, user: 'me' });
  });

  test('a certificate of nobody is refused, and no mail sent', async () => {
    const { server, mail } = await setup(TLS, { requireTls: true });
    expect(await refusal(mail.sendMail(MAIL))).toMatchObject({ reason: 'unreachable', retryable: true });
    expect(server.mails).toEqual([]);
  });

  test('no STARTTLS where it is required: no mail, no password', async () => {
    const seen: string[] = [];
    const { mail } = await rude(
      line => {
        seen.push(line);
        if (line === 'CONNECT') return '220 here';
        return line.startsWith('EHLO') ? '250 AUTH PLAIN LOGIN' : '500 what';
      },
      { requireTls: true, ...me },
    );
    expect((await refusal(mail.sendMail(MAIL))).retryable).toBe(false);
    expect(seen.filter(line => /^(AUTH|MAIL)/.test(line))).toEqual([]);
  });

  test('a wrong password is unauthorized, and in no message', async () => {
    const wrong = { user: 'me', pass: 'wrong-password', requireTls: true, ca: LOOPBACK_CERTIFICATE };
    const { mail } = await setup({ ...TLS, ...login }, wrong);
    for (const work of [async () => await mail.sendMail(MAIL), async () => await mail.verify()]) {
      const error = await refusal(work());
      expect(error).toMatchObject({ reason: 'unauthorized', retryable: false, carrierCode: '535' });
      expect(`${error.message} ${String(error.cause)}`).not.toContain('wrong-password');
    }
  });
});

test('nothing of a mail is logged', async () => {
  const lines: string[] = [];
  const log = createLogger('trace', { write: line => void lines.push(line) });
  const { server } = await setup();
  const mail = carrier(server.port, {}, log);
  await mail.sendMail(MAIL);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/481216|jane|Your PIN/);
});

describe('the configuration', () => {
  const base = { type: 'smtp', host: 'mail.example.com', port: 587 } as const;
  test.each([
    [base, { requireTls: true, secure: false, name: 'smtp' }],
    [{ ...base, requireTls: false }, { requireTls: false }],
    [
      { ...base, port: 465, secure: true },
      { requireTls: false, secure: true },
    ],
    [{ ...base, host: '127.0.0.1' }, { requireTls: false }],
    [{ ...base, host: 'localhost', user: 'u', pass: 'p' }, { requireTls: false }],
  ])('%j', (input, expected) => expect(smtpConfig.parse(input)).toMatchObject(expected));

  test.each([
    ['port', { port: 0 }],
    ['host', { host: 'a b' }],
    ['host', { host: 'smtp://x/y' }],
    ['name', { name: '../x' }],
    ['pass', { user: 'u' }],
    ['pass', { pass: 'p' }],
    ['requireTls', { user: 'u', pass: 'p', requireTls: false }],
    ['from', { from: 'nobody' }],
    ['from', { from: 'A <a@b.c>\r\nBcc: x@y.z' }],
    ['ca', { ca: '/etc/ca.pem' }],
    ['', { tls: {} }],
  ])('%s refused: %j', (path, wrong) => {
    const result = smtpConfig.safeParse({ ...base, ...wrong });
    expect(result.error?.issues.map(issue => issue.path.join('.'))).toEqual([path]);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
