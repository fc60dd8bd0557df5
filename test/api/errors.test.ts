import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MAX_JSON_DEPTH, parseJsonBody } from '../../src/api/json-body.ts';
import { classicEnvelope, toServiceError } from '../../src/api/error-handler.ts';
import { ServiceError } from '../../src/errors.ts';
import { ApiServer } from '../support/api-server.ts';

const APPLICATIONS = '/2fa/2/applications';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(async () => await server.close());

function envelope(messageId: string, text: string, validationErrors?: object): object {
  return {
    requestError: { serviceException: { messageId, text, ...(validationErrors && { validationErrors }) } },
  };
}

describe('paths and methods', () => {
  it.each([
    '/',
    '/2fa',
    '/2fa/2',
    '/2fa/2/application',
    '/2fa/2/pin/voice/x/y',
    '/%zz',
    '/2fa/2/applications/%',
    '/favicon.ico',
    '/docs/static/none.js',
  ])('GET %s is 404 in the envelope', async url => {
    const answer = await server.call('GET', url);
    expect([answer.status, answer.body]).toStrictEqual([
      404,
      envelope('NOT_FOUND', 'Requested resource not found'),
    ]);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('takes an id that no id can be for an unknown one', async () => {
    expect((await server.call('GET', `${APPLICATIONS}/${'A'.repeat(5_000)}`)).status).toBe(404);
  });

  it('answers 404 before it reads a body', async () => {
    expect((await server.call('POST', '/nowhere', '{"broken')).status).toBe(404);
  });

  it.each([
    ['DELETE', APPLICATIONS, 'GET, HEAD, POST'],
    ['DELETE', `${APPLICATIONS}/X`, 'GET, HEAD, PUT'],
    ['PATCH', `${APPLICATIONS}/X/messages/Y/`, 'GET, HEAD, PUT'],
    ['GET', '/2fa/2/pin/voice', 'POST'],
    ['PUT', '/2fa/2/pin/X/verify?x=/', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['POST', '/docs/json', 'GET, HEAD'],
  ] as const)('%s %s is 405 with Allow', async (method, url, allow) => {
    const answer = await server.call(method, url);
    expect([answer.status, answer.body]).toStrictEqual([
      405,
      envelope('METHOD_NOT_ALLOWED', 'Method not allowed'),
    ]);
    expect(answer.headers.allow).toBe(allow);
  });
});

describe('bodies', () => {
  const post = async (body: string, type = 'application/json') =>
    await server.call('POST', APPLICATIONS, body, { 'content-type': type });
  const bad = (message: string) => envelope('BAD_REQUEST', 'Bad request', { body: [message] });

  it.each([
    '{',
    '{"name":"x"',
    '{"name":undefined}',
    "{'name':'x'}",
    'name=x',
    '{"name":"x"}}',
    '{"name":"\n"}',
  ])('refuses %j as malformed, naming the body and quoting nothing of it', async body => {
    const answer = await post(body);
    expect([answer.status, answer.body]).toStrictEqual([400, bad('must be valid JSON')]);
  });

  it.each(['[]', '"text"', '7', 'true'])('refuses %s where an object is due', async body => {
    const answer = await post(body);
    expect([answer.status, answer.body]).toStrictEqual([400, bad('must be an object')]);
  });

  it.each(['null', '', '   '])('refuses nothing (%j) where an object is due', async body => {
    const answer = await post(body);
    expect([answer.status, answer.body]).toStrictEqual([400, bad('must not be null')]);
  });

  it.each([
    '{"name":"x","__proto__":{"enabled":false}}',
    '{"name":"x","\\u005f_proto__":1}',
    '{"name":"x","configuration":{"constructor":{"prototype":{}}}}',
    '{"name":"x","list":[[{"prototype":1}]]}',
  ])('refuses %s', async body => {
    const answer = await post(body);
    expect([answer.status, answer.body]).toStrictEqual([
      400,
      bad('must not contain the keys __proto__, constructor or prototype'),
    ]);
  });

  it('takes 32 levels and refuses 33, however deep', async () => {
    const nested = (levels: number): string =>
      `{"name":"x","deep":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect((await post(nested(MAX_JSON_DEPTH))).status).toBe(200);
    for (const levels of [MAX_JSON_DEPTH + 1, 100_000]) {
      const answer = await post(nested(levels));
      expect([answer.status, answer.body]).toStrictEqual([
        400,
        bad('must not be nested deeper than 32 levels'),
      ]);
    }
  });

  it('takes 256 KB and refuses a byte more', async () => {
    const frame = '{"name":"x","filler":""}';
    const filler = (size: number): string => frame.replace('""', `"${'y'.repeat(size - frame.length)}"`);
    expect((await post(filler(256 * 1024))).status).toBe(200);
    const answer = await post(filler(256 * 1024 + 1));
    expect([answer.status, answer.body]).toStrictEqual([
      413,
      envelope('BAD_REQUEST', 'Request body is too large'),
    ]);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    ';',
    'multipart/form-data; boundary=x',
  ])('refuses the content type %s', async type => {
    const answer = await post('{"name":"x"}', type);
    expect([answer.status, answer.body]).toStrictEqual([
      415,
      envelope('BAD_REQUEST', 'Unsupported content type'),
    ]);
  });

  it.each([
    'application/json',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'Application/JSON',
    'application/json; charset="utf-8"',
  ])('takes the content type %s', async type => {
    expect((await post('{"name":"Žofie 🙂"}', type)).body).toMatchObject({ name: 'Žofie 🙂' });
  });

  it('takes a byte order mark', () => {
    expect(parseJsonBody('\uFEFF{"name":"x"}')).toStrictEqual({ name: 'x' });
  });
});

describe('the answer to an error', () => {
  it('does not grow with the nonsense that it refuses', async () => {
    const placeholders = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, n) => [`${'k'.repeat(30)}${n}`, n]),
    );
    const answer = await server.call('POST', '/2fa/2/pin/voice', { placeholders });
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(5_000);
    const long = await server.call('POST', '/2fa/2/pin/voice', {
      placeholders: { ['k'.repeat(100_000)]: 1 },
    });
    expect(long.text.length).toBeLessThan(1_000);
  });

  it('never says why it failed', async () => {
    const broken = await ApiServer.start({
      store: () => ({
        listApplications: async () => {
          throw new TypeError('cannot read the password of row 7');
        },
        // A row that its schema does not fit: the serializer refuses it.
        getApplication: async () => ({ name: 7 }) as never,
      }),
    });
    for (const url of [APPLICATIONS, `${APPLICATIONS}/X`]) {
      const answer = await broken.call('GET', url);
      expect([answer.status, answer.body]).toStrictEqual([
        500,
        envelope('GENERAL_ERROR', 'Something went wrong. Please contact support.'),
      ]);
    }
    expect(broken.logged()).toContain('cannot read the password of row 7');
    await broken.close();
  });

  it.each([
    [{ code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }, 'payloadTooLarge'],
    [{ statusCode: 418 }, 'badRequest'],
    [{ statusCode: 429 }, 'tooManyRequests'],
    [{ statusCode: 502 }, 'internal'],
    [new Error('x'), 'internal'],
    ['a string', 'internal'],
    [null, 'internal'],
    [undefined, 'internal'],
  ])('%j is %s', (thrown, id) => {
    expect(toServiceError(thrown).id).toBe(id);
  });

  it('has validationErrors as lists, or not at all', () => {
    expect(classicEnvelope(new ServiceError('badRequest', { fields: {} }))).toStrictEqual(
      envelope('BAD_REQUEST', 'Bad request'),
    );
    expect(classicEnvelope(new ServiceError('badRequest', { fields: { a: ['b'] } }))).toStrictEqual(
      envelope('BAD_REQUEST', 'Bad request', { a: ['b'] }),
    );
  });
});
