import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { answered, CALL } from './messages.ts';
import { KEYS, problems, shapeOf, TtsServer } from './rig.ts';

interface Reports {
  results: { messageId: string; status: { name: string }; error: { name: string } }[];
}

let server: TtsServer;
beforeEach(async () => {
  server = await TtsServer.start();
});
afterEach(async () => await server.close());

const STATUS = examples.reports.results[0]?.status;
const ERROR = examples.reports.results[0]?.error;

describe('GET /voice/1/reports (infobip-api.md 3.7)', () => {
  it('answers as documented', async () => {
    const { bulkId, messageId } = await answered(server);
    const answer = await server.call<Reports>('GET', '/voice/1/reports');
    expect([answer.status, answer.headers['content-type']]).toStrictEqual([200, 'application/json']);
    expect(shapeOf(answer.body)).toStrictEqual(shapeOf(examples.reports));
    expect(answer.body.results).toStrictEqual([
      {
        bulkId,
        messageId,
        from: '385333444',
        to: '41793026727',
        sentAt: '2018-06-25T13:38:14.730+0000',
        mccMnc: '21901',
        callbackData: 'DLR callback data',
        voiceCall: {
          feature: 'Voice-message',
          startTime: '2018-06-25T13:38:15.000+0000',
          answerTime: '2018-06-25T13:38:25.000+0000',
          endTime: '2018-06-25T13:38:28.316+0000',
          duration: 3,
          chargedDuration: 3,
          fileDuration: 19.3,
          dtmfCodes: '3, 9',
          ivr: null,
        },
        price: { pricePerSecond: 0, currency: 'EUR' },
        status: STATUS,
        error: ERROR,
      },
    ]);
  });

  it.each([
    ['human', 'HUMAN', 5000],
    ['machine', 'MACHINE', 5001],
  ] as const)('says that a %s answered, where that was found out', async (answeredBy, word, error) => {
    await answered(server, {
      outcome: { kind: 'answered', by: answeredBy },
      voice: { ...CALL, answeredBy },
    });
    const { body } = await server.call<Reports>('GET', '/voice/1/reports');
    expect(body.results[0]).toMatchObject({ voiceCall: { answeredBy: word }, error: { id: error } });
  });

  it('has null for what is not known of a call that was never made', async () => {
    const { body: sent } = await server.send({ machineDetection: 'x' });
    const { body } = await server.call<Reports>('GET', '/voice/1/reports');
    expect(body.results).toStrictEqual([
      {
        bulkId: sent.bulkId,
        messageId: sent.messages[0]?.messageId,
        from: '',
        to: '41793026727',
        sentAt: '2026-01-01T00:00:00.000+0000',
        mccMnc: null,
        callbackData: null,
        voiceCall: {
          feature: 'Voice-message',
          startTime: null,
          answerTime: null,
          endTime: null,
          duration: 0,
          chargedDuration: 0,
          fileDuration: 0,
          dtmfCodes: '',
          ivr: null,
        },
        price: { pricePerSecond: 0, currency: 'EUR' },
        status: expect.objectContaining({ id: 62, groupId: 5 }),
        error: expect.objectContaining({ groupId: 3 }),
      },
    ]);
  });

  it.each([
    [{ kind: 'busy' }, 97, 5002],
    [{ kind: 'no-answer' }, 96, 5003],
    [{ kind: 'declined' }, 99, 5603],
    [{ kind: 'expired' }, 15, 4101],
  ] as const)('tells %j by the registry', async (outcome, status, error) => {
    await answered(server, { outcome });
    const { body } = await server.call<Reports>('GET', '/voice/1/reports');
    expect(body.results[0]).toMatchObject({ status: { id: status }, error: { id: error } });
  });
});

