import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KEYS } from '../support/api-server.ts';
import { apiKeyFor } from '../../src/cli/connect.ts';
import { freePort } from '../support/service.ts';
import { basic, client, PASSWORD, type AuthServer, type KeyAnswer } from '../api/auth/rig.ts';
import { listening, saypin, type Ended } from './rig.ts';

let server: AuthServer;
let environment: Record<string, string>;
beforeAll(async () => {
  ({ server, environment } = await listening());
  environment['API_KEY'] = KEYS.all;
});
afterAll(async () => await server.close());

const ask = async (argv: readonly string[], input = ''): Promise<Ended> =>
  await saypin(argv, environment, input);

describe('saypin keys', () => {
  it('makes a key that works, prints it alone, and revokes it at once', async () => {
    const made = await ask(['keys', 'create', '--name', 'web shop', '--scope', '2fa:manage']);
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^[0-9a-f]{32}-[0-9a-f-]{36}\n$/);
    expect(made.error).toMatch(/^Made "web shop", id [0-9a-f]{16}, scopes 2fa:manage\. .*once\.\n$/);
    const key = made.out.trim();
    const id = /id (\w+)/.exec(made.error)![1]!;
    expect(await server.knock(`App ${key}`)).toBe(200);

    const list = await ask(['keys', 'list']);
    expect(list.out).toMatch(/^ID +NAME +SCOPES +MADE +LAST USED +REVOKED\n/);
    expect(list.out).toContain(`${id}  web shop  2fa:manage  2026-01-01 00:00Z`);
    expect(list.out + list.error).not.toContain(key);

    expect(await ask(['keys', 'revoke', id])).toStrictEqual({
      code: 0,
      out: '',
      error: `Revoked "web shop", id ${id}.\n`,
    });
    expect(await server.knock(`App ${key}`)).toBe(401);
    expect((await ask(['keys', 'list'])).out).toMatch(/ 2026-01-01 00:00Z\n$/);
  });

  it('speaks JSON where asked', async () => {
    const made = await ask([
      'keys',
      'create',
      '--json',
      '--name',
      'ci',
      '--scope',
      'sms:manage',
      '--scope',
      '2fa:manage',
    ]);
    expect(made.error).toBe('');
    const { key, ...rest } = JSON.parse(made.out) as KeyAnswer;
    expect(rest).toMatchObject({ name: 'ci', scopes: ['sms:manage', '2fa:manage'], revokedAt: null });
    expect(await server.knock(`App ${key}`)).toBe(200);
    const { keys } = JSON.parse((await ask(['keys', 'list', '--json'])).out) as { keys: KeyAnswer[] };
    expect(keys.find(({ id }) => id === rest.id)).toMatchObject({ name: 'ci' });
    const revoked = await ask(['keys', 'revoke', rest.id, '--json']);
    expect(JSON.parse(revoked.out)).toMatchObject({ id: rest.id, revokedAt: '2026-01-01T00:00:00.000Z' });
  });

  it('lets no name steer the terminal', async () => {
    await server.createKey('\u001b[2Jfree \u202Ekey');
    const { out } = await ask(['keys', 'list']);
    expect(out).toContain('?[2Jfree ?key');
    expect(out).not.toContain('\u001b');
  });
});

