import { describe, expect, it } from 'vitest';

import { createClient, SaypinError } from '../../src/client/index.ts';

const KEY = 'a-secret-key';

/** What a try was sent, and a list of answers, the last one for all that follow. */
class Wire {
  readonly sent: { method: string; url: string; headers: Headers; body: string | undefined }[] = [];
  readonly slept: number[] = [];
  readonly #answers: (() => Response)[];

  constructor(...answers: (() => Response)[]) {
    this.#answers = answers;
  }

  readonly fetch = (async (url: URL, init: RequestInit) => {
    const { method = '', headers, body } = init;
    this.sent.push({
      method,
      url: url.href,
      headers: new Headers(headers),
      body: typeof body === 'string' ? body : undefined,
    });
    const [answer] = this.#answers;
    if (this.#answers.length > 1) this.#answers.shift();
    return answer!();
  }) as typeof fetch;

  client(options = {}) {
    return createClient({
      baseUrl: 'https://pins.example/base/',
      apiKey: KEY,
      fetch: this.fetch,
      sleep: async ms => void this.slept.push(ms),
      ...options,
    });
  }
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
const problem = (kind: string, status: number, more: object = {}) => {
  const body = {
    type: `/v1/problems/${kind}`,
    title: 'T',
    status,
    detail: 'D',
    instance: 'urn:uuid:1',
    ...more,
  };
  return json(body, status, { 'content-type': 'application/problem+json' });
};
const lost = (): Response => {
  throw new TypeError('fetch failed');
};
const thrown = async (work: Promise<unknown>): Promise<SaypinError> =>
  await work.then(
    () => Promise.reject(new Error('it was done')),
    (error: unknown) => error as SaypinError,
  );

describe('what is sent', () => {
  it('is JSON with the key, under the base URL', async () => {
    const wire = new Wire(json({ id: 'A' }));
    await wire.client().create({ to: '+41793026727', text: '{{pin}}' });
    const { method, url, headers, body } = wire.sent[0]!;
    expect([method, url]).toStrictEqual(['POST', 'https://pins.example/base/v1/verifications']);
    expect(headers.get('authorization')).toBe(`App ${KEY}`);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body).toBe('{"to":"+41793026727","text":"{{pin}}"}');
  });

  it('has ids and filters encoded', async () => {
    const wire = new Wire(json({ verifications: [] }));
    await wire.client().get('a/b?c');
    await wire.client().list({ to: '+41', state: 'pending', pageSize: 5 }).next();
    await wire.client().policies.get({ applicationId: 'a/', messageId: 'b#' });
    expect(wire.sent.map(({ url }) => url.replace('https://pins.example/base', ''))).toStrictEqual([
      '/v1/verifications/a%2Fb%3Fc',
      '/v1/verifications?to=%2B41&state=pending&limit=5',
      '/v1/applications/a%2F/templates/b%23/delivery',
    ]);
    expect(wire.sent[0]?.headers.has('content-type')).toBe(false);
  });
});

describe('tries', () => {
  it('share their key, and wait longer each time', async () => {
    const wire = new Wire(lost, json({}, 502), json({ id: 'A' }, 201));
    expect(await wire.client().create({ to: '1' })).toStrictEqual({ id: 'A' });
    expect(new Set(wire.sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(wire.slept).toStrictEqual([250, 500]);
  });

  it('wait as long as they are told to, within reason', async () => {
    const wire = new Wire(problem('unavailable', 503, { retryAfter: 3 }), json({ id: 'A' }));
    await wire.client().get('A');
    expect(wire.slept).toStrictEqual([3_000]);
    const long = new Wire(problem('unavailable', 503, { retryAfter: 60 }));
    expect(await thrown(long.client().get('A'))).toMatchObject({ status: 503, retryAfterSeconds: 60 });
    expect(long.sent).toHaveLength(1);
  });

  it('come again while the first one is running', async () => {
    const wire = new Wire(problem('idempotency-in-progress', 409, { retryAfter: 1 }), json({ id: 'A' }));
    await wire.client().next('A', { channel: 'voice' }, { idempotencyKey: 'mine' });
    expect(wire.sent.map(({ headers }) => headers.get('idempotency-key'))).toStrictEqual(['mine', 'mine']);
    expect(wire.slept).toStrictEqual([1_000]);
  });

  it('end at last', async () => {
    const wire = new Wire(lost);
    const error = await thrown(wire.client({ maxRetries: 1 }).cancel('A'));
    expect(error).toBeInstanceOf(SaypinError);
    expect(error).toMatchObject({ status: 0, type: undefined, errors: [] });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(wire.sent).toHaveLength(2);
  });

  it.each([
    ['a refusal', problem('bad-request', 400)],
    ['a limit', problem('too-many-requests', 429, { retryAfter: 1 })],
    ['an error of theirs', problem('internal', 500)],
    ['another conflict', problem('conflict', 409)],
  ])('are not made after %s', async (_name, answer) => {
    const wire = new Wire(answer);
    await thrown(wire.client().create({ to: '1' }));
    expect(wire.sent).toHaveLength(1);
  });

  it('are never made of a check', async () => {
    const wire = new Wire(lost);
    await thrown(wire.client().check('A', '123456'));
    expect(wire.sent).toHaveLength(1);
    expect(wire.sent[0]?.headers.has('idempotency-key')).toBe(false);
  });

  it('end when the caller says so', async () => {
    const wire = new Wire(lost);
    await thrown(wire.client().get('A', { signal: AbortSignal.abort() }));
    expect(wire.sent).toHaveLength(1);
  });
});

describe('an error', () => {
  it('has what the problem says', async () => {
    const errors = [{ field: 'to', message: 'is wrong' }];
    const wire = new Wire(problem('bad-request', 400, { errors, reason: 'odd' }));
    const error = await thrown(wire.client().create({ to: '1' }));
    expect(error.message).toBe('T: D');
    expect(error).toMatchObject({
      name: 'SaypinError',
      status: 400,
      type: '/v1/problems/bad-request',
      reason: 'odd',
      errors,
      instance: 'urn:uuid:1',
      retryAfterSeconds: undefined,
    });
    expect([error.is('bad-request'), error.is('request')]).toStrictEqual([true, false]);
  });

  it.each([
    ['a page', () => new Response('<html>', { status: 404, headers: { 'content-type': 'text/html' } })],
    ['another envelope', json({ requestError: {} }, 404)],
    [
      'half a problem',
      () =>
        new Response('{"type":', { status: 404, headers: { 'content-type': 'application/problem+json' } }),
    ],
  ])('may be %s', async (_name, answer) => {
    const error = await thrown(new Wire(answer).client().get('A'));
    expect(error).toMatchObject({ status: 404, type: undefined, message: 'the service answered 404' });
  });

  it('has the header where there is no problem', async () => {
    const wire = new Wire(json({}, 429, { 'retry-after': '7' }));
    expect(await thrown(wire.client().get('A'))).toMatchObject({ retryAfterSeconds: 7 });
  });

  it('tells nothing that was sent', async () => {
    const error = await thrown(new Wire(lost).client().check('ID', 'PIN-CANARY'));
    const text = JSON.stringify([error.message, error.stack, Object.entries(error)]);
    expect(text).not.toMatch(/PIN-CANARY|a-secret-key/);
  });
});

describe('a list', () => {
  it('fetches a page when it is needed', async () => {
    const wire = new Wire(
      json({ verifications: [{ id: 'A' }, { id: 'B' }], nextCursor: 'next' }),
      json({ verifications: [{ id: 'C' }] }),
    );
    const found: string[] = [];
    for await (const { id } of wire.client().list()) {
      found.push(`${id} after ${wire.sent.length}`);
    }
    expect(found).toStrictEqual(['A after 1', 'B after 1', 'C after 2']);
    expect(new URL(wire.sent[1]!.url).searchParams.get('cursor')).toBe('next');
  });

  it('asks for nothing more when it is left', async () => {
    const wire = new Wire(json({ verifications: [{ id: 'A' }], nextCursor: 'next' }));
    for await (const { id } of wire.client().list()) {
      expect(id).toBe('A');
      break;
    }
    expect(wire.sent).toHaveLength(1);
  });
});

it('a deleted policy answers nothing', async () => {
  const wire = new Wire(() => new Response(null, { status: 204 }));
  expect(await wire.client().policies.delete({ applicationId: 'A' })).toBeUndefined();
  expect(wire.sent[0]?.method).toBe('DELETE');
});

it('is made of nothing but what every runtime has', async () => {
  const { readdirSync, readFileSync } = await import('node:fs');
  const folder = new URL('../../src/client/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const source = readFileSync(new URL(name, folder), 'utf8');
    const runtime = [...source.matchAll(/^(?:import|export) (?!type)[^;]*?from '([^']+)';/gm)];
    for (const [, from = ''] of runtime) expect(from, name).toMatch(/^\.\/[a-z]+\.ts$/);
  }
});
