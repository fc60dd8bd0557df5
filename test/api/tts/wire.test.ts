import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { advancedMessage } from '../../../src/api/infobip/tts/send-schemas.ts';
import { problems, TtsServer, type Answer } from './rig.ts';

let server: TtsServer;
beforeAll(async () => {
  server = await TtsServer.start();
});
afterAll(async () => await server.close());

describe('what real clients send (infobip-api.md 0)', () => {
  it('ignores trailing slashes on every route', async () => {
    await server.call('POST', '/tts/3/advanced/', { ...examples.pin, bulkId: 'slash' });
    for (const [method, url, body] of [
      ['POST', '/tts/3/single/', examples.single],
      ['POST', '/tts/3/multi/', examples.multi],
      ['GET', '/tts/3/voices/en/', undefined],
      ['GET', '/tts/3/bulks/?bulkId=slash', undefined],
      ['PUT', '/tts/3/bulks/status/?bulkId=slash', { status: 'PAUSED' }],
      ['PUT', '/tts/3/bulks/?bulkId=slash', examples.rescheduleRequest],
      ['GET', '/tts/3/bulks/status/?bulkId=slash', undefined],
      ['GET', '/voice/1/reports/', undefined],
      ['GET', '/tts/3/reports/', undefined],
      ['GET', '/tts/3/logs/?limit=1', undefined],
    ] as const) {
      expect([url, (await server.call(method, url, body)).status]).toStrictEqual([url, 200]);
    }
  });

  it('ignores fields that it does not know, at every level', async () => {
    const answer = await server.call('POST', '/tts/3/advanced', {
      tracking: { a: [1] },
      messages: [
        {
          record: true,
          text: 'Hi',
          destinations: [{ to: '41793026727', networkId: 0 }],
          voice: { name: 'Joanna', accent: 'x' },
          retry: { minPeriod: 1, maxPeriod: 1, maxCount: 1, x: null },
          sendingSpeed: { speed: 1, timeUnit: 'second', x: {} },
        },
      ],
    });
    expect(answer.status).toBe(200);
    expect(JSON.stringify(server.messaging.last)).not.toMatch(/record|networkId|accent|"x"|tracking/);
  });

  it.each([
    ['POST', '/tts/3/logs', 'GET, HEAD'],
    ['DELETE', '/tts/3/bulks', 'GET, HEAD, PUT'],
    ['GET', '/tts/3/single', 'POST'],
    ['PUT', '/voice/1/reports', 'GET'],
  ] as const)('%s %s is 405', async (method, url, allow) => {
    const answer = await server.call(method, url);
    expect([answer.status, answer.headers['allow']]).toStrictEqual([405, allow]);
  });

  it.each(['/tts/3/single', '/tts/3/multi', '/tts/3/advanced'])('%s speaks no XML', async url => {
    const answer = await server.call('POST', url, '<request/>', { 'content-type': 'application/xml' });
    expect(answer.status).toBe(415);
  });
});

/** Every answer is a success, or exactly Infobip's envelope with a field to every 400. */
function assertOrderly(answer: Answer): void {
  // No limit of requests is reached by the way.
  server.clock.advance(1_000);
  expect(answer.status).not.toBe(429);
  expect(answer.status, answer.text).toBeLessThan(500);
  if (answer.status === 400) problems(answer);
}

describe('whatever comes in, the answer is orderly', () => {
  const RUNS = 250;
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1.5,
      2 ** 31,
      1e300,
      '',
      '41793026727',
      '<speak>',
      'en',
      'dtmf',
      '1',
      'MONDAY',
    ),
    fc.constantFrom({}, [], [null], [{}], { to: '1' }, [{ to: '41793026727' }], ['41793026727'], {
      hour: 1,
      minute: 2,
    }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const nested = [
    'gender',
    'name',
    'to',
    'messageId',
    'transferTo',
    'if',
    'equals',
    'minPeriod',
    'maxPeriod',
  ];
  const deeper = [
    'maxCount',
    'speed',
    'timeUnit',
    'days',
    'from',
    'hour',
    'minute',
    'callTransferMaxDuration',
  ];
  const names = [...Object.keys(advancedMessage.shape), 'to', 'extra'];
  const inner = fc.dictionary(fc.constantFrom(...nested, ...deeper), anything, { maxKeys: 4 });
  const value = fc.oneof(anything, inner, fc.array(inner, { maxLength: 3 }));
  const change = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 });
  const valid = { text: 'Hi', destinations: [{ to: '41793026727' }] };
  const message = fc.oneof(
    change.map(fields => ({ ...valid, ...fields })),
    change,
    anything,
  );
  const bulk = fc.oneof(
    fc.record(
      { messages: fc.array(message, { maxLength: 3 }), bulkId: anything },
      { requiredKeys: ['messages'] },
    ),
    fc.record({ messages: anything }),
    anything,
  );

  async function fuzz(body: fc.Arbitrary<unknown>, post: (body: unknown) => Promise<Answer>): Promise<void> {
    await fc.assert(
      fc.asyncProperty(body, async each => assertOrderly(await post(JSON.stringify(each) ?? ''))),
      { numRuns: RUNS, seed: 20_261_121 },
    );
  }

  it.each(['/tts/3/multi', '/tts/3/advanced'])('for %s', async url => {
    await fuzz(bulk, async body => await server.call('POST', url, body));
  });

  it('for /tts/3/single, as JSON and as a form', async () => {
    await fuzz(message, async body => await server.call('POST', '/tts/3/single', body));
    const form = fc.dictionary(
      fc.constantFrom(...names, 'voice.name', 'voice.gender'),
      fc.string({ unit: 'binary' }),
    );
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await fc.assert(
      fc.asyncProperty(form, fc.string({ unit: 'binary' }), async (fields, raw) => {
        for (const body of [new URLSearchParams(fields).toString(), raw]) {
          assertOrderly(await server.call('POST', '/tts/3/single', body, headers));
        }
      }),
      { numRuns: RUNS, seed: 20_261_121 },
    );
  });

  it('for bulks', async () => {
    const body = fc.oneof(fc.record({ sendAt: anything, status: anything }), anything);
    await server.call('POST', '/tts/3/advanced', { ...examples.pin, bulkId: 'known' });
    for (const url of ['/tts/3/bulks?bulkId=known', '/tts/3/bulks/status?bulkId=known']) {
      await fuzz(body, async each => await server.call('PUT', url, each));
    }
  });

  it('for queries and paths', async () => {
    const keys = [
      'from',
      'to',
      'bulkId',
      'messageId',
      'generalStatus',
      'sentSince',
      'limit',
      'mcc',
      'mnc',
      'x',
    ];
    const query = fc.array(fc.tuple(fc.constantFrom(...keys), fc.string({ unit: 'binary', maxLength: 30 })));
    await fc.assert(
      fc.asyncProperty(query, fc.string({ unit: 'binary', maxLength: 30 }), async (pairs, path) => {
        const search = new URLSearchParams(
          pairs.map(([name, text]): [string, string] => [name, text.toWellFormed()]),
        ).toString();
        for (const url of [
          '/tts/3/logs',
          '/voice/1/reports',
          '/tts/3/reports',
          '/tts/3/bulks',
          '/tts/3/bulks/status',
        ]) {
          assertOrderly(await server.call('GET', `${url}?${search}`));
        }
        assertOrderly(await server.call('GET', `/tts/3/voices/${encodeURIComponent(path.toWellFormed())}`));
      }),
      { numRuns: 100, seed: 20_261_121 },
    );
  });
});
