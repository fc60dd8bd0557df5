import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CarrierError } from '../../src/errors.ts';
import type { EmailText } from '../../src/delivery/index.ts';
import { ChannelsServer } from '../support/channels-server.ts';
import { settle } from '../support/fake-clock.ts';

const EMAIL = '/2fa/2/pin/email';
const TO = 'john.smith@example.com';

const EMAILS = new Map<number, EmailText>([
  [
    77,
    {
      subject: '{{shop}}: {{pin}}',
      text: 'Hi {{name}},\n{{pin}}\n',
      html: '<p title="{{name}}">Hi {{name}}, <b>{{pin}}</b></p>',
    },
  ],
]);

interface Sent extends Record<string, unknown> {
  pinId: string;
}

let server: ChannelsServer;
let applicationId: string;
let messageId: string;
beforeAll(async () => {
  server = await ChannelsServer.start({ emails: EMAILS });
});
afterAll(async () => await server.close());
beforeEach(async () => {
  ({ applicationId } = await server.api.prepare());
  messageId = await server.emailTemplate(applicationId);
  server.mail.mails.length = 0;
  server.mail.answers = [];
});

const send = async (body: Record<string, unknown> = {}) => {
  const answer = await server.api.call<Sent>('POST', EMAIL, { applicationId, messageId, to: TO, ...body });
  await settle();
  return answer;
};
const resend = async (pinId: string, body?: Record<string, unknown>) => {
  const answer = await server.api.call<Sent>('POST', `/2fa/2/pin/${pinId}/resend/email`, body);
  await settle();
  return answer;
};
const lastMail = () => server.mail.mails.at(-1);

