import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { hashApiKey } from '../../../src/api/auth.ts';
import type { KeyRecord } from '../../../src/store/auth-store.ts';
import { KEYS } from '../../support/api-server.ts';
import { settle } from '../../support/fake-clock.ts';
import { AuthServer, type KeyAnswer } from './rig.ts';

let server: AuthServer;
afterEach(async () => await server.close());

describe('keys of the store', () => {
  beforeEach(async () => {
    server = await AuthServer.start();
  });

  it('are shown once, in Infobip’s shape, and work at once', async () => {
    const made = await server.createKey('shop', ['2fa:manage']);
    expect(made).toStrictEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      name: 'shop',
      scopes: ['2fa:manage'],
      createdAt: '2026-01-01T00:00:00.000Z',
      lastUsedAt: null,
      revokedAt: null,
      key: expect.stringMatching(
        /^[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
      ) as string,
    });
    expect(await server.knock(`App ${made.key}`)).toBe(200);
    await settle();
    const list = await server.api.call('GET', '/v1/keys');
    const { key: _, ...rest } = made;
    expect(list.body).toStrictEqual({ keys: [{ ...rest, lastUsedAt: '2026-01-01T00:00:00.000Z' }] });
    expect(list.text).not.toContain(made.key);
    expect(server.logged()).not.toContain(made.key);
    expect(server.logged()).toContain('"client":"shop"');
  });

  it('may do everything but administration unless they are given scopes', async () => {
    const { key, scopes } = await server.createKey('shop');
    expect(scopes).toStrictEqual(['*']);
    expect(await server.knock(`App ${key}`)).toBe(200);
    for (const url of ['/v1/keys', '/v1/users'])
      expect((await server.call('GET', url, `App ${key}`)).status).toBe(403);
    const admin = await server.createKey('admin', ['keys:manage', 'keys:manage']);
    expect(admin.scopes).toStrictEqual(['keys:manage']);
    expect((await server.call('GET', '/v1/keys', `App ${admin.key}`)).status).toBe(200);
    expect(await server.knock(`App ${admin.key}`)).toBe(403);
  });

  it('stop working the moment their revocation is answered, and stay on the list', async () => {
    const { id, key } = await server.createKey('shop');
    expect(await server.knock(`App ${key}`)).toBe(200);
    server.api.clock.advance(5_000);
    const revoked = await server.api.call<KeyAnswer>('DELETE', `/v1/keys/${id}`);
    expect([revoked.status, revoked.body.revokedAt]).toStrictEqual([200, '2026-01-01T00:00:05.000Z']);
    expect(await server.knock(`App ${key}`)).toBe(401);
    server.api.clock.advance(5_000);
    expect((await server.api.call('DELETE', `/v1/keys/${id}`)).body).toStrictEqual(revoked.body);
    expect((await server.api.call('DELETE', '/v1/keys/none')).status).toBe(404);
    expect((await server.api.call('GET', '/v1/keys')).body).toStrictEqual({ keys: [revoked.body] });
  });

  it('let nothing in that came after, when 50 calls and the revocation run at once', async () => {
    const { id, key } = await server.createKey('shop');
    let over = false;
    const late: number[] = [];
    const calls = Array.from({ length: 50 }, async (_, index) => {
      for (let turn = 0; turn < index % 7; turn++) await new Promise(setImmediate);
      const began = over;
      const status = await server.knock(`App ${key}`);
      if (began) late.push(status);
      return status;
    });
    const revocations = [1, 2, 3].map(async () => {
      const answer = await server.api.call('DELETE', `/v1/keys/${id}`);
      over = true;
      return [answer.status, answer.body['revokedAt']];
    });
    expect(await Promise.all(revocations)).toStrictEqual(
      [1, 2, 3].map(() => [200, '2026-01-01T00:00:00.000Z']),
    );
    for (let more = 0; more < 20; more++) calls.push(server.knock(`App ${key}`).then(s => (late.push(s), s)));
    for (const status of await Promise.all(calls)) expect([200, 401]).toContain(status);
    expect(late.length).toBeGreaterThanOrEqual(20);
    expect(new Set(late)).toStrictEqual(new Set([401]));
  });

  it.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: ' ' }, 'name'],
    ['a scope that is none', { name: 'x', scopes: ['2fa:pin:snd'] }, 'scopes[0]'],
    ['no scope at all', { name: 'x', scopes: [] }, 'scopes'],
    ['a misspelt field', { name: 'x', scope: ['2fa:manage'] }, 'body'],
  ])('are not made of %s', async (_what, body, field) => {
    const answer = await server.api.call('POST', '/v1/keys', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      requestError: { serviceException: { validationErrors: { [field]: [expect.any(String)] } } },
    });
    expect((await server.api.call('GET', '/v1/keys')).body).toStrictEqual({ keys: [] });
  });

  it('note their use, coarsely', async () => {
    const { id, key } = await server.createKey('shop');
    const used = async (): Promise<string | null> => {
      await settle();
      const { body } = await server.api.call<{ keys: KeyAnswer[] }>('GET', '/v1/keys');
      return body.keys.find(other => other.id === id)!.lastUsedAt;
    };
    expect(await used()).toBeNull();
    await server.knock(`App ${key}`);
    expect(await used()).toBe('2026-01-01T00:00:00.000Z');
    server.api.clock.advance(59_000);
    await server.knock(`App ${key}`);
    expect(await used()).toBe('2026-01-01T00:00:00.000Z');
    server.api.clock.advance(2_000);
    await server.knock(`App ${key}`);
    expect(await used()).toBe('2026-01-01T00:01:01.000Z');
  });
});

