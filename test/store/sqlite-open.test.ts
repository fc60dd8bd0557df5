import {
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openSqliteStore, StoreOpenError } from '../../src/store/sqlite/index.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { takeOwnership } from '../../src/store/sqlite/owner-lock.ts';
import { migrate, MIGRATIONS, pragma } from '../../src/store/sqlite/schema.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryStore } from '../support/sqlite-harness.ts';
import { createdPin, newApplication, times } from '../support/store-fixtures.ts';

const clock = new FakeClock();
let path: string;
let remove: () => void;
beforeEach(() => {
  ({ path, remove } = temporaryStore());
});
afterEach(() => {
  remove();
});

const open = (options: { log?: { info: () => void; warn: () => void } } = {}) =>
  openSqliteStore({ path, clock, busyTimeoutMs: 30, ...options });

/** A store with some data, closed in order. */
async function filled(): Promise<void> {
  const store = await open();
  await store.putApplication(newApplication());
  await Promise.all(times(200, () => createdPin(store)));
  await store.close();
}

/** What a `kill -9` leaves: file, log and lock as they were while the store was open. */
async function killed(): Promise<void> {
  const store = await open();
  await store.putApplication(newApplication());
  const copies = ['', '-wal', '.lock'].map(suffix => {
    copyFileSync(path + suffix, `${path}.copy${suffix}`);
    return suffix;
  });
  await store.close();
  for (const suffix of copies) copyFileSync(`${path}.copy${suffix}`, path + suffix);
}

async function refusal(): Promise<string> {
  const error: unknown = await open().then(
    async store => {
      await store.close();
      return new Error('it was opened');
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreOpenError);
  const { message } = error as StoreOpenError;
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
  return message;
}

describe('opening a store', () => {
  it('creates the file for its owner alone, its folder too, and says so', async () => {
    path = `${dirname(path)}/data/deep/saypin.db`;
    let said = 0;
    const log = { info: () => said++, warn: () => {} };
    const store = await open({ log });
    await store.ping();
    for (const suffix of ['', '-wal', '-shm', '.lock']) {
      expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600);
    }
    await store.close();
    expect(said).toBe(1);
    await (await open({ log })).close();
    expect(said).toBe(1);
  });

  it('closes into one file, without a log', async () => {
    await filled();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(statSync(path).size).toBeGreaterThan(100_000);
  });

  it('refuses a file that somebody has open, and takes it once it is closed', async () => {
    const store = await open();
    expect(await refusal()).toContain('another process has it open');
    await store.ping();
    await store.close();
    await (await open()).close();
  });

  it('recovers the last commit from the log after a crash', async () => {
    await killed();
    const store = await open();
    expect(await store.listApplications()).toHaveLength(1);
    await store.close();
  });

  it('refuses when the log of a crash is missing, unless told to go on without', async () => {
    await killed();
    rmSync(`${path}-wal`);
    expect(await refusal()).toContain('missing');
    expect(await refusal()).toContain('missing');
    rmSync(`${path}.lock`);
    const store = await open();
    expect(await store.listApplications()).toHaveLength(0);
    await store.close();
  });

  it('refuses a log that is damaged at its start', async () => {
    await killed();
    const file = openSync(`${path}-wal`, 'r+');
    writeSync(file, Buffer.alloc(32, 0xa5), 0, 32, 0);
    closeSync(file);
    expect(await refusal()).toContain('log');
  });

  it('takes a backup that is put back after a refusal', async () => {
    await filled();
    copyFileSync(path, `${path}.backup`);
    truncateSync(path, 5000);
    await refusal();
    copyFileSync(`${path}.backup`, path);
    const store = await open();
    expect(await store.listApplications()).toHaveLength(1);
    await store.close();
  });

  it('is not stopped by a crash of the last start, before its first write', async () => {
    await filled();
    const lock = takeOwnership(`${path}.lock`, 0);
    lock.release();
    await (await open()).close();
  });

  it('runs with the pragmas that durability and erasure need', () => {
    const database = openDatabase({ path, busyTimeoutMs: 30 });
    const { db } = database;
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    const values = ['synchronous', 'secure_delete', 'foreign_keys', 'temp_store', 'busy_timeout'].map(name =>
      pragma(db, name),
    );
    expect(values).toEqual([2, 1, 1, 2, 30]);
    database.close();
  });

  it('refuses a log without its file', async () => {
    await killed();
    rmSync(path);
    expect(await refusal()).toContain('the file is gone');
    expect(existsSync(path)).toBe(false);
  });

  it('starts over what a crash left of its creation', async () => {
    writeFileSync(`${path}.new`, 'half a file');
    const store = await open();
    await store.ping();
    await store.close();
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});

describe('a file that cannot be right is refused and left as it is', () => {
  const cut = (bytes: number) => () => truncateSync(path, bytes);
  const overwrite = (from: number, length: number) => () => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from);
    closeSync(file);
  };
  const sql = (statement: string) => () => {
    const db = new DatabaseSync(path);
    db.exec(statement);
    db.close();
  };

  it.each([
    ['empty', cut(0), 'empty'],
    ['cut within the header', cut(60), 'cut short'],
    ['cut to a page', cut(4096), 'cut short'],
    ['cut by its last page', () => truncateSync(path, statSync(path).size - 4096), 'cut short'],
    ['overwritten at the front', overwrite(0, 16), 'overwritten'],
    ['overwritten in the schema', overwrite(100, 3000), ''],
    ['overwritten in the middle', overwrite(4096 * 8, 4096 * 10), 'damaged'],
    ['text', () => writeFileSync(path, 'x'.repeat(5000)), 'overwritten'],
    ['of another program', sql('PRAGMA application_id = 7'), 'not one of ours'],
    ['of a newer schema', sql(`PRAGMA user_version = ${MIGRATIONS.length + 1}`), 'newer'],
    ['without a schema', sql('PRAGMA user_version = 0'), 'no schema'],
  ])('%s', async (_, damage, reason) => {
    await filled();
    damage();
    const before = statSync(path);
    expect(await refusal()).toContain(reason);
    const after = statSync(path);
    expect([after.size, after.mtimeMs]).toEqual([before.size, before.mtimeMs]);
  });

  it('a folder', async () => {
    mkdirSync(path);
    expect(await refusal()).toContain('not a file');
  });

  it('in a place that cannot be written', async () => {
    writeFileSync(`${path}x`, '');
    path = `${path}x/saypin.db`;
    await refusal();
  });
});

describe('migrations', () => {
  const steps = ['CREATE TABLE a (x)', 'CREATE TABLE b (x); INSERT INTO b VALUES (1)'];

  it('are applied once each, from wherever the file is', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, steps.slice(0, 1));
    expect(pragma(db, 'user_version')).toBe(1);
    migrate(db, steps);
    migrate(db, steps);
    expect(pragma(db, 'user_version')).toBe(2);
    expect(db.prepare('SELECT count(*) AS n FROM b').get()).toEqual({ n: 1 });
    expect(() => migrate(db, steps.slice(0, 1))).toThrow('newer');
    db.close();
  });

  it('leave the version before a step that fails', () => {
    const db = new DatabaseSync(':memory:');
    expect(() =>
      migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE b (x); INSERT INTO none VALUES (1)']),
    ).toThrow();
    expect(pragma(db, 'user_version')).toBe(1);
    expect(() => db.prepare('SELECT * FROM b')).toThrow();
    db.close();
  });
});
