import { afterAll, beforeAll, expect, test } from 'vitest';

import { ConsoleServer } from './rig.ts';

let server: ConsoleServer;
let session: { cookie: string };
beforeAll(async () => {
  server = await ConsoleServer.start();
  session = await server.signIn();
});
afterAll(async () => {
  await server.close();
});

test('a request goes to the public route with the key of the session, and its answer comes back as it is', async () => {
  const made = await server.ask(
    'POST',
    '/console/api/2fa/2/applications',
    { name: 'through the console' },
    session,
  );
  expect(made.status).toBe(200);
  const { applicationId } = made.json<{ applicationId: string }>();
  const direct = await server.api.call('GET', `/2fa/2/applications/${applicationId}`);
  expect(made.json()).toEqual(direct.body);
  const wrong = await server.ask('POST', '/console/api/2fa/2/applications', { name: '' }, session);
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain('validationErrors');
  const gone = await server.ask('DELETE', '/console/api/v1/keys/nobody', undefined, session);
  expect(gone.status).toBe(404);
});

test('its scopes are those of the key', async () => {
  const { key } = await server.makeKey(['2fa:pin:send']);
  const phones = await server.signIn(key);
  expect((await server.ask('GET', '/console/api/v1/verifications', undefined, phones)).status).toBe(200);
  expect((await server.ask('GET', '/console/api/2fa/2/applications', undefined, phones)).status).toBe(403);
  expect((await server.ask('GET', '/console/api/v1/keys', undefined, phones)).status).toBe(403);
  expect((await server.ask('GET', '/console/api/activity', undefined, phones)).status).toBe(200);
  const { key: reports } = await server.makeKey(['voice-reports:read']);
  const reader = await server.signIn(reports);
  for (const path of ['activity', 'carriers', 'counters', 'live', 'reports/verifications.csv'])
    expect((await server.ask('GET', `/console/api/${path}`, undefined, reader)).status, path).toBe(403);
});

test.each([
  '/metrics',
  '/docs/json',
  '/health/ready',
  '/auth/1/session',
  '/console/session',
  '/carrier-webhooks/acme/status',
  '/media/acme/token',
  '/v1/../metrics',
  '/v1/%2e%2e/metrics',
  '/v1/..%2f..%2fmetrics',
  '//evil.example/v1/keys',
  '/v1',
  '/V1/keys',
])('nothing but the public API is behind it: %s', async path => {
  const answer = await server.ask('GET', `/console/api${path}`, undefined, session);
  expect(answer.status).toBe(404);
  expect(answer.text).not.toContain('saypin_');
});

test('a header of the browser is no credential, and does not replace the session’s', async () => {
  const { key } = await server.makeKey(['2fa:pin:send']);
  const phones = await server.signIn(key);
  const authorization = `App ${(await server.makeKey(['*', 'keys:manage'])).key}`;
  const answer = await server.ask('GET', '/console/api/v1/keys', undefined, { ...phones, authorization });
  expect(answer.status).toBe(403);
  expect((await server.ask('GET', '/console/api/v1/keys', undefined, { authorization })).status).toBe(401);
});

test('what may be missing is no error where the page says so', async () => {
  const path = '/console/api/2fa/2/applications/nobody';
  expect((await server.ask('GET', path, undefined, session)).status).toBe(404);
  const optional = await server.ask('GET', path, undefined, { ...session, 'x-saypin-console': 'optional' });
  expect(optional.status).toBe(204);
});
