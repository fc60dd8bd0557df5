import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { advancedMessage } from '../../../src/api/infobip/tts/send-schemas.ts';
import { ServiceError } from '../../../src/errors.ts';
import { problems, shapeOf, TtsServer, type SendAnswer } from './rig.ts';

const DATE = '2023-08-10T07:36:42.005+0000';
const ACCEPTED = examples.accepted.messages[0]?.status;

let server: TtsServer;
beforeAll(async () => {
  server = await TtsServer.start();
});
afterAll(async () => await server.close());

describe('the examples of the documents', () => {
  const voice = { gender: 'female', name: 'Joanna' };
  const to = [{ to: '41793026727' }];
  const base = { from: '41793026700', destinations: to, text: 'Test Voice message.', language: 'en', voice };

  it.each([
    ['/tts/3/single', examples.single, 1],
    ['/tts/3/single', examples.singleAudio, 1],
    ['/tts/3/multi', examples.multi, 2],
    [
      '/tts/3/multi',
      {
        messages: [
          {
            audioFileUrl: 'https://www.example.com/audio/greeting.mp3',
            from: '41793026700',
            to: ['41793026727', '41793026731'],
          },
        ],
      },
      2,
    ],
    ['/tts/3/advanced', examples.pin, 1],
    [
      '/tts/3/advanced',
      {
        messages: [
          {
            from: '41793026700',
            destinations: to,
            audioFileUrl: 'https://www.example.com/audio/greeting.mp3',
          },
        ],
      },
      1,
    ],
    ['/tts/3/advanced', { messages: [{ ...base, machineDetection: 'hangup' }] }, 1],
    [
      '/tts/3/advanced',
      {
        messages: [
          {
            ...base,
            repeatDtmf: '123',
            maxDtmf: 3,
            ringTimeout: 30,
            dtmfTimeout: 10,
            callTimeout: 120,
            callTransfers: [
              { callTransferMaxDuration: 60, equals: '1', transferTo: '41793026700', if: 'DTMF' },
              { callTransferMaxDuration: 60, transferTo: '41793026701', if: 'anyDtmf' },
            ],
          },
        ],
      },
      1,
    ],
    [
      '/tts/3/advanced',
      {
        bulkId: 'BULK-ID-CAMPAIGN-001',
        messages: [
          {
            ...base,
            notifyUrl: 'https://www.example.com/delivery-report',
            notifyContentType: 'application/json',
            sendingSpeed: { speed: 50, timeUnit: 'minute' },
          },
        ],
      },
      1,
    ],
    [
      '/tts/3/advanced',
      {
        messages: [
          {
            ...base,
            retry: { minPeriod: 5, maxPeriod: 30, maxCount: 3 },
            deliveryTimeWindow: {
              days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'],
              from: { hour: 8, minute: 0 },
              to: { hour: 20, minute: 0 },
            },
          },
        ],
      },
      1,
    ],
    [
      '/tts/3/advanced',
      { messages: [{ ...base, language: 'de', voice: { gender: 'male', name: 'Hans' } }] },
      1,
    ],
  ])('%s takes %j and answers as documented', async (url, body, destinations) => {
    const fresh = await TtsServer.start();
    const answer = await fresh.call<SendAnswer>('POST', url, body);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body.messages).toHaveLength(destinations);
    for (const message of answer.body.messages) {
      expect(shapeOf({ ...answer.body, messages: [message] })).toStrictEqual(shapeOf(examples.accepted));
      expect(message.status).toStrictEqual(ACCEPTED);
    }
    await fresh.close();
  });

  it('takes the one with every field, and gives the engine what it means', async () => {
    const answer = await server.call<SendAnswer>('POST', '/tts/3/advanced', examples.advanced);
    expect(answer.body.bulkId).toBe('BULK-ID-123-xyz');
    expect(answer.body.messages.map(({ to }) => to)).toStrictEqual(['41793026727', '41793026731']);
    expect(answer.body.messages[0]?.messageId).toBe('MESSAGE-ID-123-xyz');
    expect(server.messaging.last).toStrictEqual({
      face: 'tts3',
      channel: 'voice',
      bulkId: 'BULK-ID-123-xyz',
      messages: [
        {
          destinations: [{ to: '41793026727', messageId: 'MESSAGE-ID-123-xyz' }, { to: '41793026731' }],
          from: '41793026700',
          content: {
            text: 'Test Voice message.',
            language: 'en',
            voiceName: 'Joanna',
            gender: 'female',
            speechRate: 1,
            repeatDtmf: '123',
            maxDtmf: 1,
            dtmfTimeoutSeconds: 10,
            ringTimeoutSeconds: 45,
            callTimeoutSeconds: 130,
            pauseSeconds: 3,
            machineDetection: 'continue',
            callTransfers: [
              { transferTo: '41793026700', on: 'dtmf', equals: '2', maxDurationSeconds: 45 },
              { transferTo: '41793026701', on: 'anyDtmf', maxDurationSeconds: 45 },
            ],
          },
          sendAt: Date.UTC(2023, 7, 10, 7, 36, 42, 5),
          // No validity: a sending speed overrules it.
          speed: { amount: 5, perMs: 60_000 },
          retry: { minPeriod: 1, maxPeriod: 5, maxCount: 4 },
          window: {
            days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
            fromMinute: 360,
            toMinute: 930,
          },
          notify: {
            url: 'https://www.example.com/voice/notify',
            contentType: 'application/json',
            version: 2,
            intermediate: false,
          },
          callbackData: 'DLR callback data',
        },
      ],
    });
  });

  it('fills in the documented defaults', async () => {
    await server.send({ notifyUrl: 'https://example.com/' });
    expect(server.messaging.lastMessage).toStrictEqual({
      destinations: [{ to: '41793026727' }],
      content: {
        text: 'Hello',
        language: 'en',
        speechRate: 1,
        dtmfTimeoutSeconds: 10,
        ringTimeoutSeconds: 45,
        pauseSeconds: 0,
        machineDetection: 'off',
        callTransfers: [],
      },
      notify: {
        url: 'https://example.com/',
        contentType: 'application/json',
        version: 2,
        intermediate: false,
      },
    });
  });
});