describe('POST /2fa/2/pin/email (infobip-api.md 2.6)', () => {
  it('answers the documented example key for key', async () => {
    const answer = await send({
      placeholders: { firstName: 'John' },
      landingPagePlaceholders: { name: 'John', surname: 'Smith' },
    });
    expect([answer.status, answer.body]).toStrictEqual([
      200,
      {
        pinId: expect.stringMatching(/^[0-9A-F]{32}$/),
        to: TO,
        emailStatus: { name: 'PENDING_ACCEPTED', description: 'Message accepted, pending for delivery.' },
      },
    ]);
    const pin = await server.api.pinOf(answer.body.pinId);
    expect(pin).toMatch(/^\d{4}$/);
    expect(server.mail.mails).toMatchObject([
      { to: TO, from: 'pins@saypin.example', subject: 'Your verification code' },
    ]);
    expect(lastMail()?.text).toContain(`code is ${pin}\n`);
    expect(lastMail()?.html).toContain(`>${pin}<`);
  });

  it('is verified, and listed, under the address', async () => {
    const { pinId } = (await send()).body;
    const wrong = await server.api.verify(pinId, await server.api.wrongPinOf(pinId));
    expect(wrong.body).toStrictEqual({
      pinId,
      msisdn: TO,
      verified: false,
      attemptsRemaining: 9,
      pinError: 'WRONG_PIN',
    });
    const right = await server.api.verify(pinId, await server.api.pinOf(pinId));
    expect(right.body).toStrictEqual({ pinId, msisdn: TO, verified: true, attemptsRemaining: 0 });
    const list = async (query: string) =>
      (await server.api.call('GET', `/2fa/2/applications/${applicationId}/verifications?${query}`)).body;
    const now = server.api.clock.now();
    const row = { msisdn: TO, verified: true, verifiedAt: now, sentAt: now };
    for (const query of [
      `msisdn=${encodeURIComponent(TO)}`,
      `msisdn=John.Smith@EXAMPLE.com&verified=true&sent=true`,
    ])
      expect(await list(query)).toStrictEqual({ verifications: [row] });
    expect(await list(`msisdn=${TO}&verified=false`)).toStrictEqual({ verifications: [] });
    expect(await list('msisdn=someone@example.com')).toStrictEqual({ verifications: [] });
    expect(
      (await server.api.call('GET', `/2fa/2/applications/${applicationId}/verifications?msisdn=@`)).status,
    ).toBe(400);
  });

  it('writes the words of the configuration, each value fit for its place', async () => {
    messageId = await server.emailTemplate(applicationId, { emailTemplateId: 77 });
    const { body } = await send({
      placeholders: { name: '<img src=x onerror="1">&\'{{pin}}', shop: 'A\r\nBcc: x@y.z\u2028\tB' },
    });
    const pin = await server.api.pinOf(body.pinId);
    const escaped = '&lt;img src=x onerror=&quot;1&quot;&gt;&amp;&#39;{{pin}}';
    expect(lastMail()).toMatchObject({
      subject: `A Bcc: x@y.z B: ${pin}`,
      text: `Hi <img src=x onerror="1">&'{{pin}},\n${pin}\n`,
      html: `<p title="${escaped}">Hi ${escaped}, <b>${pin}</b></p>`,
    });
  });

  it.each([
    [{ from: 'Jane Smith <jane.smith@somecompany.com>' }, {}, 'Jane Smith <jane.smith@somecompany.com>'],
    [{ from: '"Smith, Jane" <j@x.example>' }, {}, '"Smith, Jane" <j@x.example>'],
    [{ from: ' ' }, { from: 'company@example.com' }, 'company@example.com'],
    [{}, { from: 'company@example.com' }, 'company@example.com'],
    [{}, {}, 'pins@saypin.example'],
  ])('comes from %j of a template with %j: %s', async (body, template, from) => {
    messageId = await server.emailTemplate(applicationId, template);
    expect((await send(body)).status).toBe(200);
    expect(lastMail()?.from).toBe(from);
  });

  it.each(['John.Smith@Example.COM', ' john.smith@example.com '])(
    'takes %j as the same mailbox',
    async to => {
      const limited = await server.api.prepare({ sendPinPerPhoneNumberLimit: '1/1d' });
      applicationId = limited.applicationId;
      messageId = await server.emailTemplate(applicationId);
      expect((await send({ to })).body).toMatchObject({ to: TO });
      expect((await send()).status).toBe(429);
      expect((await send({ to: 'other@example.com' })).status).toBe(200);
    },
  );

  it.each([
    ['to', { to: '41793026727' }],
    ['to', { to: 'john' }],
    ['to', { to: 'a@b.c, d@e.f' }],
    ['to', { to: 'a@b.example\r\nBcc: d@e.f' }],
    ['to', { to: '' }],
    ['from', { from: 'Jane' }],
    ['from', { from: 'Jane\r\nBcc: d@e.f <j@x.example>' }],
    ['from', { from: 'a@b.example, c@d.example' }],
    ['from', { from: 7 }],
    ['messageId', { messageId: 'NONE' }],
    ['applicationId', { applicationId: 'NONE' }],
    ['placeholders', { placeholders: { pin: '1' } }],
    ['landingPagePlaceholders', { landingPagePlaceholders: { pin: '1' } }],
  ])('refuses a wrong %s with 400 that names it: %j', async (field, change) => {
    const answer = await send(change);
    expect(answer.status).toBe(400);
    expect(answer.body).toStrictEqual({
      requestError: {
        serviceException: {
          messageId: 'BAD_REQUEST',
          text: 'Bad request',
          validationErrors: { [field]: [expect.any(String)] },
        },
      },
    });
    expect(server.mail.mails).toStrictEqual([]);
  });

  it('refuses a disabled application with 403', async () => {
    const { pinId } = (await send()).body;
    await server.api.disable(applicationId);
    expect((await send()).status).toBe(403);
    expect((await resend(pinId, {})).status).toBe(403);
  });

  it('logs neither PIN, nor mailbox, nor values', async () => {
    messageId = await server.emailTemplate(applicationId, { pinLength: 16 });
    const { body } = await send({ to: 'zanzibar@example.com', placeholders: { name: 'Timbuktu' } });
    const pin = await server.api.pinOf(body.pinId);
    const lines = server.logged();
    expect(lines).toContain('z***@example.com');
    for (const secret of [pin, 'zanzibar', 'Timbuktu']) expect(lines).not.toContain(secret);
  });
});

