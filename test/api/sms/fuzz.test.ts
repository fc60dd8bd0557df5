import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as examples from '../../../src/api/infobip/sms/examples.ts';
import { classicError, SmsServer, v3Error, type Answer } from './rig.ts';

const RUNS = 80;
const SEED = 20_261_121;

let server: SmsServer;
beforeAll(async () => {
  server = await SmsServer.start();
});
afterAll(async () => await server.close());

/** A success, or exactly the envelope of its version with a field to every 400. */
function assertOrderly(url: string, answer: Answer): void {
  expect(answer.status, answer.text).toBeLessThan(500);
  if (answer.status < 400) return;
  const fields = url.startsWith('/sms/3/')
    ? v3Error(answer).violations.map(({ property }) => property)
    : Object.keys(classicError(answer).validationErrors ?? {});
  if (answer.status === 400) expect(fields.length, answer.text).toBeGreaterThan(0);
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    'true',
    '41793026727',
    'TURKISH',
    'TR',
    'PAUSED',
    '2026-01-02T00:00:00.000+0000',
    '\ud800',
    [],
    {},
  ),
  fc.string({ unit: 'binary' }),
);

/** A valid body with one place in it changed, wherever that is. */
function spoiled(valid: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(valid);
  return fc
    .array(fc.tuple(fc.constantFrom(...paths), anything), { minLength: 1, maxLength: 3 })
    .map(changes => changes.reduce((body, [path, value]) => replaced(body, path, value), valid));
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(body: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(body))
    return body.map((each, index) => (String(index) === key ? replaced(each, rest, value) : each));
  if (typeof body !== 'object' || body === null) return body;
  return { ...body, [key]: replaced((body as Record<string, unknown>)[key], rest, value) };
}

const NAMES =
  'to text from sender destination bulkId messageId limit generalStatus sentSince sentUntil sendAt mcc mnc useCursor cursor flash languageCode validityPeriod username password entityId transliteration notifyUrl'.split(
    ' ',
  );

describe('whatever comes in, the answer is orderly', () => {
  it.each([
    ['POST', '/sms/3/messages', examples.sendRequest],
    ['POST', '/sms/3/messages', examples.sendBinary],
    ['POST', '/sms/2/text/advanced', examples.advancedRequest],
    ['POST', '/sms/2/binary/advanced', examples.advancedBinary],
    ['PUT', '/sms/1/bulks?bulkId=x', examples.rescheduleRequest],
    ['PUT', '/sms/1/bulks/status?bulkId=x', examples.bulkStatusRequest],
    ['POST', '/sms/1/preview', examples.previewRequest],
  ] as const)('for bodies of %s %s', async (method, url, valid) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoiled(valid), anything), async body => {
        assertOrderly(url, await server.call(method, url, JSON.stringify(body) ?? ''));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it.each([
    '/sms/3/text/query',
    '/sms/1/text/query',
    '/sms/3/reports',
    '/sms/1/reports',
    '/sms/3/logs',
    '/sms/1/logs',
    '/sms/1/bulks',
    '/sms/1/bulks/status',
    '/sms/1/inbox/reports',
  ])('for queries of %s', async url => {
    const names = fc.constantFrom(...NAMES);
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '',
        'undefined',
        'true',
        '50',
        '-1',
        'a,b,,c',
        '1e9',
        '2026-01-02T00:00:00 0000',
        '\u0000',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, values), { maxLength: 6 }), async pairs => {
        // Under the limit of requests to logs.
        server.clock.advance(1_000);
        const query = pairs
          .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
          .join('&');
        assertOrderly(url, await server.call('GET', `${url}?${query}`));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
