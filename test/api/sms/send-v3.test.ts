import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { ServiceError } from '../../../src/errors.ts';
import { SmsServer, v3Error, type V3Answer } from './rig.ts';

const URL = '/sms/3/messages';
const DAY_MS = 86_400_000;

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());
beforeEach(() => {
  server.messaging.submitted.length = 0;
});

describe('POST /sms/3/messages (infobip-api.md 5.1)', () => {
  it('takes the documented example whole', async () => {
    const answer = await server.call<V3Answer>('POST', URL, {
      ...examples.sendRequest,
      // Taken, and without effect.
      options: {
        ...examples.sendRequest.options,
        tracking: {},
        conversionTracking: { useConversionTracking: true, conversionTrackingName: 'MY_CAMPAIGN' },
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({
      bulkId: 'BULK-ID-123-xyz',
      messages: [
        {
          messageId: 'MESSAGE-ID-123-xyz',
          status: {
            groupId: 1,
            groupName: 'PENDING',
            id: 26,
            name: 'PENDING_ACCEPTED',
            description: 'Message sent to next instance',
          },
          destination: '41793026727',
          details: { messageCount: 1 },
        },
        expect.objectContaining({ destination: '41793026834', messageId: expect.stringMatching(/./) }),
      ],
    });
    expect(server.messaging.last).toStrictEqual({
      face: 'sms3',
      channel: 'sms',
      bulkId: 'BULK-ID-123-xyz',
      sendAt: Date.parse('2021-08-24T15:00:00Z'),
      speed: { amount: 1, perMs: 60_000 },
      messages: [
        {
          from: 'InfoSMS',
          destinations: [{ to: '41793026727', messageId: 'MESSAGE-ID-123-xyz' }, { to: '41793026834' }],
          content: {
            text: examples.sendRequest.messages[0]?.content.text,
            flash: false,
            transliteration: 'TURKISH',
            languageCode: 'TR',
            messageCount: 1,
          },
          // 720 hours are more than 48.
          validityMs: 2 * DAY_MS,
          window: { days: ['MONDAY'], fromMinute: 360, toMinute: 930 },
          notify: {
            url: 'https://www.example.com/delivery',
            contentType: 'application/json',
            version: 2,
            intermediate: true,
          },
          callbackData: 'DLR callback data',
          platform: { entityId: 'my-entity', applicationId: 'my-application' },
          campaignReferenceId: 'summersale',
        },
      ],
    });
  });

  it('asks for nothing that was not asked for, and takes null and blank for absent', async () => {
    const nothing = {
      sender: null,
      content: { text: 'Hello', transliteration: null, language: null, hex: null },
      options: {
        platform: { entityId: '', applicationId: null },
        validityPeriod: null,
        deliveryTimeWindow: null,
        campaignReferenceId: '',
        regional: null,
        flash: null,
      },
      webhooks: { delivery: { url: '' }, contentType: null, callbackData: null },
    };
    for (const fields of [{}, nothing, { sender: ' ', options: null, webhooks: null }]) {
      expect((await server.send(fields, { schedule: { bulkId: '', sendAt: null } })).status).toBe(200);
      expect(server.messaging.last).toStrictEqual({
        face: 'sms3',
        channel: 'sms',
        messages: [
          {
            destinations: [{ to: '41793026727' }],
            content: { text: 'Hello', flash: false, messageCount: 1 },
          },
        ],
      });
    }
  });

  it.each([
    [{ amount: 30, timeUnit: 'SECONDS' }, 30_000],
    [{ amount: 30 }, 1_800_000],
    [{ amount: 30, timeUnit: 'MINUTES' }, 1_800_000],
    [{ amount: 47, timeUnit: 'HOURS' }, 169_200_000],
    [{ amount: 49, timeUnit: 'HOURS' }, 172_800_000],
  ])('takes %j as a validity', async (validityPeriod, validityMs) => {
    await server.send({ options: { validityPeriod } });
    expect(server.messaging.lastMessage).toMatchObject({ validityMs });
  });

  it.each([
    [{ amount: 10 }, { amount: 10, perMs: 60_000 }],
    [
      { amount: 10, timeUnit: 'HOUR' },
      { amount: 10, perMs: 3_600_000 },
    ],
    [
      { amount: 10, timeUnit: 'DAY' },
      { amount: 10, perMs: DAY_MS },
    ],
  ])('takes %j as a speed, and keeps the validity beside it', async (sendingSpeedLimit, speed) => {
    await server.send({ options: { validityPeriod: { amount: 1 } } }, { schedule: { sendingSpeedLimit } });
    expect(server.messaging.last.speed).toStrictEqual(speed);
    expect(server.messaging.lastMessage.validityMs).toBe(60_000);
  });

  it('takes bytes', async () => {
    expect((await server.call('POST', URL, examples.sendBinary)).status).toBe(200);
    expect(server.messaging.lastMessage.content).toStrictEqual({
      binary: { hex: '54657374', dataCoding: 0, esmClass: 0 },
      flash: false,
      messageCount: 1,
    });
    await server.send({ content: { hex: 'aB 0f', dataCoding: 4, esmClass: 64 }, options: { flash: true } });
    // A header of 171 octets in a message of 2.
    expect(server.messaging.lastMessage).toMatchObject({
      content: { binary: { hex: 'AB0F', dataCoding: 4, esmClass: 64 }, flash: true },
      rejection: { statusId: 24, statusName: 'REJECTED_INVALID_UDH' },
    });
    await server.send({ content: { hex: '0500 0301 0201 41', esmClass: 64 } });
    expect(server.messaging.lastMessage.rejection).toBeUndefined();
  });

  it('keeps what India asks for', async () => {
    const indiaDlt = { principalEntityId: '1001', contentTemplateId: '2002', telemarketerId: '3003' };
    await server.send({ options: { regional: { indiaDlt } } });
    expect(server.messaging.lastMessage.content).toMatchObject({ indiaDlt });
    await server.send({
      options: { regional: { indiaDlt: { principalEntityId: '1', contentTemplateId: null } } },
    });
    expect(server.messaging.lastMessage.content).toMatchObject({ indiaDlt: { principalEntityId: '1' } });
  });

  it('sends a transliterated text, and counts what it sends', async () => {
    const text = 'ş'.repeat(100);
    const plain = await server.send({ content: { text } });
    expect(plain.body.messages[0]?.details).toStrictEqual({ messageCount: 2 });
    const language = await server.send({ content: { text, language: { languageCode: 'TR' } } });
    expect(language.body.messages[0]?.details).toStrictEqual({ messageCount: 2 });
    const locking = { languageCode: 'TR', singleShift: false, lockingShift: true };
    const locked = await server.send({ content: { text, language: locking } });
    expect(locked.body.messages[0]?.details).toStrictEqual({ messageCount: 1 });
    const plainLetters = await server.send({ content: { text, transliteration: 'TURKISH' } });
    expect(plainLetters.body.messages[0]?.details).toStrictEqual({ messageCount: 1 });
    expect(server.messaging.lastMessage.content).toMatchObject({ text: 's'.repeat(100) });
    await server.send({ content: { text, transliteration: 'NONE', language: { languageCode: 'NONE' } } });
    expect(server.messaging.lastMessage.content).toStrictEqual({ text, flash: false, messageCount: 2 });
  });

  it('sends no report where notify is false', async () => {
    await server.send({ webhooks: { delivery: { url: 'https://a.example/', notify: false } } });
    expect(server.messaging.lastMessage.notify).toBeUndefined();
    await server.send({
      webhooks: { delivery: { url: 'https://a.example/' }, contentType: 'Application/XML; charset=utf-8' },
    });
    expect(server.messaging.lastMessage.notify).toStrictEqual({
      url: 'https://a.example/',
      contentType: 'application/xml',
      version: 2,
      intermediate: false,
    });
  });

  it('answers a bad destination with its own status, and the others as ever', async () => {
    const answer = await server.send({
      destinations: [{ to: '41793026727' }, { to: 'nobody' }, { to: ' ' }, { to: '+41 79 302 68 34' }],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.messages.map(({ destination, status }) => [destination, status.name])).toStrictEqual([
      ['41793026727', 'PENDING_ACCEPTED'],
      ['nobody', 'REJECTED_DESTINATION'],
      ['', 'MISSING_TO'],
      ['41793026834', 'PENDING_ACCEPTED'],
    ]);
    expect(answer.body.messages[1]?.status).toMatchObject({ groupId: 5, groupName: 'REJECTED', id: 52 });
  });

  it.each([
    ['a text of more than 255 SMS', { content: { text: 'a'.repeat(255 * 153 + 1) } }, 25],
    ['so many SMS of UCS-2', { content: { text: 'ж'.repeat(255 * 67 + 1) } }, 25],
    [
      'a text that grows too long',
      { content: { text: 'щ'.repeat(10_000), transliteration: 'CYRILLIC' } },
      25,
    ],
    ['bytes that no SMS holds', { content: { hex: '00'.repeat(141) } }, 25],
    ['no header where one is announced', { content: { hex: '00', esmClass: 0x40 } }, 24],
    [
      'a report in a form that there is not',
      { webhooks: { delivery: { url: 'https://a.example/' }, contentType: 'text/plain' } },
      57,
    ],
  ])('rejects %s with status', async (_what, fields, statusId) => {
    const answer = await server.send({
      ...fields,
      destinations: [{ to: '41793026727' }, { to: '41793026834' }],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.messages.map(({ status }) => [status.id, status.groupName])).toStrictEqual([
      [statusId, 'REJECTED'],
      [statusId, 'REJECTED'],
    ]);
  });

  it.each([
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: {} }],
    ['messages[0]', { messages: [null] }],
    ['messages[0].destinations', { messages: [{ content: { text: 'x' } }] }],
    ['messages[0].destinations', { messages: [{ destinations: [], content: { text: 'x' } }] }],
    ['messages[0].destinations[0].to', { messages: [{ destinations: [{}], content: { text: 'x' } }] }],
    ['messages[0].destinations[0].to', message({ destinations: [{ to: 41793026727 }] })],
    ['messages[0].destinations[0].to', message({ destinations: [{ to: '4'.repeat(65) }] })],
    [
      'messages[0].destinations[0].messageId',
      message({ destinations: [{ to: '1', messageId: 'x'.repeat(201) }] }),
    ],
    ['messages[0].content', message({ content: undefined })],
    ['messages[0].content.text', message({ content: {} })],
    ['messages[0].content.hex', message({ content: { text: 'x', hex: '00' } })],
    ['messages[0].content.hex', message({ content: { hex: 'abc' } })],
    ['messages[0].content.esmClass', message({ content: { hex: '00', esmClass: 256 } })],
    ['messages[0].content.transliteration', message({ content: { text: 'x', transliteration: 'KLINGON' } })],
    [
      'messages[0].content.language.languageCode',
      message({ content: { text: 'x', language: { languageCode: 'DE' } } }),
    ],
    ['messages[0].options.flash', message({ options: { flash: 'true' } })],
    ['messages[0].options.validityPeriod.amount', message({ options: { validityPeriod: { amount: 0 } } })],
    [
      'messages[0].options.validityPeriod.timeUnit',
      message({ options: { validityPeriod: { amount: 1, timeUnit: 'DAYS' } } }),
    ],
    [
      'messages[0].options.deliveryTimeWindow.days[0]',
      message({ options: { deliveryTimeWindow: { days: ['MON'] } } }),
    ],
    [
      'messages[0].options.campaignReferenceId',
      message({ options: { campaignReferenceId: 'x'.repeat(256) } }),
    ],
    [
      'messages[0].options.platform.entityId',
      message({ options: { platform: { entityId: 'x'.repeat(256) } } }),
    ],
    [
      'messages[0].options.regional.indiaDlt.principalEntityId',
      message({ options: { regional: { indiaDlt: {} } } }),
    ],
    ['messages[0].webhooks.callbackData', message({ webhooks: { callbackData: 'x'.repeat(4_001) } })],
    ['options.schedule.bulkId', { ...message({}), options: { schedule: { bulkId: 'x'.repeat(101) } } }],
    ['options.schedule.sendAt', { ...message({}), options: { schedule: { sendAt: 'tomorrow' } } }],
    [
      'options.schedule.sendAt',
      { ...message({}), options: { schedule: { sendAt: '2029-01-01T00:00:00Z' } } },
    ],
    [
      'options.schedule.sendingSpeedLimit.timeUnit',
      { ...message({}), options: { schedule: { sendingSpeedLimit: { amount: 1, timeUnit: 'SECOND' } } } },
    ],
  ])('refuses a wrong %s with 400 that names it, in the envelope of v3', async (property, body) => {
    const answer = await server.call('POST', URL, body);
    expect(answer.status).toBe(400);
    expect(v3Error(answer)).toStrictEqual({
      errorCode: 'E400',
      description: 'Request cannot be processed.',
      action: 'Check the syntax, violations and adjust the request.',
      violations: [{ property, violation: expect.any(String) }],
      resources: [],
    });
    expect(server.messaging.submitted).toStrictEqual([]);
  });

  it('refuses a bulkId that is in use', async () => {
    const options = { schedule: { bulkId: 'used' } };
    expect((await server.send({}, options)).body.bulkId).toBe('used');
    const answer = await server.send({}, options);
    expect(answer.status).toBe(400);
    expect(v3Error(answer).violations).toStrictEqual([
      { property: 'options.schedule.bulkId', violation: 'is already in use' },
    ]);
  });

  it('takes 20,000 destinations, and not one more', async () => {
    const destinations = Array.from({ length: 20_000 }, (_, n) => ({ to: String(41_790_000_000 + n) }));
    const answer = await server.send({ destinations });
    expect([answer.status, answer.body.messages.length]).toStrictEqual([200, 20_000]);
    const more = await server.send({ destinations: [...destinations, { to: '41793026727' }] });
    expect(v3Error(more).violations.map(({ property }) => property)).toStrictEqual([
      'messages[0].destinations',
    ]);
  });
});

function message(fields: Record<string, unknown>) {
  return { messages: [{ destinations: [{ to: '41793026727' }], content: { text: 'x' }, ...fields }] };
}

describe('errors of /sms/3/* (infobip-api.md 1.3)', () => {
  it.each([
    ['no credentials', 401, 'E401', { authorization: '' }],
    ['an unknown key', 401, 'E401', { authorization: `App ${'0'.repeat(64)}` }],
    ['a key without the scope', 403, 'E403', { authorization: `App ${'e5'.repeat(32)}` }],
    ['a body that is no JSON', 400, 'E400', {}],
    ['a content type that nobody reads', 415, 'E400', { 'content-type': 'text/plain' }],
  ])('%s: %i %s', async (_what, status, errorCode, headers) => {
    const answer = await server.call('POST', URL, '{', headers);
    expect(answer.status).toBe(status);
    expect(v3Error(answer)).toMatchObject({ errorCode });
  });

  it('an engine that fails: 429 with Retry-After, 503, 500, and no cause in the answer', async () => {
    for (const [failure, status, errorCode] of [
      [new ServiceError('tooManyRequests', { retryAfterMs: 2_500 }), 429, 'E429'],
      [new ServiceError('unavailable'), 503, 'E500'],
      [new Error('the secret cause'), 500, 'E500'],
    ] as const) {
      server.messaging.failure = failure;
      const answer = await server.send();
      expect(answer.status).toBe(status);
      expect(v3Error(answer)).toMatchObject({ errorCode });
      expect(answer.text).not.toContain('secret');
      if (status === 429) expect(answer.headers['retry-after']).toBe('3');
    }
  });

  it('of all four routes have that envelope, and those of the older ones never', async () => {
    for (const url of ['/sms/3/text/query', '/sms/3/reports', '/sms/3/logs']) {
      v3Error(await server.call('GET', `${url}?limit=x`, undefined, { authorization: '' }));
    }
    for (const url of ['/sms/1/reports', '/sms/1/logs', '/sms/1/bulks', '/sms/1/inbox/reports']) {
      const answer = await server.call('GET', url, undefined, { authorization: '' });
      expect(answer.body, url).toStrictEqual({
        requestError: { serviceException: { messageId: 'UNAUTHORIZED', text: 'Invalid login details' } },
      });
    }
  });
});
