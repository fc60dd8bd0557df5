import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { classicError, KEYS, LOGIN, SmsServer, v3Error, type V2Answer, type V3Answer } from './rig.ts';

const TEXT = '/sms/2/text/advanced';
const BINARY = '/sms/2/binary/advanced';

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());
beforeEach(() => {
  server.messaging.submitted.length = 0;
});

describe('POST /sms/2/text/advanced (infobip-api.md 5.2)', () => {
  it('takes the documented example whole', async () => {
    const answer = await server.call<V2Answer>('POST', TEXT, {
      ...examples.advancedRequest,
      // The Node SDK's, and what does nothing here.
      type: 'text',
      urlOptions: { shortenUrl: true },
      tracking: { track: 'SMS', type: 'MY_CAMPAIGN' },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({
      bulkId: 'BULK-ID-123-xyz',
      messages: [
        {
          messageId: 'MESSAGE-ID-123-xyz',
          status: examples.advancedAnswer.messages[0]?.status,
          to: '41793026727',
          smsCount: 1,
        },
        expect.objectContaining({ to: '41793026834', smsCount: 1 }),
      ],
    });
    expect(server.messaging.last).toStrictEqual({
      face: 'sms2',
      channel: 'sms',
      bulkId: 'BULK-ID-123-xyz',
      speed: { amount: 10, perMs: 3_600_000 },
      messages: [
        {
          from: 'InfoSMS',
          destinations: [{ to: '41793026727', messageId: 'MESSAGE-ID-123-xyz' }, { to: '41793026834' }],
          content: {
            text: 'Artik Ulusal Dil Tanimlayicisi ile Turkce karakterli smslerinizi rahatlikla iletebilirsiniz.',
            flash: false,
            transliteration: 'TURKISH',
            languageCode: 'TR',
            messageCount: 1,
            indiaDlt: { principalEntityId: '1001', contentTemplateId: '2002' },
          },
          sendAt: Date.parse('2021-08-25T16:00:00Z'),
          validityMs: 43_200_000,
          window: { days: ['MONDAY', 'TUESDAY'], fromMinute: 360, toMinute: 930 },
          notify: {
            url: 'https://www.example.com/sms/advanced',
            contentType: 'application/json',
            version: 1,
            intermediate: true,
          },
          callbackData: 'DLR callback data',
          platform: { entityId: 'my-entity', applicationId: 'my-application' },
          campaignReferenceId: 'summersale',
        },
      ],
    });
  });

  it('answers smsCount only where it is asked for', async () => {
    for (const top of [{}, { includeSmsCountInResponse: false }, { includeSmsCountInResponse: null }]) {
      const { body } = await server.sendOlder({}, top);
      expect(Object.keys(body.messages[0] ?? {})).toStrictEqual(['messageId', 'status', 'to']);
    }
    const { body } = await server.sendOlder({ text: 'ж'.repeat(71) }, { includeSmsCountInResponse: true });
    expect(body.messages[0]?.smsCount).toBe(2);
  });

  it('asks for nothing that was not asked for', async () => {
    await server.sendOlder();
    expect(server.messaging.last).toStrictEqual({
      face: 'sms2',
      channel: 'sms',
      messages: [
        {
          destinations: [{ to: '41793026727' }],
          content: { text: 'Hello', flash: false, messageCount: 1 },
        },
      ],
    });
  });

  it('sends each message at its own time', async () => {
    const message = { destinations: [{ to: '41793026727' }], text: 'x' };
    const messages = [message, { ...message, sendAt: '2026-01-02T00:00:00.000+0100' }];
    await server.call('POST', TEXT, { messages });
    expect(server.messaging.last.sendAt).toBeUndefined();
    expect(server.messaging.last.messages.map(({ sendAt }) => sendAt)).toStrictEqual([
      undefined,
      Date.parse('2026-01-01T23:00:00Z'),
    ]);
  });

  it.each([
    ['messages', {}],
    ['messages[0].destinations', { messages: [{ text: 'x' }] }],
    ['messages[0].text', { messages: [{ destinations: [{ to: '1' }], text: 5 }] }],
    [
      'messages[0].entityId',
      { messages: [{ destinations: [{ to: '1' }], text: 'x', entityId: 'x'.repeat(51) }] },
    ],
    [
      'messages[0].sendAt',
      { messages: [{ destinations: [{ to: '1' }], text: 'x', sendAt: '2029-01-01T00:00:00Z' }] },
    ],
    [
      'sendingSpeedLimit.amount',
      { messages: [{ destinations: [{ to: '1' }], text: 'x' }], sendingSpeedLimit: {} },
    ],
    ['body', []],
  ])('refuses a wrong %s with 400 that names it, in the classic envelope', async (field, body) => {
    const answer = await server.call('POST', TEXT, body);
    expect(answer.status).toBe(400);
    expect(classicError(answer)).toStrictEqual({
      messageId: 'BAD_REQUEST',
      text: 'Bad request',
      validationErrors: { [field]: [expect.any(String)] },
    });
    expect(server.messaging.submitted).toStrictEqual([]);
  });

  it('refuses a bulkId that is in use', async () => {
    await server.sendOlder({}, { bulkId: 'used' });
    const answer = await server.sendOlder({}, { bulkId: 'used' });
    expect(classicError(answer).validationErrors).toStrictEqual({ bulkId: ['is already in use'] });
  });
});

describe('POST /sms/2/binary/advanced', () => {
  it('takes the documented example', async () => {
    const answer = await server.call<V2Answer>('POST', BINARY, examples.advancedBinary);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body.messages[0] ?? {})).toStrictEqual(['messageId', 'status', 'to']);
    expect(server.messaging.lastMessage).toStrictEqual({
      from: 'InfoSMS',
      destinations: [{ to: '41793026727' }],
      content: {
        binary: { hex: '0FC24ABF3413BA', dataCoding: 0, esmClass: 0 },
        flash: false,
        messageCount: 1,
      },
    });
  });

  it.each([
    ['messages[0].binary', {}],
    ['messages[0].binary.hex', { binary: {} }],
    ['messages[0].binary.hex', { binary: { hex: '' } }],
    ['messages[0].binary.hex', { binary: { hex: '0x41' } }],
    ['messages[0].binary.dataCoding', { binary: { hex: '41', dataCoding: -1 } }],
  ])('refuses a wrong %s', async (field, message) => {
    const answer = await server.call('POST', BINARY, {
      messages: [{ destinations: [{ to: '41793026727' }], ...message }],
    });
    expect(answer.status).toBe(400);
    expect(Object.keys(classicError(answer).validationErrors ?? {})).toStrictEqual([field]);
  });
});

