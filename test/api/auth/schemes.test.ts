import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KEYS } from '../../support/api-server.ts';
import { AuthServer, basic, client, PASSWORD, UNAUTHORIZED } from './rig.ts';

const MINUTE = 60_000;
const NON_ASCII = 'Schlüssel für Zoë 🔑';

let server: AuthServer;
let stored: string;
let session: string;
let bearer: string;
beforeAll(async () => {
  server = await AuthServer.start();
  await server.addUser('ann');
  await server.addUser('zoe@shop.example', ['2fa:manage'], NON_ASCII);
  await server.addUser('phones', ['2fa:pin:send']);
  stored = (await server.createKey('shop')).key;
  session = (await server.session('ann')).body.token;
  bearer = (await server.token(client('ann'))).body.access_token;
});
afterAll(async () => await server.close());

/** Filled in when the test runs: tokens are made after the table. */
const fill = (header: string): string =>
  header.replace('<key>', stored).replace('<session>', session).replace('<bearer>', bearer);

describe('Authorization (infobip-api.md 1.1)', () => {
  it.each([
    ['App: the built-in key', `App ${KEYS.all}`],
    ['App: a key of the store', 'App <key>'],
    ['Basic', basic('ann')],
    ['Basic, in another case', basic('ann').replace('Basic', 'bASIC')],
    ['Basic, without padding', basic('ann').replace(/=+$/, '')],
    ['Basic, in UTF-8', basic('zoe@shop.example', NON_ASCII)],
    ['Basic, in decomposed Unicode', basic('zoe@shop.example', NON_ASCII.normalize('NFD'))],
    ['IBSSO', 'IBSSO <session>'],
    ['IBSSO, in another case', 'ibsso <session>'],
    ['Bearer', 'Bearer <bearer>'],
  ])('lets in %s', async (_what, header) => {
    const answer = await server.call('GET', '/2fa/2/applications', fill(header));
    expect([answer.status, answer.text]).toStrictEqual([200, '[]']);
  });

  it.each([
    ['no header', ''],
    ['an unknown scheme', 'Digest <key>'],
    ['App: an unknown key', `App ${'0'.repeat(32)}-00000000-0000-0000-0000-000000000000`],
    ['App: a session', 'App <session>'],
    ['App: a name and password', `App ann:${PASSWORD}`],
    ['Basic: a wrong password', basic('ann', 'wrong')],
    ['Basic: the password in capitals', basic('ann', PASSWORD.toUpperCase())],
    ['Basic: an unknown user', basic('bob')],
    ['Basic: the user in capitals', basic('ANN')],
    ['Basic: no password', basic('ann', '')],
    ['Basic: no name', basic('')],
    ['Basic: no colon', `Basic ${Buffer.from('ann').toString('base64')}`],
    ['Basic: not base64', `Basic ann:${PASSWORD}`],
    ['Basic: nothing', 'Basic '],
    ['Basic: a key as password', basic('ann', KEYS.all)],
    ['IBSSO: a key', 'IBSSO <key>'],
    ['IBSSO: a bearer token', 'IBSSO <bearer>'],
    ['IBSSO: part of a token', 'IBSSO <session>'.slice(0, -1)],
    ['IBSSO: undefined, as the SDK writes it', 'IBSSO undefined'],
    ['Bearer: a key', 'Bearer <key>'],
    ['Bearer: a session', 'Bearer <session>'],
    ['Bearer: more than the token', 'Bearer <bearer>x'],
    ['two sets of credentials', `App ${KEYS.all}, App ${KEYS.all}`],
  ])('keeps out %s, always with the same words', async (_what, header) => {
    const answer = await server.call('GET', '/2fa/2/applications', fill(header));
    expect(answer.status).toBe(401);
    expect(answer.body).toStrictEqual(UNAUTHORIZED);
    const { 'content-length': _length, date: _date, connection: _connection, ...headers } = answer.headers;
    expect(headers).toStrictEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'www-authenticate': 'App',
      'x-content-type-options': 'nosniff',
    });
  });

  it('gives users their scopes, however they come in', async () => {
    const ways = [
      basic('phones'),
      `IBSSO ${(await server.session('phones')).body.token}`,
      `Bearer ${(await server.token(client('phones'))).body.access_token}`,
    ];
    for (const way of ways) {
      expect(await server.knock(way)).toBe(403);
      expect((await server.call('POST', '/2fa/2/pin/voice', way, {})).status).toBe(400);
      expect((await server.call('GET', '/v1/keys', way)).status).toBe(403);
    }
    expect((await server.call('GET', '/v1/users', basic('ann'))).status).toBe(403);
  });

  it('leaves no secret in the log', () => {
    for (const secret of [PASSWORD, NON_ASCII, basic('ann').slice(6), stored, session, bearer])
      expect(server.logged()).not.toContain(secret);
    expect(server.logged()).toContain('"client":"ann"');
  });
});