describe('fields of a message', () => {
  it.each([
    ['speechRate', 0.1, { speechRate: 0.5 }],
    ['speechRate', 3, { speechRate: 2 }],
    ['speechRate', 0.7, { speechRate: 0.7 }],
    ['language', 'pt-br', { language: 'pt_br' }],
    ['language', 'en-GB', { language: 'en' }],
    ['language', 'ta', { language: 'ta' }],
    ['language', '  ', { language: 'en' }],
    ['voice', { gender: 'Female' }, { gender: 'female' }],
    ['voice', { name: ' Joanna ', gender: '' }, { voiceName: 'Joanna' }],
    ['text', ' <speak>Hi,, you</speak> ', { text: ' <speak>Hi,, you</speak> ' }],
    ['repeatDtmf', '1#', { repeatDtmf: '1#' }],
    ['repeatDtmf', 'a', { repeatDtmf: 'A' }],
    ['maxDtmf', 100_000, { maxDtmf: 64 }],
    ['maxDtmf', 0, { maxDtmf: 0 }],
    ['dtmfTimeout', 3, { dtmfTimeoutSeconds: 3 }],
    ['ringTimeout', 600, { ringTimeoutSeconds: 600 }],
    ['callTimeout', 7, { callTimeoutSeconds: 7 }],
    ['pause', 10, { pauseSeconds: 10 }],
    ['machineDetection', 'HangUp', { machineDetection: 'hangup' }],
    ['machineDetection', '', { machineDetection: 'off' }],
    [
      'callTransfers',
      [{ transferTo: '+41 79 302 67 00', if: 'AnyDTMF', equals: 'x' }],
      { callTransfers: [{ transferTo: '41793026700', on: 'anyDtmf' }] },
    ],
    [
      'callTransfers',
      [{ transferTo: '41793026700', if: 'dtmf', equals: '12*', callTransferMaxDuration: null }],
      { callTransfers: [{ transferTo: '41793026700', on: 'dtmf', equals: '12*' }] },
    ],
  ])('%s %j', async (field, value, content) => {
    await server.send({ [field]: value });
    expect(server.messaging.lastMessage.content).toMatchObject(content);
  });

  it.each([
    [{ validityPeriod: 720 }, { validityMs: 43_200_000 }],
    [{ validityPeriod: 100_000 }, { validityMs: 172_800_000 }],
    [{ sendingSpeed: { speed: 3, timeUnit: 'Hour' } }, { speed: { amount: 3, perMs: 3_600_000 } }],
    [{ sendingSpeed: { speed: 3 } }, { speed: { amount: 3, perMs: 60_000 } }],
    [
      { validityPeriod: 5, sendingSpeed: { speed: 1, timeUnit: 'day' } },
      { speed: { amount: 1, perMs: 86_400_000 } },
    ],
    [
      { retry: { minPeriod: 3, maxPeriod: 5_000, maxCount: 9 } },
      { retry: { minPeriod: 5, maxPeriod: 1_440, maxCount: 4 } },
    ],
    [
      { deliveryTimeWindow: { days: ['SUNDAY', 'MONDAY', 'SUNDAY'], from: null } },
      { window: { days: ['MONDAY', 'SUNDAY'], fromMinute: 0, toMinute: 0 } },
    ],
    [
      {
        deliveryTimeWindow: {
          days: ['FRIDAY'],
          from: { hour: 22, minute: 30 },
          to: { hour: 6, minute: 0 },
        },
      },
      { window: { days: ['FRIDAY'], fromMinute: 1_350, toMinute: 360 } },
    ],
    [
      { notifyUrl: 'https://x.example/', notifyContentType: 'Application/XML; charset=utf-8' },
      {
        notify: {
          url: 'https://x.example/',
          contentType: 'application/xml',
          version: 2,
          intermediate: false,
        },
      },
    ],
    [
      { notifyUrl: 'https://x.example/', notifyContentVersion: 1 },
      {
        notify: {
          url: 'https://x.example/',
          contentType: 'application/json',
          version: 1,
          intermediate: false,
        },
      },
    ],
    [{ callbackData: '' }, { callbackData: '' }],
  ])('%j', async (fields, expected) => {
    expect((await server.send(fields)).status).toBe(200);
    const { destinations: _to, content: _content, ...rest } = server.messaging.lastMessage;
    expect(rest).toStrictEqual(expected);
  });

  it.each([
    [DATE, DATE],
    ['2026-02-03T10:00:00.000+01:00', '2026-02-03T09:00:00.000+0000'],
    ['2026-02-03T10:00:00Z', '2026-02-03T10:00:00.000+0000'],
    ['2026-02-03T10:00:00.5', '2026-02-03T10:00:00.500+0000'],
  ])('takes sendAt %s', async (sendAt, meant) => {
    const { body } = await server.send({ sendAt });
    const bulk = await server.call('GET', `/tts/3/bulks?bulkId=${body.bulkId}`);
    expect(bulk.body).toStrictEqual({ bulkId: body.bulkId, sendAt: meant });
  });

  it('is content with null for whatever is optional', async () => {
    const required = ['destinations', 'text'];
    const names = Object.keys(advancedMessage.shape).filter(name => !required.includes(name));
    expect(names).toHaveLength(22);
    const fields = Object.fromEntries(names.map(name => [name, null]));
    expect((await server.send(fields)).body.messages[0]?.status).toStrictEqual(ACCEPTED);
    expect(server.messaging.lastMessage.content).toMatchObject({ language: 'en', machineDetection: 'off' });
  });

  it('counts a blank id as none', async () => {
    const body = {
      bulkId: ' ',
      messages: [{ text: 'Hi', destinations: [{ to: '41793026727', messageId: '' }] }],
    };
    const answer = await server.call<SendAnswer>('POST', '/tts/3/advanced', body);
    expect(answer.body.bulkId).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.messaging.lastMessage.destinations).toStrictEqual([{ to: '41793026727' }]);
  });

  it('lets the caller ID be missing, and be words', async () => {
    await server.call('POST', '/tts/3/single', { to: '41793026727', text: 'Hi' });
    expect(server.messaging.lastMessage).not.toHaveProperty('from');
    await server.call('POST', '/tts/3/single', { to: '41793026727', text: 'Hi', from: ' InfoSMS ' });
    expect(server.messaging.lastMessage.from).toBe('InfoSMS');
  });
});

