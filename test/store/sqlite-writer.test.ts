import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MAX_BATCH, Writer } from '../../src/store/sqlite/writer.ts';
import { times } from '../support/store-fixtures.ts';

/** Counts how often the writer began and committed. */
function counted(db: DatabaseSync): Record<string, number> {
  const runs: Record<string, number> = {};
  const prepare = db.prepare.bind(db);
  vi.spyOn(db, 'prepare').mockImplementation(sql => {
    const statement = prepare(sql);
    const run: typeof statement.run = statement.run.bind(statement);
    vi.spyOn(statement, 'run').mockImplementation((...parameters) => {
      runs[sql] = (runs[sql] ?? 0) + 1;
      return run(...parameters);
    });
    return statement;
  });
  return runs;
}

describe('Writer', () => {
  let db: DatabaseSync;
  beforeEach(() => {
    db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
    db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES item (id))');
  });
  afterEach(() => {
    db.close();
  });
  const insert = (id: number, parent: number | null = null) =>
    db.prepare('INSERT INTO item VALUES (?, ?)').run(id, parent);
  const rows = () =>
    db
      .prepare('SELECT id FROM item ORDER BY id')
      .all()
      .map(row => row['id']);

  it('gives all writes of one turn one transaction, in the order in which they came', async () => {
    const runs = counted(db);
    const writer = new Writer(db);
    const seen: number[] = [];
    const results = await Promise.all(times(50, n => writer.write(() => seen.push(insert(n) && n))));
    expect(runs).toMatchObject({ 'BEGIN IMMEDIATE': 1, COMMIT: 1, 'SAVEPOINT op': 50 });
    expect(results).toEqual(times(50, n => n + 1));
    expect(seen).toEqual(times(50, n => n));
    await writer.write(() => insert(99));
    expect(runs).toMatchObject({ 'BEGIN IMMEDIATE': 2, COMMIT: 2 });
  });

  it('resolves after the commit and not before', async () => {
    const writer = new Writer(db);
    let open: boolean | undefined;
    await writer.write(() => insert(1)).then(() => (open = db.isTransaction));
    expect(open).toBe(false);
    expect(rows()).toEqual([1]);
  });

  it('undoes a write that fails, whole, and leaves its neighbours', async () => {
    const writer = new Writer(db);
    const results = await Promise.allSettled([
      writer.write(() => insert(1)),
      writer.write(() => {
        insert(2);
        throw new Error('second thoughts');
      }),
      writer.write(() => {
        insert(3);
        insert(1);
      }),
      writer.write(() => insert(4)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { message: 'second thoughts' } });
    expect(rows()).toEqual([1, 4]);
  });

  it('rejects everything as unavailable when the commit fails, changes nothing, and goes on', async () => {
    const writer = new Writer(db);
    const results = await Promise.allSettled([
      writer.write(() => insert(1)),
      writer.write(() => {
        // A foreign key that is only checked by COMMIT, which then fails.
        db.exec('PRAGMA defer_foreign_keys = ON');
        insert(2, 777);
        return 'granted';
      }),
      writer.write(() => insert(3)),
    ]);
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { id: 'unavailable' } });
    expect(rows()).toEqual([]);
    expect(db.isTransaction).toBe(false);
    await writer.write(() => insert(4));
    expect(rows()).toEqual([4]);
  });

  it('rejects the whole batch when the storage fails under one write', async () => {
    const writer = new Writer(db);
    db.exec(`PRAGMA max_page_count = ${String(db.prepare('PRAGMA page_count').get()?.['page_count'])}`);
    const fill = () => db.exec('CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(100000))');
    const results = await Promise.allSettled([
      writer.write(() => insert(1)),
      writer.write(fill),
      writer.write(() => insert(2)),
    ]);
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { id: 'unavailable' } });
    expect(rows()).toEqual([]);
    db.exec('PRAGMA max_page_count = 10000');
    await writer.write(() => insert(3));
    expect(rows()).toEqual([3]);
  });

  it('takes a burst in several transactions, losing none', async () => {
    const runs = counted(db);
    const writer = new Writer(db);
    await Promise.all(times(1000, n => writer.write(() => insert(n))));
    expect(rows()).toHaveLength(1000);
    expect(runs['COMMIT']).toBe(Math.ceil(1000 / MAX_BATCH));
  });

  it('commits what is queued when it closes', async () => {
    const writer = new Writer(db);
    const last = writer.write(() => insert(1));
    writer.close();
    await last;
    expect(rows()).toEqual([1]);
    await expect(writer.write(() => insert(2))).rejects.toMatchObject({ id: 'unavailable' });
    await expect(writer.read(rows)).rejects.toMatchObject({ id: 'unavailable' });
  });
});