describe('sessions', () => {
  it('are ended by their holder, once', async () => {
    const { token } = (await server.session('ann')).body;
    expect(await server.knock(`IBSSO ${token}`)).toBe(200);
    const ended = await server.call('DELETE', '/auth/1/session', `IBSSO ${token}`);
    expect([ended.status, ended.body]).toStrictEqual([200, {}]);
    expect(await server.knock(`IBSSO ${token}`)).toBe(401);
    expect((await server.call('DELETE', '/auth/1/session', `IBSSO ${token}`)).body).toStrictEqual(
      UNAUTHORIZED,
    );
    for (const other of [`App ${KEYS.all}`, basic('ann'), `Bearer ${bearer}`, ''])
      expect((await server.call('DELETE', '/auth/1/session', other)).status).toBe(401);
  });

  it('end an hour after their last use, and not before', async () => {
    const { token } = (await server.session('ann')).body;
    const header = `IBSSO ${token}`;
    server.api.clock.advance(60 * MINUTE - 1);
    expect(await server.knock(header)).toBe(200);
    for (let hour = 0; hour < 30; hour++) {
      server.api.clock.advance(60 * MINUTE - 1);
      expect(await server.knock(header)).toBe(200);
    }
    server.api.clock.advance(61 * MINUTE);
    expect(await server.knock(header)).toBe(401);
  });

  it('that nobody uses end after an hour', async () => {
    const { token } = (await server.session('ann')).body;
    server.api.clock.advance(60 * MINUTE);
    expect(await server.knock(`IBSSO ${token}`)).toBe(401);
  });

  it('are refused with a field to every 400', async () => {
    const answer = await server.call('POST', '/auth/1/session', '', { username: 'ann', unsafe: true });
    expect(answer.body).toMatchObject({
      requestError: { serviceException: { validationErrors: { password: ['must not be null'] } } },
    });
  });

  it('and tokens die with their user', async () => {
    await server.addUser('gone');
    const ways = [
      basic('gone'),
      `IBSSO ${(await server.session('gone')).body.token}`,
      `Bearer ${(await server.token(client('gone'))).body.access_token}`,
    ];
    for (const way of ways) expect(await server.knock(way)).toBe(200);
    expect((await server.api.call('DELETE', '/v1/users/gone')).body).toMatchObject({ username: 'gone' });
    for (const way of ways) expect(await server.knock(way)).toBe(401);
    expect((await server.api.call('DELETE', '/v1/users/gone')).status).toBe(404);
    // Another user of that name is another user.
    await server.addUser('gone', ['2fa:manage'], 'another password');
    for (const way of ways) expect(await server.knock(way)).toBe(401);
    expect(await server.knock(basic('gone', 'another password'))).toBe(200);
  });
});