describe('POST /2fa/2/pin/{pinId}/resend/email', () => {
  it('sends the same PIN under the same pinId, with new values for old placeholders', async () => {
    messageId = await server.emailTemplate(applicationId, { emailTemplateId: 77, from: 'a@b.example' });
    const first = await send({ placeholders: { name: 'Ada', shop: 'Shop' } });
    const again = await resend(first.body.pinId, { placeholders: { name: 'Bob' } });
    expect(again.body).toStrictEqual(first.body);
    const [one, two] = server.mail.mails;
    expect(two).toMatchObject({ subject: one?.subject, from: 'a@b.example', to: TO });
    expect(two?.text).toBe(one?.text.replace('Ada', 'Bob'));
    expect(two?.ref).not.toBe(one?.ref);
  });

  it.each([undefined, {}, { landingPagePlaceholders: { name: 'John', surname: 'Smith' } }])(
    'takes %j as a body',
    async body => {
      const { pinId } = (await send()).body;
      expect((await resend(pinId, body)).status).toBe(200);
    },
  );

  it('refuses a PIN that went to a number with 400, and an unknown one with 404', async () => {
    const ids = await server.api.prepare();
    const answer = await resend(await server.api.send(ids), {});
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('was sent to a number');
    expect((await resend('0'.repeat(32), {})).status).toBe(404);
  });

  it('counts against the limits', async () => {
    ({ applicationId } = await server.api.prepare({ sendPinPerPhoneNumberLimit: '2/1d' }));
    messageId = await server.emailTemplate(applicationId);
    const { pinId } = (await send()).body;
    expect((await resend(pinId, {})).status).toBe(200);
    expect((await resend(pinId, {})).status).toBe(429);
  });
});

describe('a mail server that is not there', () => {
  it('is asked again after a minute, and the answer did not wait', async () => {
    server.mail.answers = [
      async () => await Promise.reject(new CarrierError('server', { retryable: true })),
      async () => await Promise.reject(new CarrierError('unreachable', { retryable: true })),
    ];
    const { status, body } = await send();
    expect(status).toBe(200);
    await server.api.clock.advanceAsync(59_000);
    expect(server.mail.mails).toHaveLength(1);
    await server.api.clock.advanceAsync(2_000);
    expect(server.mail.mails).toHaveLength(2);
    await server.api.clock.advanceAsync(241_000);
    expect(server.mail.mails).toHaveLength(3);
    expect(new Set(server.mail.mails.map(({ ref, text }) => ref + text)).size).toBe(1);
    expect(server.mail.mails[0]?.text).toContain(await server.api.pinOf(body.pinId));
    await server.api.clock.advanceAsync(600_000);
    expect(server.mail.mails).toHaveLength(3);
  });

  it('is not asked again once it said no', async () => {
    server.mail.answers = [
      async () => await Promise.reject(new CarrierError('rejected', { carrierCode: '550' })),
    ];
    await send();
    await server.api.clock.advanceAsync(600_000);
    expect(server.mail.mails).toHaveLength(1);
  });

  it('is not asked for a PIN that died meanwhile', async () => {
    ({ applicationId } = await server.api.prepare({ pinTimeToLive: '30s' }));
    messageId = await server.emailTemplate(applicationId);
    server.mail.answers = [async () => await Promise.reject(new CarrierError('server', { retryable: true }))];
    await send();
    await server.api.clock.advanceAsync(600_000);
    expect(server.mail.mails).toHaveLength(1);
  });
});

