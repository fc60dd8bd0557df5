import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createApiKeyAuthenticator, firstOf, hashApiKey } from '../../src/api/auth.ts';
import { ApiServer, KEYS, type Ids } from '../support/api-server.ts';

let server: ApiServer;
let ids: Ids;
let pinId: string;
beforeAll(async () => {
  server = await ApiServer.start();
  ids = await server.prepare();
  pinId = await server.send(ids);
});
afterAll(async () => await server.close());

describe('Authorization (infobip-api.md 1.1)', () => {
  it.each([
    ['the documented form', `App ${KEYS.all}`, 200],
    ['another case of the scheme', `app ${KEYS.all}`, 200],
    ['and another', `APP ${KEYS.all}`, 200],
    ['two spaces and one behind', `App  ${KEYS.all} `, 200],
    ['no header', '', 401],
    ['the scheme alone', 'App', 401],
    ['the scheme and a space', 'App ', 401],
    ['the key alone', KEYS.all, 401],
    ['another key', `App ${KEYS.all.replace('a', 'b')}`, 401],
    ['a part of the key', `App ${KEYS.all.slice(0, -1)}`, 401],
    ['more than the key', `App ${KEYS.all}0`, 401],
    ['the key in capitals', `App ${KEYS.all.toUpperCase()}`, 401],
    ['the hash of the key', `App ${hashApiKey(KEYS.all)}`, 401],
    ['two keys', `App ${KEYS.all} ${KEYS.all}`, 401],
    ['the key as bearer', `Bearer ${KEYS.all}`, 401],
    ['the key as basic', `Basic ${Buffer.from(`u:${KEYS.all}`).toString('base64')}`, 401],
    ['the key as session', `IBSSO ${KEYS.all}`, 401],
  ])('%s', async (_what, authorization, status) => {
    const answer = await server.call('GET', '/2fa/2/applications', undefined, { authorization });
    expect(answer.status).toBe(status);
    if (status !== 401) return;
    expect(answer.body).toStrictEqual({
      requestError: { serviceException: { messageId: 'UNAUTHORIZED', text: 'Invalid login details' } },
    });
    expect(answer.headers['www-authenticate']).toBe('App');
  });

  it('comes before the body: a stranger learns nothing of what is wrong with it', async () => {
    const answer = await server.call('POST', '/2fa/2/applications', '{"broken', { authorization: 'App x' });
    expect(answer.status).toBe(401);
  });

  it('leaves no key in the log', () => {
    for (const key of Object.values(KEYS)) expect(server.logged()).not.toContain(key);
    expect(server.logged()).toContain('"client":"all"');
  });
});

describe('scopes', () => {
  const manage = ['all', 'manage'];
  const send = ['all', 'manage', 'phones'];
  const app = '/2fa/2/applications/:app';
  it.each([
    ['GET', '/2fa/2/applications', manage],
    ['POST', '/2fa/2/applications', manage],
    ['GET', app, manage],
    ['PUT', app, manage],
    ['GET', `${app}/messages`, manage],
    ['POST', `${app}/messages`, manage],
    ['GET', `${app}/messages/:msg`, manage],
    ['PUT', `${app}/messages/:msg`, manage],
    ['GET', `${app}/verifications`, send],
    ['POST', '/2fa/2/pin/voice', send],
    ['POST', '/2fa/2/pin/:pin/resend/voice', send],
    ['POST', '/2fa/2/pin/:pin/verify', send],
  ] as const)('%s %s is for %s', async (method, template, allowed) => {
    const url = template
      .replace(':app', ids.applicationId)
      .replace(':msg', ids.messageId)
      .replace(':pin', pinId);
    for (const [name, key] of Object.entries(KEYS)) {
      const body = method === 'GET' ? undefined : '[]';
      const answer = await server.call(method, url, body, { authorization: `App ${key}` });
      if (allowed.includes(name)) expect([200, 400]).toContain(answer.status);
      else {
        expect(answer.status).toBe(403);
        expect(answer.body).toStrictEqual({
          requestError: { serviceException: { messageId: 'FORBIDDEN', text: 'Forbidden' } },
        });
      }
    }
  });
});

describe('authenticators', () => {
  it('refuses a configured hash that is none', () => {
    expect(() => createApiKeyAuthenticator({ keys: [{ name: 'ci', hash: KEYS.all }] })).toThrow(/ci: hash/);
  });

  it('are tried in turn', async () => {
    const one = createApiKeyAuthenticator({ keys: [{ name: 'one', hash: hashApiKey('1') }] });
    const two = createApiKeyAuthenticator({ keys: [{ name: 'two', hash: hashApiKey('2'), scopes: ['x'] }] });
    const both = firstOf([one, two]);
    expect(await both('App 1')).toStrictEqual({
      account: 'configured:one',
      name: 'one',
      scopes: undefined,
    });
    expect(await both('App 2')).toMatchObject({ name: 'two', scopes: new Set(['x']) });
    expect(await both('App 3')).toBeUndefined();
  });
});