describe('a text in a query', () => {
  const QUERY =
    'to=41793026727,41793026834&to=41793026800&text=Hello%20there&flash=true&transliteration=GREEK' +
    '&languageCode=TR&intermediateReport=true&notifyUrl=https%3A%2F%2Fa.example%2F&notifyContentType=application/json' +
    '&callbackData=cb&validityPeriod=30&sendAt=2026-01-02T00:00:00.000%2B0100&entityId=E&applicationId=A' +
    '&campaignReferenceId=C&indiaDltPrincipalEntityId=1001&indiaDltContentTemplateId=2002';

  it.each([
    ['/sms/3/text/query', 'sender=InfoSMS', 'sms3', 2],
    ['/sms/3/text/query', 'from=InfoSMS', 'sms3', 2],
    ['/sms/1/text/query', 'from=InfoSMS', 'sms2', 1],
  ] as const)('%s with %s takes every field', async (url, sender, face, version) => {
    server.messaging.submitted.length = 0;
    const answer = await server.call(
      'GET',
      `${url}?${QUERY}&bulkId=${face}-${sender.split('=')[0]}&${sender}`,
    );
    expect(answer.status).toBe(200);
    expect(server.messaging.last).toStrictEqual({
      face,
      channel: 'sms',
      bulkId: `${face}-${sender.split('=')[0]}`,
      messages: [
        {
          from: 'InfoSMS',
          destinations: [{ to: '41793026727' }, { to: '41793026834' }, { to: '41793026800' }],
          content: {
            text: 'Hello there',
            flash: true,
            transliteration: 'GREEK',
            languageCode: 'TR',
            messageCount: 1,
            indiaDlt: { principalEntityId: '1001', contentTemplateId: '2002' },
          },
          sendAt: Date.parse('2026-01-01T23:00:00Z'),
          validityMs: 1_800_000,
          notify: { url: 'https://a.example/', contentType: 'application/json', version, intermediate: true },
          callbackData: 'cb',
          platform: { entityId: 'E', applicationId: 'A' },
          campaignReferenceId: 'C',
        },
      ],
    });
  });

  it('is answered in the shape of its version', async () => {
    const v3 = await server.call<V3Answer>('GET', '/sms/3/text/query?to=41793026727&text=Hi');
    expect(Object.keys(v3.body.messages[0] ?? {})).toStrictEqual([
      'messageId',
      'status',
      'destination',
      'details',
    ]);
    const v1 = await server.call<V2Answer>('GET', '/sms/1/text/query?to=41793026727&text=Hi');
    expect(Object.keys(v1.body.messages[0] ?? {})).toStrictEqual(['messageId', 'status', 'to']);
    expect(v3Error(await server.call('GET', '/sms/3/text/query?text=Hi')).violations).toStrictEqual([
      { property: 'to', violation: 'must not be null' },
    ]);
    expect(
      classicError(await server.call('GET', '/sms/1/text/query?text=Hi')).validationErrors,
    ).toStrictEqual({
      to: ['must not be null'],
    });
  });

  it('is no HEAD', async () => {
    for (const url of ['/sms/1/text/query', '/sms/3/text/query']) {
      expect((await server.call('HEAD', `${url}?to=41793026727&text=Hi`)).status).toBe(405);
    }
    expect(server.messaging.submitted).toStrictEqual([]);
  });

  it('brings its name and password in the oldest form, and leaves them nowhere', async () => {
    const login = `username=${LOGIN.username}&password=${encodeURIComponent(LOGIN.password)}`;
    const url = `/sms/1/text/query?to=41793026727&text=Hi&${login}`;
    const answer = await server.call('GET', url, undefined, {
      authorization: undefined,
    });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(server.messaging.submitted)).not.toContain(LOGIN.password);
    expect(server.logged()).not.toMatch(/p:ss|p%3Ass/);
  });

  it.each([
    ['nobody', '', {}, 401],
    ['a wrong password', 'username=operator&password=x', {}, 401],
    ['a name without a password', 'username=operator', {}, 401],
    ['two names', 'username=operator&username=x&password=x', {}, 401],
    ['a name with a colon', 'username=a%3Ab&password=x', {}, 401],
    ['a key without the scope', '', { authorization: `App ${KEYS.logs}` }, 403],
    [
      'a header that counts before the query',
      `username=operator&password=${encodeURIComponent(LOGIN.password)}`,
      { authorization: 'App x' },
      401,
    ],
  ])('from %s is refused', async (_who, query, headers, status) => {
    const none = { authorization: undefined };
    const url = `/sms/1/text/query?to=41793026727&text=Hi&${query}`;
    const answer = await server.call('GET', url, undefined, { ...none, ...headers });
    expect(answer.status).toBe(status);
    classicError(answer);
    expect(server.messaging.submitted).toStrictEqual([]);
  });
});