describe('what has a status of its own is taken, and answered with it', () => {
  it.each([
    [{ notifyContentType: 'text/csv' }, 57, 'REJECTED_INVALID_NOTIFY_CONTENT_TYPE'],
    [{ machineDetection: 'maybe' }, 62, 'REJECTED_INVALID_MACHINE_DETECTION'],
    [{ machineDetection: '__proto__' }, 62, 'REJECTED_INVALID_MACHINE_DETECTION'],
    [{ callTransfers: [{ transferTo: 'nobody', if: 'anyDtmf' }] }, 63, 'REJECTED_INVALID_ACTIONS'],
    [{ callTransfers: [{ transferTo: '41793026700', if: 'dtmf' }] }, 63, 'REJECTED_INVALID_ACTIONS'],
    [
      { callTransfers: [{ transferTo: '41793026700', if: 'dtmf', equals: '#' }] },
      63,
      'REJECTED_INVALID_ACTIONS',
    ],
    [{ callTransfers: [{ transferTo: '41793026700', if: 'always' }] }, 63, 'REJECTED_INVALID_ACTIONS'],
    [
      { callTransfers: [{ transferTo: '41793026700', if: 'anyDtmf', callTransferMaxDuration: 0 }] },
      63,
      'REJECTED_INVALID_ACTIONS',
    ],
  ])('%j: %d %s', async (fields, id, name) => {
    const destinations = [
      { to: '41793026727' },
      { to: '41793026731', messageId: `for-${id}-${Math.random()}` },
    ];
    const answer = await server.send({ ...fields, destinations, sendAt: DATE });
    expect(answer.status).toBe(200);
    expect(answer.body.messages.map(({ status }) => status)).toStrictEqual([
      expect.objectContaining({ id, name, groupId: 5, groupName: 'REJECTED' }),
      expect.objectContaining({ id, name }),
    ]);
    expect(server.messaging.lastMessage.rejection).toStrictEqual({
      kind: 'rejected',
      statusId: id,
      statusName: name,
    });
  });

  it('one destination by one, as the engine found', async () => {
    const destinations = [
      { to: '41793026727', messageId: 'twice' },
      { to: 'nobody' },
      { to: '' },
      { to: '41793026731', messageId: 'twice' },
    ];
    const { body } = await server.send({ destinations });
    expect(body.messages.map(({ to, status }) => [to, status.name])).toStrictEqual([
      ['41793026727', 'PENDING_ACCEPTED'],
      ['nobody', 'REJECTED_DESTINATION'],
      ['', 'MISSING_TO'],
      ['41793026731', 'REJECTED_DUPLICATE_MESSAGE_ID'],
    ]);
  });

  it('leaves what the engine judges to the engine', async () => {
    const fields = {
      text: '...',
      language: 'wls',
      notifyUrl: 'nowhere',
      repeatDtmf: '##',
      dtmfTimeout: 0,
      ringTimeout: -1,
      callTimeout: 0,
      deliveryTimeWindow: {
        days: [],
        from: { hour: 8, minute: 0 },
        to: { hour: 8, minute: 59 },
      },
    };
    expect((await server.send(fields)).status).toBe(200);
    expect(server.messaging.lastMessage).toMatchObject({
      content: {
        text: '...',
        language: 'wls',
        repeatDtmf: '##',
        dtmfTimeoutSeconds: 0,
        ringTimeoutSeconds: -1,
        callTimeoutSeconds: 0,
      },
      notify: { url: 'nowhere' },
      window: { days: [], fromMinute: 480, toMinute: 539 },
    });
  });
});

