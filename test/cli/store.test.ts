import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createAuth, hashApiKey } from '../../src/api/auth.ts';
import { systemClock } from '../../src/clock.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { createLogger } from '../../src/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { basic, PASSWORD, type KeyAnswer } from '../api/auth/rig.ts';
import { freePort } from '../support/service.ts';
import { saypin } from './rig.ts';

let folder: string;
let environment: Record<string, string>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-cli-'));
  environment = { PORT: String(await freePort()), DATA_DIR: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = async () => await openSqliteStore({ path: join(folder, 'saypin.db'), clock: systemClock });

describe('saypin while no service runs', () => {
  it('works on its store, and what it made there works in the service', async () => {
    await (await open()).close();
    const made = await saypin(['keys', 'create', '--name', 'shop', '--json'], environment);
    expect(made.code).toBe(0);
    const { id, key } = JSON.parse(made.out) as KeyAnswer;
    const gone = await saypin(['keys', 'create', '--name', 'gone', '--json'], environment);
    const other = JSON.parse(gone.out) as KeyAnswer;
    expect((await saypin(['keys', 'revoke', other.id], environment)).code).toBe(0);
    expect((await saypin(['keys', 'list'], environment)).out.split('\n')).toHaveLength(4);
    expect(
      await saypin(['users', 'add', 'ann', '--scope', '2fa:manage'], environment, PASSWORD),
    ).toMatchObject({
      code: 0,
    });

    const store = await open();
    const { authenticate } = createAuth({
      store,
      builtInKeyHash: hashApiKey('built-in'),
      clock: systemClock,
      random: systemRandom,
      log: createLogger('silent'),
    });
    expect(await authenticate(`App ${key}`)).toMatchObject({ account: `key:${id}`, name: 'shop' });
    expect(await authenticate(`App ${other.key}`)).toBeUndefined();
    expect(await authenticate(basic('ann'), { address: '127.0.0.1' })).toMatchObject({ account: 'user:ann' });
    await store.close();
  });

  it.each([
    [['keys', 'revoke', 'none'], 3, /no key "none"/],
    [['users', 'remove', 'none'], 3, /no user "none"/],
    [['keys', 'create', '--name', 'x', '--scope', 'y'], 2, /no such scope/],
    [['users', 'add', 'ann'], 2, /the username is taken/],
    [['users', 'add', 'a b'], 2, /the username must have 1 to 64/],
  ])('says what is wrong with %j as the service does', async (argv, code, message) => {
    const store = await open();
    await store.createUser({ username: 'ann', passwordHash: '', scopes: ['*'] });
    await store.close();
    const ended = await saypin(argv, environment, PASSWORD);
    expect([ended.code, ended.out]).toStrictEqual([code, '']);
    expect(ended.error).toMatch(message);
  });

  it('makes no store where there is none', async () => {
    const ended = await saypin(['keys', 'create', '--name', 'x'], environment);
    expect([ended.code, ended.out]).toStrictEqual([4, '']);
    expect(ended.error).toMatch(/no store at .*saypin\.db: start the service, or say where/);
    expect(existsSync(join(folder, 'saypin.db'))).toBe(false);
  });

  it('leaves a store alone that another process has', async () => {
    const store = await open();
    const ended = await saypin(['keys', 'list'], environment);
    expect([ended.code, ended.out]).toStrictEqual([4, '']);
    expect(ended.error).toMatch(/no service answers at .*another process has it open/);
    await store.createKey({ id: '1', hash: '00', name: 'x', scopes: [] });
    await store.close();
  });
});
