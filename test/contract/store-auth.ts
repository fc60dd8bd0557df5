import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { MAX_TOKENS, type NewKey, type NewToken } from '../../src/store/auth-store.ts';
import { times, type Current } from '../support/store-fixtures.ts';

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const newKey = (id: string, scopes: readonly string[] = ['*']): NewKey => ({
  id,
  hash: hashOf(id),
  name: `key ${id}`,
  scopes,
});
const newUser = (username: string) => ({ username, passwordHash: `hash of ${username}`, scopes: ['a', 'b'] });
const session = (secret: string, username: string, lifetimeMs = 60_000): NewToken => ({
  kind: 'session',
  hash: hashOf(secret),
  username,
  lifetimeMs,
});
const bearer = (secret: string, username: string, lifetimeMs = 60_000): NewToken => ({
  ...session(secret, username, lifetimeMs),
  kind: 'bearer',
});

export function authCases(current: Current): void {
  describe('API keys', () => {
    it('are found by their hash until they are revoked, and listed ever after', async () => {
      const { store } = current();
      const before = await store.now();
      const [one, two] = [await store.createKey(newKey('1', ['x', 'y'])), await store.createKey(newKey('2'))];
      expect(one).toEqual({
        id: '1',
        name: 'key 1',
        scopes: ['x', 'y'],
        createdAt: expect.any(Number) as number,
        lastUsedAt: undefined,
        revokedAt: undefined,
      });
      expect(one.createdAt).toBeGreaterThanOrEqual(before);
      expect(await store.findKey(hashOf('1'))).toEqual(one);
      expect(await store.findKey(hashOf('3'))).toBeUndefined();

      const revoked = await store.revokeKey('1');
      expect(revoked).toEqual({ ...one, revokedAt: expect.any(Number) as number });
      expect(await store.findKey(hashOf('1'))).toBeUndefined();
      expect(await store.findKey(hashOf('2'))).toEqual(two);
      expect(await store.listKeys()).toEqual([revoked, two]);
      expect(await store.revokeKey('3')).toBeUndefined();
    });

    it('are revoked once, however many do it', async () => {
      const harness = current();
      const { store } = harness;
      await store.createKey(newKey('1'));
      const first = await store.revokeKey('1');
      await harness.advance(1_000);
      expect(await Promise.all(times(20, () => store.revokeKey('1')))).toEqual(times(20, () => first));
    });

    it('remember when they were used', async () => {
      const harness = current();
      const { store } = harness;
      const { createdAt } = await store.createKey(newKey('1'));
      await harness.advance(1_000);
      await store.touchKey('1');
      const { lastUsedAt } = (await store.findKey(hashOf('1')))!;
      expect(lastUsedAt).toBeGreaterThanOrEqual(createdAt + 1_000);
      expect(lastUsedAt).toBeLessThanOrEqual(await store.now());
    });

    it('are still there, revoked or not, after the store was opened again', async () => {
      const harness = current();
      await harness.store.createKey(newKey('1'));
      await harness.store.createKey(newKey('2'));
      await harness.store.revokeKey('2');
      const before = await harness.store.listKeys();
      await harness.reopen();
      expect(await harness.store.listKeys()).toEqual(before);
      expect(await harness.store.findKey(hashOf('1'))).toEqual(before[0]);
      expect(await harness.store.findKey(hashOf('2'))).toBeUndefined();
    });
  });

  describe('users', () => {
    it('have one name each, whoever comes first', async () => {
      const { store } = current();
      const results = await Promise.all(
        times(10, index => store.createUser({ ...newUser('ann'), passwordHash: String(index) })),
      );
      expect(results.filter(result => result === 'taken')).toHaveLength(9);
      const made = results.findIndex(result => result !== 'taken');
      expect(await store.findUser('ann')).toEqual({
        username: 'ann',
        passwordHash: String(made),
        scopes: ['a', 'b'],
        createdAt: expect.any(Number) as number,
      });
    });

    it('are listed without their password, and go with their tokens', async () => {
      const { store } = current();
      const ann = await store.createUser(newUser('ann'));
      const bob = await store.createUser(newUser('bob'));
      expect(await store.listUsers()).toEqual([ann, bob]);
      expect(Object.keys((await store.listUsers())[0]!).toSorted()).toEqual([
        'createdAt',
        'scopes',
        'username',
      ]);
      await store.createToken(session('s', 'ann'));
      await store.createToken(bearer('b', 'bob'));
      expect(await store.removeUser('ann')).toEqual(ann);
      expect(await store.removeUser('ann')).toBeUndefined();
      expect(await store.findUser('ann')).toBeUndefined();
      expect(await store.useToken(session('s', 'ann'))).toBeUndefined();
      expect(await store.useToken(bearer('b', 'bob'))).toEqual(bob);
      await store.createUser(newUser('ann'));
      expect(await store.useToken(session('s', 'ann'))).toBeUndefined();
    });
  });

  describe('tokens', () => {
    it('name their user, each in its own kind', async () => {
      const { store } = current();
      const ann = await store.createUser(newUser('ann'));
      expect(await store.createToken(session('s', 'ann'))).toBe(true);
      expect(await store.createToken(session('s', 'nobody'))).toBe(false);
      expect(await store.useToken({ kind: 'session', hash: hashOf('s') })).toEqual(ann);
      expect(await store.useToken({ kind: 'bearer', hash: hashOf('s') })).toBeUndefined();
      expect(await store.useToken({ kind: 'session', hash: hashOf('t') })).toBeUndefined();
    });

    it('of a session last from their last use, others from their making', async () => {
      const harness = current();
      const { store } = harness;
      await store.createUser(newUser('ann'));
      await store.createToken(session('s', 'ann', 2_000));
      await store.createToken(bearer('b', 'ann', 2_000));
      for (let round = 0; round < 3; round++) {
        await harness.advance(1_200);
        expect(await store.useToken(session('s', 'ann')), `round ${round}`).toBeDefined();
        expect((await store.useToken(bearer('b', 'ann'))) !== undefined, `round ${round}`).toBe(round === 0);
      }
      await harness.advance(2_100);
      expect(await store.useToken(session('s', 'ann'))).toBeUndefined();
      expect(await store.endToken(session('s', 'ann'))).toBe(false);
      if (!harness.exactTime) return;
      await store.createToken(session('t', 'ann', 60_000));
      await harness.advance(59_999);
      expect(await store.useToken(session('t', 'ann'))).toBeDefined();
      await harness.advance(500);
      expect(await store.useToken(session('t', 'ann'))).toBeDefined();
      await harness.advance(60_000);
      expect(await store.useToken(session('t', 'ann'))).toBeDefined();
      await harness.advance(61_000);
      expect(await store.useToken(session('t', 'ann'))).toBeUndefined();
    });

    it('are ended once, and stay so under use', async () => {
      const harness = current();
      const { store } = harness;
      await store.createUser(newUser('ann'));
      await store.createToken(session('s', 'ann'));
      await harness.advance(500);
      const ends = await Promise.all([
        store.endToken(session('s', 'ann')),
        ...times(10, () => store.useToken(session('s', 'ann')).then(() => undefined)),
        store.endToken(session('s', 'ann')),
      ]);
      expect(ends.filter(end => end === true)).toHaveLength(1);
      expect(await store.useToken(session('s', 'ann'))).toBeUndefined();
      expect(await store.endToken(bearer('s', 'ann'))).toBe(false);
    });

    it('are as many as a user may have: the oldest goes', async () => {
      const { store } = current();
      await store.createUser(newUser('ann'));
      await store.createUser(newUser('bob'));
      await store.createToken(bearer('of bob', 'bob'));
      await store.createToken(session('a session', 'ann'));
      await Promise.all(times(MAX_TOKENS + 1, index => store.createToken(bearer(`b${index}`, 'ann'))));
      expect(await store.useToken(bearer('b0', 'ann'))).toBeUndefined();
      expect(await store.useToken(bearer('b1', 'ann'))).toBeDefined();
      expect(await store.useToken(bearer('of bob', 'bob'))).toBeDefined();
      expect(await store.useToken(session('a session', 'ann'))).toBeDefined();
    });

    it('outlive the store being opened again, and are swept when they are over', async () => {
      const harness = current();
      await harness.store.createUser(newUser('ann'));
      await harness.store.createToken(session('s', 'ann'));
      await harness.store.createToken(bearer('b', 'ann', 1_000));
      await harness.reopen();
      expect(await harness.store.useToken(session('s', 'ann'))).toBeDefined();
      await harness.advance(1_100);
      expect((await harness.store.sweep({ retentionMs: 86_400_000 })).rowsDeleted).toBe(1);
      expect(await harness.store.useToken(session('s', 'ann'))).toBeDefined();
    });
  });
}