describe('OAuth2 client credentials', () => {
  const TOKEN = {
    access_token: expect.stringMatching(/^[\w-]{43}$/) as string,
    expires_in: 3600,
    token_type: 'Bearer',
  };
  const query = `/auth/1/oauth2/token?${new URLSearchParams(client('ann')).toString()}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it.each([
    ['in the query with an empty JSON object, as JSON', query, '{}', { 'content-type': 'application/json' }],
    ['in the query with an empty JSON object, as a form', query, '{}', form],
    ['in the query with an empty form', query, '', form],
    ['in a form', '/auth/1/oauth2/token', new URLSearchParams(client('ann')).toString(), form],
    [
      'in a form with a charset',
      '/auth/1/oauth2/token',
      new URLSearchParams(client('ann')).toString(),
      { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    ],
    ['in a JSON body', '/auth/1/oauth2/token', JSON.stringify(client('ann')), {}],
    [
      'in a Basic header',
      '/auth/1/oauth2/token',
      'grant_type=client_credentials',
      { ...form, authorization: basic('ann') },
    ],
  ])('takes the client %s', async (_what, url, body, headers) => {
    const answer = await server.api.call<{ access_token: string }>('POST', url, body, {
      authorization: 'undefined',
      ...headers,
    });
    expect([answer.status, answer.body]).toStrictEqual([200, TOKEN]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await server.knock(`Bearer ${answer.body.access_token}`)).toBe(200);
  });

  it('takes a query and no body at all', async () => {
    const answer = await server.call('POST', query, '');
    expect([answer.status, answer.body]).toStrictEqual([200, TOKEN]);
  });

  it('gives tokens for exactly as long as it says, used or not', async () => {
    const header = `Bearer ${(await server.token(client('ann'))).body.access_token}`;
    server.api.clock.advance(59 * MINUTE);
    expect(await server.knock(header)).toBe(200);
    server.api.clock.advance(MINUTE - 1);
    expect(await server.knock(header)).toBe(200);
    server.api.clock.advance(1);
    expect(await server.knock(header)).toBe(401);
  });

  it.each([
    ['another grant', { ...client('ann'), grant_type: 'password' }, 400, 'grant_type'],
    ['no grant', { client_id: 'ann', client_secret: PASSWORD }, 400, 'grant_type'],
    ['no client', { grant_type: 'client_credentials' }, 400, 'client_id'],
    ['no secret', { client_id: 'ann', grant_type: 'client_credentials' }, 400, 'client_secret'],
    ['a wrong secret', client('ann', 'wrong'), 401, undefined],
    ['an unknown client', client('bob'), 401, undefined],
  ])('refuses %s', async (_what, fields, status, field) => {
    const answer = await server.token(fields);
    expect(answer.status).toBe(status);
    if (field === undefined) expect(answer.body).toStrictEqual(UNAUTHORIZED);
    else {
      expect(answer.body).toMatchObject({
        requestError: { serviceException: { validationErrors: { [field]: [expect.any(String)] } } },
      });
    }
  });

  it('refuses a field that comes twice', async () => {
    const body = `${new URLSearchParams(client('ann')).toString()}&client_id=bob`;
    const answer = await server.api.call('POST', '/auth/1/oauth2/token', body, {
      authorization: '',
      ...form,
    });
    expect(answer.body).toMatchObject({
      requestError: { serviceException: { validationErrors: { client_id: ['must be a string'] } } },
    });
  });

  it('leaves no secret of a query in the log', () => {
    expect(server.logged()).not.toContain('client_secret');
    expect(server.logged()).toContain('"route":"/auth/1/oauth2/token"');
  });
});

describe('users', () => {
  it.each([
    ['a name with a colon', { username: 'a:b', password: PASSWORD }, 'username'],
    ['an empty name', { username: '', password: PASSWORD }, 'username'],
    ['a name that is taken', { username: 'ann', password: PASSWORD }, 'username'],
    ['a short password', { username: 'new', password: 'short' }, 'password'],
    ['a scope that is none', { username: 'new', password: PASSWORD, scopes: ['all'] }, 'scopes[0]'],
  ])('are not made of %s', async (_what, body, field) => {
    const answer = await server.api.call('POST', '/v1/users', body);
    expect(answer.body).toMatchObject({
      requestError: { serviceException: { validationErrors: { [field]: [expect.any(String)] } } },
    });
    expect(answer.text).not.toContain(PASSWORD);
  });

  it('are listed without their passwords', async () => {
    const { body, text } = await server.api.call<{ users: object[] }>('GET', '/v1/users');
    expect(body.users[0]).toStrictEqual({
      username: 'ann',
      scopes: ['*'],
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    expect(text).not.toContain('scrypt');
  });
});
