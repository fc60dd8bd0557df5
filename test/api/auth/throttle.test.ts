import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLogin, type Login } from '../../../src/api/auth/login.ts';
import type { Passwords } from '../../../src/api/auth/passwords.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { ServiceError } from '../../../src/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AuthServer, basic, client, PASSWORD, TOO_MANY } from './rig.ts';

const WINDOW_MS = 300_000;

/** Passwords that are their own hashes, and count how often they are compared; `hold` keeps comparisons waiting. */
class CountedPasswords implements Passwords {
  compared: string[] = [];
  hold: Promise<void> | undefined;

  async hash(password: string): Promise<string> {
    return password;
  }

  async verify(password: string, hash: string | undefined): Promise<boolean> {
    this.compared.push(password);
    await this.hold;
    return password === hash;
  }
}

describe('guessing', () => {
  let clock: FakeClock;
  let passwords: CountedPasswords;
  let login: Login;
  beforeEach(() => {
    clock = new FakeClock();
    passwords = new CountedPasswords();
    const users = ['ann', 'bob', ...Array.from({ length: 60 }, (_, index) => `user${index}`)];
    login = createLogin({
      store: {
        findUser: async username =>
          users.includes(username)
            ? { username, passwordHash: `right ${username}`, scopes: ['*'], createdAt: 1 }
            : undefined,
      },
      passwords,
      clock,
      random: systemRandom,
    });
  });

  /** How many of these tries came to nothing, were refused, or were right. */
  async function tally(tries: { username?: string; password: string; address?: string }[]) {
    const counts = { wrong: 0, limited: 0, right: 0 };
    await Promise.all(
      tries.map(async ({ username = 'ann', password, address = '203.0.113.1' }) => {
        try {
          const user = await login({ username, password, address });
          counts[user ? 'right' : 'wrong']++;
        } catch (error) {
          if (!(error instanceof ServiceError) || error.id !== 'tooManyRequests') throw error;
          counts.limited++;
        }
      }),
    );
    return counts;
  }
  const guesses = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ password: `guess ${from + index}` }));

  it('gets ten tries in five minutes, however many run at once', async () => {
    expect(await tally(guesses(50))).toStrictEqual({ wrong: 10, limited: 40, right: 0 });
    expect(passwords.compared).toHaveLength(10);
    clock.advance(WINDOW_MS - 1);
    expect(await tally(guesses(5, 50))).toStrictEqual({ wrong: 0, limited: 5, right: 0 });
    clock.advance(1);
    expect(await tally(guesses(11, 60))).toStrictEqual({ wrong: 10, limited: 1, right: 0 });
  });

  it('is refused alike for a user that does not exist, and pays the same comparison', async () => {
    const nobody = guesses(50).map(guess => ({ ...guess, username: 'nobody' }));
    expect(await tally(nobody)).toStrictEqual({ wrong: 10, limited: 40, right: 0 });
    expect(passwords.compared).toHaveLength(10);
  });

  it('learns nothing by being right once its tries are used up', async () => {
    await tally(guesses(10));
    const right = { username: 'ann', password: 'right ann', address: '198.51.100.7' };
    await expect(login(right)).rejects.toMatchObject({ id: 'tooManyRequests', retryAfterMs: WINDOW_MS });
    expect(passwords.compared).toHaveLength(10);
    clock.advance(WINDOW_MS);
    expect(await login(right)).toMatchObject({ username: 'ann' });
  });

  it('does not lock out who was let in before', async () => {
    const right = { username: 'ann', password: 'right ann', address: '198.51.100.7' };
    await login(right);
    await tally(guesses(20));
    expect(await login(right)).toMatchObject({ username: 'ann' });
    expect(passwords.compared.filter(password => password === 'right ann')).toHaveLength(1);
    // Known for a quarter of an hour after its last use.
    for (let use = 0; use < 3; use++) {
      clock.advance(900_000 - 1);
      await login(right);
    }
    expect(passwords.compared.filter(password => password === 'right ann')).toHaveLength(1);
    clock.advance(900_000);
    await login(right);
    expect(passwords.compared.filter(password => password === 'right ann')).toHaveLength(2);
  });

  it('gets fifty tries from one address over all users, and an IPv6 network is one', async () => {
    const spread = (address: (index: number) => string, from: number) =>
      Array.from({ length: 60 }, (_, index) => ({
        username: `user ${from + index}`,
        password: 'guess',
        address: address(index),
      }));
    expect(await tally(spread(() => '203.0.113.1', 0))).toStrictEqual({ wrong: 50, limited: 10, right: 0 });
    expect(await tally(spread(() => '::ffff:203.0.113.1', 100))).toMatchObject({ limited: 60 });
    expect(await tally(spread(() => '203.0.113.2', 200))).toMatchObject({ wrong: 50 });
    const inNetwork = spread(index => `2001:db8:1:2:${index.toString(16)}::1`, 300);
    expect(await tally(inNetwork)).toStrictEqual({ wrong: 50, limited: 10, right: 0 });
    expect(await tally(spread(index => `2001:db8:${index.toString(16)}::1`, 400))).toMatchObject({
      wrong: 60,
    });
  });

  it('is what is counted: right passwords are not', async () => {
    const right = Array.from({ length: 60 }, (_, index) => ({
      username: `user${index}`,
      password: `right user${index}`,
    }));
    for (const one of right) expect(await tally([one])).toMatchObject({ right: 1 });
    expect(passwords.compared).toHaveLength(60);
  });

  it('of one user, once refused, costs its address nothing more', async () => {
    await tally(guesses(200));
    expect(await tally([{ username: 'bob', password: 'right bob' }])).toMatchObject({ right: 1 });
  });

  it('and fifty clients that start with one password at once are compared once', async () => {
    const same = Array.from({ length: 50 }, () => ({ password: 'right ann' }));
    expect(await tally(same)).toStrictEqual({ wrong: 0, limited: 0, right: 50 });
    expect(passwords.compared).toHaveLength(1);
  });
});

describe('over HTTP', () => {
  let server: AuthServer;
  beforeEach(async () => {
    server = await AuthServer.start();
    await server.addUser('ann');
  });
  afterEach(async () => await server.close());

  it('all three ways to try a password share their count, and 429 says how long to wait', async () => {
    for (let round = 0; round < 4; round++) {
      expect(await server.knock(basic('ann', `guess ${round}`))).toBe(401);
      expect((await server.session('ann', `guess ${round + 10}`)).status).toBe(401);
      if (round < 2) expect((await server.token(client('ann', `guess ${round + 20}`))).status).toBe(401);
    }
    server.api.clock.advance(60_500);
    for (const answer of [
      await server.call('GET', '/2fa/2/applications', basic('ann')),
      await server.session('ann'),
      await server.token(client('ann')),
    ]) {
      expect([answer.status, answer.headers['retry-after'], answer.body]).toStrictEqual([
        429,
        '240',
        TOO_MANY,
      ]);
    }
    server.api.clock.advance(240_000);
    expect((await server.session('ann')).status).toBe(200);
  });

  it('keys and tokens are nobody’s to guess, and stay open', async () => {
    const { key } = await server.createKey('shop');
    const { token } = (await server.session('ann')).body;
    for (let round = 0; round < 20; round++) await server.knock(basic('ann', `guess ${round}`));
    expect(await server.knock(`App ${key}`)).toBe(200);
    expect(await server.knock(`IBSSO ${token}`)).toBe(200);
    expect(await server.knock(basic('ann', PASSWORD))).toBe(200);
  });
});
