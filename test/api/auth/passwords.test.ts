import { describe, expect, it } from 'vitest';

import { createPasswords } from '../../../src/api/auth/passwords.ts';
import { systemRandom } from '../../../src/domain/ids.ts';

const CHEAP = { logN: 4, r: 8, p: 1 };

describe('passwords', () => {
  it('are hashed each with a salt of its own, at the cost that OWASP asks for', async () => {
    const passwords = createPasswords({ random: systemRandom });
    const [one, two] = [await passwords.hash('secret'), await passwords.hash('secret')];
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify('secret', one)).toBe(true);
    expect(await passwords.verify('secret ', one)).toBe(false);
  });

  it('of an earlier cost are still known', async () => {
    const hash = await createPasswords({ random: systemRandom, cost: CHEAP }).hash('secret');
    const passwords = createPasswords({ random: systemRandom, cost: { logN: 5, r: 8, p: 1 } });
    expect(await passwords.verify('secret', hash)).toBe(true);
    expect(await passwords.verify('other', hash)).toBe(false);
  });

  it('are a test vector of RFC 7914 12', async () => {
    const salt = Buffer.from('NaCl').toString('base64').replace(/=+$/, '');
    const derived = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162',
      'hex',
    ).toString('base64');
    const passwords = createPasswords({ random: systemRandom, cost: CHEAP });
    const hash = `$scrypt$ln=10,r=8,p=16$${salt}$${derived.replace(/=+$/, '')}`;
    expect(await passwords.verify('password', hash)).toBe(true);
  });

  it('take as long for nobody as for somebody', async () => {
    const passwords = createPasswords({ random: systemRandom, cost: { logN: 12, r: 8, p: 1 } });
    const hash = await passwords.hash('secret');
    const time = async (hash: string | undefined): Promise<number> => {
      const begin = performance.now();
      expect(await passwords.verify('guess', hash)).toBe(false);
      return performance.now() - begin;
    };
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    for (let round = 0; round < 15; round++) {
      times.known.push(await time(hash));
      times.unknown.push(await time(undefined));
    }
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[7]!;
    expect(median(times.unknown) / median(times.known)).toBeGreaterThan(0.5);
    expect(median(times.unknown) / median(times.known)).toBeLessThan(2);
  });

  it('come in turn, and a flood of them is turned away', async () => {
    const passwords = createPasswords({ random: systemRandom, cost: CHEAP });
    const hash = await passwords.hash('secret');
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => passwords.verify('secret', hash)),
    );
    const refused = results.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
    expect(refused).toHaveLength(50 - 34);
    for (const error of refused) expect(error).toMatchObject({ id: 'tooManyRequests', retryAfterMs: 2_000 });
    expect(await passwords.verify('secret', hash)).toBe(true);
    await expect(passwords.verify('secret', '$2b$10$notours')).rejects.toThrow(/damaged/);
    expect(await passwords.verify('secret', hash)).toBe(true);
  });
});
