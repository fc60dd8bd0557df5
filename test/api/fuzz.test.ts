import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ApiServer, type Answer, type Ids } from '../support/api-server.ts';

const RUNS = 60;

let server: ApiServer;
let ids: Ids;
let pinId: string;
beforeAll(async () => {
  server = await ApiServer.start();
  ids = await server.prepare({ pinAttempts: 1_000_000 });
  pinId = await server.send(ids);
});
afterAll(async () => await server.close());

/** Every answer is a success, or exactly Infobip's envelope with a field to every 400. */
function assertOrderly(answer: Answer): void {
  expect(answer.status, answer.text).toBeLessThan(500);
  if (answer.status < 400) return;
  const { requestError, ...rest } = answer.body;
  expect(rest).toStrictEqual({});
  const { serviceException, ...others } = requestError as { serviceException: Record<string, unknown> };
  expect(others).toStrictEqual({});
  const { messageId, text, validationErrors, ...more } = serviceException;
  expect(more).toStrictEqual({});
  expect([typeof messageId, typeof text]).toStrictEqual(['string', 'string']);
  if (answer.status !== 400) return;
  const fields = Object.entries(validationErrors as Record<string, string[]>);
  expect(fields.length).toBeGreaterThan(0);
  for (const [field, messages] of fields) {
    expect(field).not.toBe('');
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.every(message => typeof message === 'string' && message !== '')).toBe(true);
  }
}

/** Anything JSON can say, with a liking for the names and near-misses that matter here. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    '0',
    'true',
    '1/3s',
    '15m',
    '{{pin}}',
    '41793026727',
    'NUMERIC',
    'en',
    '#',
  ),
  fc.string({ unit: 'binary' }),
);

function bodies(fields: readonly string[], valid: object): fc.Arbitrary<unknown> {
  const change = fc.dictionary(fc.constantFrom(...fields), anything, { maxKeys: 4 });
  const nested = fc.dictionary(fc.constantFrom(...fields), change, { maxKeys: 2 });
  return fc.oneof(
    change.map(fields => ({ ...valid, ...fields })),
    nested.map(fields => ({ ...valid, ...fields })),
    change,
    anything,
  );
}

const APPLICATION = [
  'name',
  'enabled',
  'configuration',
  'pinAttempts',
  'pinTimeToLive',
  'verifyPinLimit',
  'sendPinPerPhoneNumberLimit',
  'extra',
];
const TEMPLATE = [
  'messageText',
  'pinType',
  'pinLength',
  'language',
  'voiceName',
  'senderId',
  'repeatDTMF',
  'speechRate',
  'regional',
  'indiaDlt',
  'principalEntityId',
];
const SEND = [
  'applicationId',
  'messageId',
  'to',
  'from',
  'placeholders',
  'trackDelivery',
  'pin',
  'firstName',
];

describe('whatever comes in, the answer is orderly', () => {
  async function fuzz(body: fc.Arbitrary<unknown>, post: (body: unknown) => Promise<Answer>): Promise<void> {
    await fc.assert(
      fc.asyncProperty(body, async value => assertOrderly(await post(JSON.stringify(value) ?? ''))),
      { numRuns: RUNS, seed: 20_261_121 },
    );
  }

  it('for applications', async () => {
    await fuzz(
      bodies(APPLICATION, { name: 'x' }),
      async body => await server.call('POST', '/2fa/2/applications', body),
    );
  });

  it('for templates, new and old', async () => {
    const url = `/2fa/2/applications/${ids.applicationId}/messages`;
    const arbitrary = bodies(TEMPLATE, { messageText: '{{pin}}', pinType: 'HEX' });
    await fuzz(arbitrary, async body => await server.call('POST', url, body));
    await fuzz(arbitrary, async body => await server.call('PUT', `${url}/${ids.messageId}`, body));
  });

  it('for sends and resends', async () => {
    const arbitrary = bodies(SEND, { ...ids, to: '41793026727' });
    await fuzz(arbitrary, async body => await server.call('POST', '/2fa/2/pin/voice', body));
    await fuzz(arbitrary, async body => await server.call('POST', `/2fa/2/pin/${pinId}/resend/voice`, body));
  });

  it('for verifications', async () => {
    await fuzz(
      bodies(['pin'], {}),
      async body => await server.call('POST', `/2fa/2/pin/${pinId}/verify`, body),
    );
  });

  it('for paths, queries and texts that are no JSON', async () => {
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(text, text, text, async (path, query, body) => {
        const part = encodeURIComponent(path.toWellFormed());
        const search = encodeURIComponent(query.toWellFormed());
        assertOrderly(
          await server.call('GET', `/2fa/2/applications/${ids.applicationId}/verifications?msisdn=${search}`),
        );
        assertOrderly(await server.call('GET', `/2fa/2/applications/${part}`));
        assertOrderly(await server.call('POST', `/2fa/2/pin/${part}/verify`, { pin: query }));
        assertOrderly(await server.call('POST', '/2fa/2/applications', body));
      }),
      { numRuns: RUNS, seed: 20_261_121 },
    );
  });
});
