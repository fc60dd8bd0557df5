import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PROBLEM_TYPES } from '../../../src/api/problem.ts';
import { SaypinError } from '../../../src/client/index.ts';
import { KEYS, MOBILE, refusalOf, VerifyServer } from './rig.ts';

let server: VerifyServer;
beforeAll(async () => {
  server = await VerifyServer.start();
});
afterAll(async () => await server.close());

const ROUTES = [
  ['POST', '/v1/verifications'],
  ['GET', '/v1/verifications'],
  ['GET', `/v1/verifications/${'F'.repeat(32)}`],
  ['POST', `/v1/verifications/${'F'.repeat(32)}/check`],
  ['POST', `/v1/verifications/${'F'.repeat(32)}/next`],
  ['POST', `/v1/verifications/${'F'.repeat(32)}/cancel`],
  ['PUT', '/v1/applications/A/delivery'],
  ['GET', '/v1/applications/A/delivery'],
  ['DELETE', '/v1/applications/A/delivery'],
  ['PUT', '/v1/applications/A/templates/B/delivery'],
  ['GET', '/v1/applications/A/templates/B/delivery'],
  ['DELETE', '/v1/applications/A/templates/B/delivery'],
] as const;

describe.each(ROUTES)('%s %s', (method, path) => {
  it.each([
    ['no key', '', 401, 'unauthorized'],
    ['an unknown key', `App ${'f'.repeat(64)}`, 401, 'unauthorized'],
    ['a key of another scope', `App ${KEYS.reports}`, 403, 'forbidden'],
  ])('wants better than %s', async (_name, authorization, status, kind) => {
    const answer = await server.raw(method, path, undefined, { authorization });
    expect([answer.status, answer.headers.get('content-type')]).toStrictEqual([
      status,
      'application/problem+json',
    ]);
    expect(answer.body).toMatchObject({ type: `/v1/problems/${kind}`, status });
    expect(answer.body['instance']).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'App' : null);
  });
});

it('those who only send may do all but set policies', async () => {
  const client = server.client({ apiKey: KEYS.phones });
  const { id } = await client.create({ to: MOBILE });
  expect((await client.get(id)).state).toBe('pending');
  expect((await client.check(id, 'wrong')).reason).toBe('wrong');
  expect((await client.cancel(id)).state).toBe('cancelled');
});

describe('a body', () => {
  const post = async (body: string, type = 'application/json') =>
    await server.raw('POST', '/v1/verifications', body, { 'content-type': type });

  it.each([
    ['that is no JSON', '{', 'malformed-body'],
    ['with a key that could reach a prototype', '{"__proto__":{}}', 'malformed-body'],
    ['that is no object', '[]', 'bad-request'],
  ])('%s is refused', async (_name, body, kind) => {
    const answer = await post(body);
    expect(answer.body).toMatchObject({ type: `/v1/problems/${kind}`, status: 400 });
    expect((answer.body['errors'] as { field: string }[])[0]?.field).toBe('body');
  });

  it('of another type is refused', async () => {
    const answer = await post('to=1', 'application/x-www-form-urlencoded');
    expect([answer.status, answer.body['type']]).toStrictEqual([415, '/v1/problems/unsupported-media-type']);
  });

  it('that is too large is refused', async () => {
    const answer = await post(JSON.stringify({ to: 'x'.repeat(300_000) }));
    expect([answer.status, answer.body['type']]).toStrictEqual([413, '/v1/problems/payload-too-large']);
  });
});

describe('problems', () => {
  it('are described, each under its type, without credentials', async () => {
    const { body } = await server.raw('GET', '/v1/problems', undefined, { authorization: '' });
    const problems = body['problems'] as {
      type: string;
      status: number;
      title: string;
      description: string;
    }[];
    expect(problems.map(({ type }) => type)).toStrictEqual(
      PROBLEM_TYPES.map(({ id }) => `/v1/problems/${id}`),
    );
    expect(problems.every(({ status }) => status >= 400 && status < 600)).toBe(true);
    for (const problem of problems) {
      const answer = await server.raw('GET', problem.type, undefined, { authorization: '' });
      expect(answer.body).toStrictEqual(problem);
    }
  });

  it('of another kind there are none', async () => {
    const answer = await server.raw('GET', '/v1/problems/odd');
    expect([answer.status, answer.body['type']]).toStrictEqual([404, '/v1/problems/not-found']);
  });
});

it('a failure of ours tells nothing, and is in the log under its instance', async () => {
  const broken = await VerifyServer.start({
    verifications: () => ({
      get: async () => {
        throw new Error('the cause');
      },
    }),
  });
  const error = await refusalOf(broken.client().get('F'.repeat(32)));
  expect(error).toBeInstanceOf(SaypinError);
  expect(error).toMatchObject({ status: 500, type: '/v1/problems/internal' });
  expect(error.message).not.toContain('the cause');
  const id = error.instance?.replace('urn:uuid:', '') ?? 'none';
  expect(broken.logged()).toMatch(new RegExp(`the cause.*${id}|${id}.*the cause`));
  await broken.close();
});