describe('what has the wrong shape is refused with the field’s name', () => {
  it.each([
    [{ destinations: undefined }, 'destinations', 'must not be null'],
    [{ destinations: [] }, 'destinations', 'must not be empty'],
    [{ destinations: [{ to: 41793026727 }] }, 'destinations[0].to', 'must be a string'],
    [{ destinations: [{}] }, 'destinations[0].to', 'must not be null'],
    [{ text: 7 }, 'text', 'must be a string'],
    [{ audioFileUrl: 'https://a.example/b.mp3' }, 'audioFileUrl', 'must not be given together with text'],
    [{ voice: 'Joanna' }, 'voice', 'must be an object'],
    [{ voice: { gender: 'other' } }, 'voice.gender', 'must be one of male, female'],
    [{ speechRate: '1' }, 'speechRate', 'must be a number'],
    [{ notifyContentVersion: 3 }, 'notifyContentVersion', 'must be 1 or 2'],
    [{ validityPeriod: 0 }, 'validityPeriod', 'must be at least 1'],
    [{ validityPeriod: 1.5 }, 'validityPeriod', 'must be an integer'],
    [{ sendAt: 'tomorrow' }, 'sendAt', 'must be a date and time'],
    [{ sendAt: '2026-02-30T00:00:00Z' }, 'sendAt', 'must be a date and time'],
    [{ sendAt: '2026-06-30T00:00:00.001Z' }, 'sendAt', 'must be at most 180 days from now'],
    [{ sendAt: 1_691_653_002_005 }, 'sendAt', 'must be a string'],
    [{ maxDtmf: -1 }, 'maxDtmf', 'must be at least 0'],
    [{ ringTimeout: '45' }, 'ringTimeout', 'must be a number'],
    [{ pause: 11 }, 'pause', 'must be at most 10'],
    [{ pause: -1 }, 'pause', 'must be at least 0'],
    [{ retry: { minPeriod: 1, maxPeriod: 5 } }, 'retry.maxCount', 'must not be null'],
    [{ retry: { minPeriod: -1, maxPeriod: 5, maxCount: 1 } }, 'retry.minPeriod', 'must be at least 0'],
    [{ sendingSpeed: { speed: 0, timeUnit: 'minute' } }, 'sendingSpeed.speed', 'must be at least 1'],
    [
      { sendingSpeed: { speed: 1, timeUnit: 'week' } },
      'sendingSpeed.timeUnit',
      'must be one of second, minute, hour, day',
    ],
    [{ callTransfers: [{ if: 'anyDtmf' }] }, 'callTransfers[0].transferTo', 'must not be null'],
    [
      { callTransfers: Array.from({ length: 21 }, () => ({})) },
      'callTransfers',
      'must have at most 20 entries',
    ],
    [
      { deliveryTimeWindow: { days: ['Monday'] } },
      'deliveryTimeWindow.days[0]',
      'must be one of MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY',
    ],
    [
      { deliveryTimeWindow: { days: ['MONDAY'], from: { hour: 24, minute: 0 }, to: { hour: 1, minute: 0 } } },
      'deliveryTimeWindow.from.hour',
      'must be at most 23',
    ],
    [
      { deliveryTimeWindow: { days: ['MONDAY'], from: { hour: 8, minute: 0 } } },
      'deliveryTimeWindow.to',
      'must be given together with from',
    ],
  ])('%j', async (fields, field, message) => {
    const before = server.messaging.submitted.length;
    expect(problems(await server.send(fields))).toStrictEqual({ [`messages[0].${field}`]: [message] });
    expect(server.messaging.submitted).toHaveLength(before);
  });

  it.each([
    ['/tts/3/single', {}, { to: ['must not be null'] }],
    ['/tts/3/single', [], { body: ['must be an object'] }],
    ['/tts/3/single', { to: ['1'], text: 'x' }, { to: ['must be a string'] }],
    ['/tts/3/multi', {}, { messages: ['must not be null'] }],
    ['/tts/3/multi', 7, { body: ['must be an object'] }],
    ['/tts/3/multi', { messages: [] }, { messages: ['must not be empty'] }],
    ['/tts/3/multi', { messages: [{ to: '1' }] }, { 'messages[0].to': ['must be an array'] }],
    ['/tts/3/multi', { messages: [{ to: ['1', 2] }] }, { 'messages[0].to[1]': ['must be a string'] }],
    ['/tts/3/advanced', { messages: 'all' }, { messages: ['must be an array'] }],
    ['/tts/3/advanced', { messages: [null] }, { 'messages[0]': ['must not be null'] }],
  ])('%s %j', async (url, body, fields) => {
    expect(problems(await server.call('POST', url, body))).toStrictEqual(fields);
  });

  it.each([
    ['text', 1_400, (text: string) => ({ text })],
    ['callbackData', 700, (callbackData: string) => ({ callbackData })],
    ['destinations[0].to', 64, (to: string) => ({ destinations: [{ to }] })],
    ['destinations[0].messageId', 200, (messageId: string) => ({ destinations: [{ to: '1', messageId }] })],
  ])('%s of up to %d characters', async (field, max, fields) => {
    expect((await server.send(fields('x'.repeat(max)))).status).toBe(200);
    expect(problems(await server.send(fields('x'.repeat(max + 1))))).toStrictEqual({
      [`messages[0].${field}`]: [`must have at most ${max} characters`],
    });
  });

  it('bulkId of up to 100 characters', async () => {
    const body = {
      bulkId: 'b'.repeat(101),
      messages: [{ text: 'Hi', destinations: [{ to: '41793026727' }] }],
    };
    expect(problems(await server.call('POST', '/tts/3/advanced', body))).toStrictEqual({
      bulkId: ['must have at most 100 characters'],
    });
  });

  it('names a bulkId that is in use', async () => {
    const body = { bulkId: 'mine', messages: [{ text: 'Hi', destinations: [{ to: '41793026727' }] }] };
    expect((await server.call('POST', '/tts/3/advanced', body)).status).toBe(200);
    expect(problems(await server.call('POST', '/tts/3/advanced', body))).toStrictEqual({
      bulkId: ['is already in use'],
    });
  });

  it('passes on that the store is away', async () => {
    server.messaging.failure = new ServiceError('unavailable');
    expect((await server.send()).status).toBe(503);
    expect((await server.send()).status).toBe(200);
  });
});