describe('what is remembered of a key', () => {
  it('spares the store, for two seconds', async () => {
    let asked = 0;
    server = await AuthServer.start({
      store: store => ({
        findKey: hash => {
          asked++;
          return store.findKey(hash);
        },
      }),
    });
    const { id, key } = await server.createKey('shop');
    for (let call = 0; call < 5; call++) await server.knock(`App ${key}`);
    expect(asked).toBe(1);
    // Another process's word, which goes past this one's memory.
    await server.api.store.revokeKey(id);
    server.api.clock.advance(1_999);
    expect(await server.knock(`App ${key}`)).toBe(200);
    server.api.clock.advance(1);
    expect(await server.knock(`App ${key}`)).toBe(401);
  });

  it('is not an answer from before a revocation', async () => {
    const held: (() => void)[] = [];
    let hold = false;
    server = await AuthServer.start({
      store: store => ({
        async findKey(hash): Promise<KeyRecord | undefined> {
          const found = await store.findKey(hash);
          if (hold) await new Promise<void>(resolve => held.push(resolve));
          return found;
        },
      }),
    });
    const { id, key } = await server.createKey('shop');
    hold = true;
    const early = server.knock(`App ${key}`);
    while (held.length === 0) await new Promise(setImmediate);
    hold = false;
    await server.api.call('DELETE', `/v1/keys/${id}`);
    held[0]!();
    expect(await early).toBe(200);
    expect(await server.knock(`App ${key}`)).toBe(401);
  });

  it('is not asked for the built-in key', async () => {
    server = await AuthServer.start({
      store: () => ({ findKey: () => Promise.reject(new Error('asked')) }),
    });
    expect(await server.knock(`App ${KEYS.all}`)).toBe(200);
  });

  it('is nothing when the store is away: 503, nobody comes in', async () => {
    server = await AuthServer.start();
    const { key } = await server.createKey('shop');
    await server.api.store.close();
    expect(await server.knock(`App ${key}`)).toBe(503);
  });
});

describe('the store’s file', () => {
  it('holds no key, password or token, only what they hash to', async () => {
    server = await AuthServer.start();
    const made = await server.createKey('shop');
    await server.addUser('ann');
    const { token } = (await server.session('ann')).body;
    const { folder } = server.api;
    const files = readdirSync(folder);
    expect(files).toContain('saypin.db');
    const bytes = files.map(file => readFileSync(join(folder, file), 'latin1')).join();
    for (const secret of [made.key, token, 'correct horse']) expect(bytes).not.toContain(secret);
    expect(bytes).toContain(hashApiKey(made.key));
    expect(bytes).toContain(hashApiKey(token));
  });
});