describe('GET /tts/3/reports', () => {
  it('answers the same, flat', async () => {
    const { bulkId, messageId } = await answered(server);
    const answer = await server.call<Reports>('GET', '/tts/3/reports');
    expect(shapeOf(answer.body)).toStrictEqual(shapeOf(examples.flatReports));
    expect(answer.body.results).toStrictEqual([
      {
        bulkId,
        messageId,
        to: '41793026727',
        sentAt: '2018-06-25T13:38:14.730+0000',
        doneAt: '2026-01-01T00:00:00.000+0000',
        startTime: '2018-06-25T13:38:15.000+0000',
        endTime: '2018-06-25T13:38:28.316+0000',
        answerTime: '2018-06-25T13:38:25.000+0000',
        duration: 3,
        fileDuration: 19.3,
        mccMnc: '21901',
        callbackData: 'DLR callback data',
        dtmfCodes: '3, 9',
        recordedAudioFileUrl: null,
        scenarioId: null,
        scenarioName: null,
        price: { pricePerSecond: 0, currency: 'EUR' },
        status: STATUS,
        error: ERROR,
      },
    ]);
  });
});

describe.each(['/voice/1/reports', '/tts/3/reports'])('%s', url => {
  it('hands each report out once, over both calls', async () => {
    const first = await answered(server);
    const got = await server.call<Reports>('GET', url);
    expect(got.body.results.map(({ messageId }) => messageId)).toStrictEqual([first.messageId]);
    for (const again of ['/voice/1/reports', '/tts/3/reports']) {
      expect((await server.call('GET', again)).body).toStrictEqual({ results: [] });
    }
  });

  it('is not asked by HEAD, which would lose them', async () => {
    await answered(server);
    expect((await server.call('HEAD', url)).status).toBe(405);
    expect((await server.call<Reports>('GET', url)).body.results).toHaveLength(1);
  });

  it.each([
    ['', { limit: 50 }],
    ['?limit=7', { limit: 7 }],
    ['?limit=5000', { limit: 1_000 }],
    ['?limit=undefined&bulkId=undefined&messageId=', { limit: 50 }],
    ['?bulkId=a', { limit: 50, bulkIds: ['a'] }],
    ['?bulkId=a&bulkId=b', { limit: 50, bulkIds: ['a', 'b'] }],
    ['?bulkId=a,b%2C%20c,&messageId=d', { limit: 50, bulkIds: ['a', 'b', 'c'], messageIds: ['d'] }],
    ['?messageId=a,b&messageId=c', { limit: 50, messageIds: ['a', 'b', 'c'] }],
  ])('reads the query %j', async (query, filter) => {
    expect((await server.call('GET', `${url}${query}`)).status).toBe(200);
    expect(server.messaging.reportFilters).toStrictEqual([{ channel: 'voice', ...filter }]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1&limit=2', 'limit'],
    [`bulkId=${'b'.repeat(101)}`, 'bulkId[0]'],
    [`messageId=${'a,'.repeat(1_001)}`, 'messageId'],
  ])('refuses %.20s', async (query, field) => {
    expect(Object.keys(problems(await server.call('GET', `${url}?${query}`)))).toStrictEqual([field]);
  });
});

describe('keys', () => {
  it.each([
    ['/voice/1/reports', { reports: 200, logs: 403, send: 403, pins: 403 }],
    ['/tts/3/reports', { reports: 403, logs: 200, send: 403, pins: 403 }],
    ['/tts/3/logs', { reports: 403, logs: 200, send: 403, pins: 403 }],
    ['/tts/3/voices/en', { reports: 403, logs: 403, send: 200, pins: 403 }],
    ['/tts/3/bulks?bulkId=x', { reports: 403, logs: 403, send: 404, pins: 403 }],
  ] as const)('open %s by scope', async (url, expected) => {
    for (const [name, status] of Object.entries(expected)) {
      const authorization = `App ${KEYS[name as keyof typeof KEYS]}`;
      expect([name, (await server.call('GET', url, undefined, { authorization })).status]).toStrictEqual([
        name,
        status,
      ]);
    }
    expect((await server.call('GET', url, undefined, { authorization: '' })).status).toBe(401);
  });

  it.each(['/tts/3/single', '/tts/3/multi', '/tts/3/advanced'])('open POST %s by scope', async url => {
    for (const [name, status] of Object.entries({ send: 400, logs: 403, reports: 403, pins: 403 })) {
      const authorization = `App ${KEYS[name as keyof typeof KEYS]}`;
      expect((await server.call('POST', url, {}, { authorization })).status).toBe(status);
    }
  });
});
