import { readdirSync } from 'node:fs';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { FAILURES, IDLE_MS, LONGEST_MS } from '../../../src/api/console/sessions.ts';
import { ConsoleServer, KEY } from './rig.ts';

let server: ConsoleServer;
beforeEach(async () => {
  server = await ConsoleServer.start();
});
afterEach(async () => {
  await server.close();
});

const VOICES = '/console/api/voices';

test('a key becomes a cookie that scripts and other sites never see', async () => {
  const answer = await server.ask('POST', '/console/session', { key: KEY });
  expect(answer.status).toBe(201);
  expect(answer.headers['set-cookie']).toMatch(
    /^saypin-console=[\w-]{43}; Path=\/console; HttpOnly; SameSite=Strict; Secure$/,
  );
  expect(answer.json()).toMatchObject({ name: 'default', scopes: ['*', 'keys:manage'], version: '0.1.0' });
  expect(answer.text).not.toContain(KEY);
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
  expect((await server.ask('GET', VOICES, undefined, { cookie })).status).toBe(200);
  expect((await server.ask('GET', '/console/session', undefined, { cookie })).json()).toMatchObject({
    name: 'default',
  });
});

test('without a session there are the pages, and nothing else', async () => {
  for (const path of [VOICES, '/console/api/v1/keys', '/console/api/activity', '/console/api/live'])
    expect((await server.ask('GET', path)).status, path).toBe(401);
  expect((await server.ask('GET', '/console/session')).status).toBe(204);
  expect((await server.ask('GET', '/console/verifications')).headers['content-type']).toMatch(/^text\/html/);
  for (const cookie of [
    'saypin-console=',
    'saypin-console=' + 'A'.repeat(43),
    'saypin-console=%00',
    'x=y; saypin-console',
  ])
    expect((await server.ask('GET', VOICES, undefined, { cookie })).status, cookie).toBe(401);
});

test.each([
  ['another site’s page', { origin: 'https://evil.example' }],
  ['a page of a neighbouring port', { origin: 'https://pins.example.com:8443' }],
  ['no origin', { origin: '' }],
  ['an opaque origin', { origin: 'null' }],
  ['a form, which cannot send the header', { 'x-saypin-console': '' }],
  ['a browser that says that it is another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
])('what changes something must come from the page: not from %s', async (_, headers) => {
  const { cookie } = await server.signIn();
  for (const [method, path] of [
    ['POST', '/console/session'],
    ['DELETE', '/console/session'],
    ['POST', '/console/api/v1/keys'],
    ['POST', '/console/api/preview'],
  ] as const) {
    const answer = await server.ask(method, path, { key: KEY, name: 'x' }, { cookie, ...headers });
    expect(answer.status, path).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
  // The session has come to no harm.
  expect((await server.ask('GET', VOICES, undefined, { cookie })).status).toBe(200);
});

test('it ends when nobody does anything for half an hour, whatever the page asks by itself', async () => {
  const { cookie } = await server.signIn();
  const ask = async (manner = '1'): Promise<number> =>
    (await server.ask('GET', VOICES, undefined, { cookie, 'x-saypin-console': manner })).status;
  server.clock.advance(IDLE_MS - 1_000);
  expect(await ask()).toBe(200);
  server.clock.advance(IDLE_MS - 1_000);
  expect(await ask('poll')).toBe(200);
  server.clock.advance(1_000);
  expect(await ask()).toBe(401);
});

test('it ends after twelve hours, however busy', async () => {
  const { cookie } = await server.signIn();
  for (let passed = 0; passed < LONGEST_MS; passed += IDLE_MS / 2) {
    expect((await server.ask('GET', VOICES, undefined, { cookie })).status).toBe(200);
    server.clock.advance(IDLE_MS / 2);
  }
  expect((await server.ask('GET', VOICES, undefined, { cookie })).status).toBe(401);
});

test('signing out ends it on the server, and signing in anew ends the one before', async () => {
  const first = await server.signIn();
  const again = await server.ask('POST', '/console/session', { key: KEY }, first);
  expect(again.status).toBe(201);
  expect((await server.ask('GET', VOICES, undefined, first)).status).toBe(401);
  const cookie = String(again.headers['set-cookie']).split(';', 1)[0] ?? '';
  const out = await server.ask('DELETE', '/console/session', undefined, { cookie });
  expect(out.status).toBe(204);
  expect(out.headers['set-cookie']).toContain('Max-Age=0');
  expect((await server.ask('GET', VOICES, undefined, { cookie })).status).toBe(401);
});

test('a revoked key ends its sessions at once', async () => {
  const { id, key } = await server.makeKey(['2fa:manage']);
  const session = await server.signIn(key);
  expect((await server.ask('GET', VOICES, undefined, session)).status).toBe(200);
  await server.api.call('DELETE', `/v1/keys/${id}`);
  expect((await server.ask('GET', VOICES, undefined, session)).status).toBe(401);
});

test('wrong keys are limited by address, right ones are not counted', async () => {
  for (let count = 0; count < FAILURES.requests + 5; count++) await server.signIn();
  for (let count = 0; count < FAILURES.requests; count++)
    expect((await server.ask('POST', '/console/session', { key: 'wrong' })).status).toBe(401);
  const refused = await server.ask('POST', '/console/session', { key: KEY });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  server.clock.advance(FAILURES.windowMs);
  await server.signIn();
});

test.each([
  [{}],
  [{ key: '' }],
  [{ key: 'a b' }],
  [{ key: 'k', more: 1 }],
  [{ key: 'x'.repeat(201) }],
  [[]],
  ['text'],
])('a sign-in that is none is a 400: %j', async body => {
  expect((await server.ask('POST', '/console/session', body)).status).toBe(400);
});

test('neither key nor session reaches the log', async () => {
  const { cookie } = await server.signIn();
  await server.ask('POST', '/console/session', { key: 'wrong-key-to-be-looked-for' });
  await server.ask('GET', '/console/api/v1/keys', undefined, { cookie });
  expect(server.logged).toContain('console: signed in');
  for (const secret of [KEY, cookie.split('=')[1] ?? '', 'wrong-key-to-be-looked-for'])
    expect(server.logged).not.toContain(secret);
});

test('the pages carry a policy without any inline exception, and other pages cannot frame them', async () => {
  const { headers } = await server.ask('GET', '/console');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toMatch(/https?:/);
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect((await server.ask('GET', '/console/web/../sessions.ts')).text).not.toContain('createSessions');
  expect((await server.ask('GET', '/console/web/tsconfig.json')).status).toBe(404);
});

test('each style sheet is one of the page', async () => {
  const { text } = await server.ask('GET', '/console');
  const linked = [...text.matchAll(/"stylesheet" href="\/console\/web\/([\w-]+\.css)"/g)].map(
    ([, name]) => name,
  );
  const there = readdirSync(new URL('../../../src/api/console/web', import.meta.url));
  expect(new Set(linked)).toEqual(new Set(there.filter(name => name.endsWith('.css'))));
});