describe('e-mail templates (infobip-api.md 2.5)', () => {
  const base = () => `/2fa/2/applications/${applicationId}`;

  it('answer the documented example key for key', async () => {
    const example = {
      pinLength: 4,
      pinType: 'ALPHANUMERIC',
      from: 'company@example.com',
      emailTemplateId: 1234,
      landingPageId: '1_23456',
    };
    const answer = await server.api.call<{ messageId: string }>('POST', `${base()}/email/messages`, example);
    expect([answer.status, answer.body]).toStrictEqual([
      200,
      { messageId: expect.stringMatching(/^[0-9A-F]{32}$/), applicationId, ...example },
    ]);
    const got = await server.api.call('GET', `${base()}/messages/${answer.body.messageId}`);
    expect(got.body).toStrictEqual(answer.body);
  });

  it('have four digits and nothing more unless told otherwise', async () => {
    const { body } = await server.api.call('POST', `${base()}/email/messages`, {
      emailTemplateId: 9_007_199_254_740_991,
      from: null,
      landingPageId: null,
    });
    expect(body).toStrictEqual({
      messageId: expect.any(String),
      applicationId,
      pinLength: 4,
      pinType: 'NUMERIC',
      emailTemplateId: 9_007_199_254_740_991,
    });
  });

  it('keep what an update leaves out', async () => {
    const url = `${base()}/email/messages`;
    const { body } = await server.api.call('POST', url, {
      emailTemplateId: 5,
      from: 'a@b.example',
      landingPageId: '1_2',
    });
    const put = async (change: Record<string, unknown>) =>
      (await server.api.call('PUT', `${url}/${String(body['messageId'])}`, change)).body;
    expect(await put({})).toStrictEqual(body);
    expect(await put({ pinType: 'HEX', pinLength: 6, from: 'C <c@d.example>' })).toStrictEqual({
      ...body,
      pinType: 'HEX',
      pinLength: 6,
      from: 'C <c@d.example>',
    });
    expect(await put({ emailTemplateId: 6, landingPageId: '3' })).toMatchObject({
      emailTemplateId: 6,
      landingPageId: '3',
      pinLength: 6,
    });
  });

  it('make PINs of their own type and length', async () => {
    messageId = await server.emailTemplate(applicationId, { pinType: 'ALPHA', pinLength: 9 });
    expect(await server.api.pinOf((await send()).body.pinId)).toMatch(/^[A-Z]{9}$/);
  });

  it('are listed among those for SMS and voice, oldest first', async () => {
    const { body } = await server.api.call<Record<string, unknown>[]>('GET', `${base()}/messages`);
    expect(body).toHaveLength(2);
    expect(body[0]).toMatchObject({ messageText: 'Your pin is {{pin}}', pinPlaceholder: '{{pin}}' });
    expect(body[1]).toStrictEqual({
      messageId,
      applicationId,
      pinLength: 4,
      pinType: 'NUMERIC',
      emailTemplateId: 1234,
    });
  });

  it('and those for SMS and voice are not each other', async () => {
    const ids = await server.api.prepare();
    const email = await server.emailTemplate(ids.applicationId);
    const url = `/2fa/2/applications/${ids.applicationId}`;
    expect((await server.api.call('PUT', `${url}/email/messages/${ids.messageId}`, {})).status).toBe(404);
    expect((await server.api.call('PUT', `${url}/messages/${email}`, {})).status).toBe(404);
    expect((await server.api.call('PUT', `${url}/email/messages/NONE`, {})).status).toBe(404);
    expect(
      (await server.api.call('GET', `/2fa/2/applications/${applicationId}/messages/${email}`)).status,
    ).toBe(404);
    expect(
      (await server.api.call('POST', `/2fa/2/applications/NONE/email/messages`, { emailTemplateId: 1 }))
        .status,
    ).toBe(404);
  });

  it.each([
    ['emailTemplateId', { emailTemplateId: undefined }],
    ['emailTemplateId', { emailTemplateId: '1234' }],
    ['emailTemplateId', { emailTemplateId: 1.5 }],
    ['emailTemplateId', { emailTemplateId: 2 ** 53 }],
    ['from', { from: 'nobody' }],
    ['from', { from: 'Name <>' }],
    ['pinLength', { pinLength: 0 }],
    ['pinLength', { pinLength: 33 }],
    ['pinType', { pinType: 'EMOJI' }],
    ['landingPageId', { landingPageId: 7 }],
  ])('refuse a wrong %s with 400 that names it: %j', async (field, change) => {
    const answer = await server.api.call('POST', `${base()}/email/messages`, {
      emailTemplateId: 1,
      ...change,
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      requestError: { serviceException: { validationErrors: { [field]: [expect.any(String)] } } },
    });
  });

  it('need the scope 2fa:manage', async () => {
    const { KEYS } = await import('../support/api-server.ts');
    const answer = await server.api.call(
      'POST',
      `${base()}/email/messages`,
      { emailTemplateId: 1 },
      { authorization: `App ${KEYS.phones}` },
    );
    expect(answer.status).toBe(403);
  });
});
