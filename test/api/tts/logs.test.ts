import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { answered } from './messages.ts';
import { KEYS, problems, shapeOf, TtsServer } from './rig.ts';

interface Logs {
  results: { messageId: string; text: string | null }[];
}

let server: TtsServer;
beforeEach(async () => {
  server = await TtsServer.start();
});
afterEach(async () => await server.close());

describe('GET /tts/3/logs (infobip-api.md 3.8)', () => {
  it('answers as documented', async () => {
    const { bulkId, messageId } = await answered(server);
    const answer = await server.call<Logs>('GET', '/tts/3/logs');
    expect(answer.status).toBe(200);
    expect(shapeOf(answer.body)).toStrictEqual(shapeOf(examples.logs));
    expect(answer.body.results).toStrictEqual([
      {
        bulkId,
        messageId,
        to: '41793026727',
        from: '385333444',
        text: 'Hello',
        sentAt: '2018-06-25T13:38:14.730+0000',
        doneAt: '2026-01-01T00:00:00.000+0000',
        duration: 3,
        mccMnc: '21901',
        price: { pricePerSecond: 0, currency: 'EUR' },
        status: examples.logs.results[0]?.status,
        error: examples.logs.results[0]?.error,
      },
    ]);
  });

  it('is no report: it can be looked at again', async () => {
    await answered(server);
    const first = await server.call<Logs>('GET', '/tts/3/logs');
    expect((await server.call<Logs>('GET', '/tts/3/logs')).body).toStrictEqual(first.body);
    expect((await server.call<Logs>('GET', '/voice/1/reports')).body.results).toHaveLength(1);
  });

  it('shows no PIN, neither in the answer nor in our own log', async () => {
    await server.call('POST', '/tts/3/advanced', examples.pin);
    await server.send({ text: 'Your PIN is 739154', language: 'en' });
    await server.send({ audioFileUrl: 'https://a.example/b.mp3', text: null });
    const { body, text } = await server.call<Logs>('GET', '/tts/3/logs');
    expect(new Set(body.results.map(result => result.text))).toStrictEqual(
      new Set(['Hello, your code is,, *,, *,, *,, *', 'Your PIN is ******', null]),
    );
    expect(text).not.toContain('739154');
    expect(server.logged()).not.toContain('739154');
  });

  it.each([
    ['', { limit: 50 }],
    ['?limit=9999', { limit: 1_000 }],
    ['?from=InfoSMS&to=41793026727', { limit: 50, from: 'InfoSMS', to: '41793026727' }],
    ['?to=%2B41793026727', { limit: 50, to: '41793026727' }],
    ['?to=+41793026727', { limit: 50, to: '41793026727' }],
    ['?to=nobody', { limit: 50, to: 'nobody' }],
    ['?bulkId=a,b&bulkId=c&messageId=d', { limit: 50, bulkIds: ['a', 'b', 'c'], messageIds: ['d'] }],
    ['?generalStatus=DELIVERED', { limit: 50, generalStatus: 'DELIVERED' }],
    ['?mcc=228&mnc=01', { limit: 50, mcc: '228', mnc: '01' }],
    [
      '?sentSince=2023-08-10T07:36:42.005%2B0000&sentUntil=2023-08-10T09:36:42.005+02:00',
      {
        limit: 50,
        sentSince: Date.UTC(2023, 7, 10, 7, 36, 42, 5),
        sentUntil: Date.UTC(2023, 7, 10, 7, 36, 42, 5),
      },
    ],
    ['?generalStatus=undefined&sentSince=&from=undefined&mcc=undefined', { limit: 50 }],
  ])('reads the query %j', async (query, filter) => {
    expect((await server.call('GET', `/tts/3/logs${query}`)).status).toBe(200);
    expect(server.messaging.logFilters).toStrictEqual([{ channel: 'voice', ...filter }]);
  });

  it.each([
    ['generalStatus=GOOD', 'generalStatus'],
    ['sentSince=yesterday', 'sentSince'],
    ['sentUntil=2023-08-10T07:36:42&sentUntil=2023-08-10T07:36:42', 'sentUntil'],
    ['mcc=22', 'mcc'],
    ['mnc=1', 'mnc'],
    ['limit=x', 'limit'],
    [`from=${'x'.repeat(65)}`, 'from'],
  ])('refuses %.40s', async (query, field) => {
    expect(Object.keys(problems(await server.call('GET', `/tts/3/logs?${query}`)))).toStrictEqual([field]);
  });
});

describe('limits (infobip-api.md 1.4)', () => {
  const asked = async (url: string, key: string) =>
    await server.call('GET', url, undefined, { authorization: `App ${key}` });

  it('are 120 looks at the log in a minute, for each account', async () => {
    for (let call = 0; call < 120; call++) expect((await asked('/tts/3/logs', KEYS.logs)).status).toBe(200);
    server.clock.advance(10_000);
    const refused = await asked('/tts/3/logs', KEYS.logs);
    expect([refused.status, refused.headers['retry-after']]).toStrictEqual([429, '50']);
    expect(refused.body).toStrictEqual({
      requestError: { serviceException: { messageId: 'TOO_MANY_REQUESTS', text: 'Too many requests' } },
    });
    expect((await asked('/tts/3/logs', KEYS.all)).status).toBe(200);
    expect((await asked('/tts/3/reports', KEYS.logs)).status).toBe(200);
    server.clock.advance(50_000);
    expect((await asked('/tts/3/logs', KEYS.logs)).status).toBe(200);
  });

  it('are 2,000 sends in a second, over all three calls', async () => {
    const statuses = new Map<number, number>();
    for (let call = 0; call < 2_001; call++) {
      const url = ['/tts/3/single', '/tts/3/multi', '/tts/3/advanced'][call % 3] ?? '';
      const { status } = await server.call('POST', url, {});
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toStrictEqual([
      [400, 2_000],
      [429, 1],
    ]);
  });
});