describe('saypin users', () => {
  it('adds a user with a password of its input, who can use every scheme, and removes them', async () => {
    const added = await ask(['users', 'add', 'shop'], `${PASSWORD}\nmore\n`);
    expect(added).toStrictEqual({ code: 0, out: '', error: 'Added "shop", scopes *.\n' });
    expect(await server.knock(basic('shop'))).toBe(200);
    expect((await server.session('shop')).status).toBe(200);
    expect((await server.token(client('shop'))).status).toBe(200);
    expect((await ask(['users', 'list'])).out).toBe(
      'USERNAME  SCOPES  MADE\nshop      *       2026-01-01 00:00Z\n',
    );
    expect(await ask(['users', 'remove', 'shop'])).toMatchObject({ code: 0, error: 'Removed "shop".\n' });
    expect(await server.knock(basic('shop'))).toBe(401);
  });

  it('makes a password where asked', async () => {
    const added = await ask(['users', 'add', 'made', '--generate-password', '--scope', '2fa:pin:send']);
    expect(added.out).toMatch(/^[\w-]{32}\n$/);
    expect(added.error).toBe('Added "made", scopes 2fa:pin:send. The password is shown this once.\n');
    expect(await server.knock(basic('made', added.out.trim()))).toBe(403);
    const json = await ask(['users', 'add', 'other', '--generate-password', '--json']);
    const { password } = JSON.parse(json.out) as { password: string };
    expect(await server.knock(basic('other', password))).toBe(200);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['nothing to do it with', ['keys', 'create'], 2, /needs --name/],
    ['an unknown command', ['keys', 'delete', 'x'], 2, /no command "keys delete"; see saypin --help/],
    ['an unknown group', ['sessions'], 2, /no command "sessions"/],
    ['an unknown option', ['keys', 'list', '--all'], 2, /--all/],
    ['an option of another command', ['keys', 'list', '--name', 'x'], 2, /"keys list" takes no --name/],
    ['no id', ['keys', 'revoke'], 2, /needs one id/],
    ['two ids', ['keys', 'revoke', 'a', 'b'], 2, /needs one id/],
    ['too much', ['keys', 'list', 'all'], 2, /takes nothing more/],
    [
      'an unknown scope',
      ['keys', 'create', '--name', 'x', '--scope', '2fa'],
      2,
      /no such scope; .*2fa:pin:send/,
    ],
    ['an empty name', ['keys', 'create', '--name', ''], 2, /the name must not be blank/],
    ['no URL', ['keys', 'list', '--url', 'shop'], 2, /--url must be/],
    ['a URL with a password', ['keys', 'list', '--url', 'http://a:b@127.0.0.1'], 2, /no name and password/],
    ['an unknown key', ['keys', 'revoke', 'a/../b'], 3, /no key "a\/\.\.\/b"; see saypin keys list/],
    ['an unknown user', ['users', 'remove', 'nobody'], 3, /no user "nobody"; see saypin users list/],
    ['a short password', ['users', 'add', 'x'], 2, /the password must have at least 12 characters/],
    ['a bad name', ['users', 'add', 'a:b', '--generate-password'], 2, /the username must have 1 to 64/],
  ] as const)('%s', async (_what, argv, code, message) => {
    const ended = await ask(argv);
    expect([ended.code, ended.out]).toStrictEqual([code, '']);
    expect(ended.error).toMatch(message);
    expect(ended.error).toMatch(/^saypin: [^\n]+\n$/);
  });

  it('nobody there', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const ended = await ask(['keys', 'list', '--url', `${url}/`]);
    expect(ended).toStrictEqual({ code: 4, out: '', error: `saypin: nothing listens at ${url}\n` });
  });

  it('a name that is taken', async () => {
    await server.addUser('taken');
    const ended = await ask(['users', 'add', 'taken'], `${PASSWORD}\n`);
    expect([ended.code, ended.error]).toStrictEqual([2, 'saypin: the username is taken\n']);
  });

  it('a key that is not known, or may not do this', async () => {
    const { key } = await server.createKey('shop');
    const unknown = await saypin(['keys', 'list'], { ...environment, API_KEY: 'unknown-key-0123456789' });
    expect([unknown.code, unknown.error]).toMatchObject([5, expect.stringContaining('API_KEY')]);
    const poor = await saypin(['keys', 'list'], { ...environment, API_KEY: key });
    expect([poor.code, poor.error]).toMatchObject([5, expect.stringContaining('keys:manage')]);
    expect(unknown.error + poor.error).not.toMatch(new RegExp(`unknown-key|${key}`));
  });

  it('help is asked for, or needed', async () => {
    for (const argv of [['--help'], ['keys', '-h'], ['help'], []]) {
      const ended = await ask(argv);
      expect([ended.code, ended.error]).toStrictEqual([0, '']);
      expect(ended.out).toContain('saypin keys create --name');
    }
  });

  it('every command has a help of its own, with the exit codes', async () => {
    const { out } = await ask(['help']);
    const commands = new Set([...out.matchAll(/^ {2}saypin (\w+)/gm)].map(match => match[1]!));
    expect(commands.size).toBe(11);
    for (const command of commands) {
      const help = await ask([command, '--help']);
      expect([help.code, help.error]).toStrictEqual([0, '']);
      expect(help.out).toContain(`saypin ${command}`);
      expect(help.out).toMatch(/Ends with 0 when it is done, .*\n.*\n6 when a PIN is not verified/);
    }
    expect((await ask(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('the key of the service', () => {
  it('is read from its folder, where API_KEY is not set', async () => {
    const { API_KEY: _, ...rest } = environment;
    const missing = await saypin(['keys', 'list'], rest);
    expect([missing.code, missing.error]).toMatchObject([5, expect.stringContaining('api-key')]);
    writeFileSync(join(environment['DATA_DIR']!, 'api-key'), `${KEYS.all}\n`);
    expect((await saypin(['keys', 'list'], rest)).code).toBe(0);
  });

  describe('goes to nobody else', () => {
    const heard: IncomingMessage[] = [];
    let other: Server;
    let url: string;
    let answer: { status: number; headers: Record<string, string>; body: string };
    beforeAll(async () => {
      other = createServer((request, response) => {
        heard.push(request);
        const isHealth = request.url === '/health/live' && answer.status === 302;
        response.writeHead(isHealth ? 200 : answer.status, answer.headers);
        response.end(isHealth ? '{"status":"live"}' : answer.body);
      });
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      other.close();
      other.closeAllConnections();
      await once(other, 'close').catch(() => undefined);
    });

    it('not to something else at that port', async () => {
      answer = { status: 200, headers: {}, body: '<html>' };
      const ended = await saypin(['keys', 'list', '--url', url], environment);
      expect([ended.code, ended.error]).toMatchObject([
        4,
        expect.stringContaining('not this version of Saypin'),
      ]);
      expect(heard.map(request => request.headers.authorization)).toStrictEqual([undefined]);
    });

    it('not to where a redirect points', async () => {
      heard.length = 0;
      answer = { status: 302, headers: { location: `${url}/elsewhere` }, body: '' };
      const ended = await saypin(['keys', 'list', '--url', url], environment);
      expect(ended.code).toBe(4);
      expect(heard.map(request => request.url)).toStrictEqual(['/health/live', '/v1/keys']);
    });
  });

  it.each([
    ['http://127.0.0.1:8080', {}, true],
    ['http://localhost:9999', {}, true],
    ['https://[::1]', {}, true],
    ['http://192.0.2.1:8080', { HOST: '192.0.2.1' }, true],
    ['http://192.0.2.1:8080', {}, false],
    ['https://127.0.0.1.example.com', {}, false],
    ['https://pins.example.com', { HOST: '0.0.0.0' }, false],
  ])('and its file to %s with %j: %s', (url, more, goes) => {
    const key = () => apiKeyFor(url, environment['DATA_DIR']!, more);
    if (goes) expect(key()).toBe(KEYS.all);
    else expect(key).toThrow(`set API_KEY to a key of ${url}`);
  });
});
