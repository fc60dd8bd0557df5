import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { VERIFICATION_STATES } from '../../src/domain/plan.ts';
import type { ApplicationId, E164, PinId } from '../../src/domain/types.ts';
import type { LoggedEventFilter, NewLoggedEvent } from '../../src/store/event-store.ts';
import type { VerificationListFilter } from '../../src/store/plan-store.ts';
import { openDatabase, type OpenDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { openTestStore } from '../support/sqlite-harness.ts';
import { createdPin } from '../support/store-fixtures.ts';

const COUNT = 60_000;
const APPLICATION = 'A'.repeat(32) as ApplicationId;
const RARE = 'B'.repeat(32) as ApplicationId;
const NUMBER = '+41790000009' as E164;

const WALK = /^SCAN (?!CONSTANT)|TEMP B-TREE/;

describe('a list among many PINs', () => {
  let harness: Awaited<ReturnType<typeof openTestStore>>;
  beforeEach(async () => {
    harness = await openTestStore();
  });
  afterEach(async () => {
    await harness.dispose();
  });

  /** Rows past the port: verified ones, made a second apart, but for the oldest and the newest. */
  async function fill(): Promise<{ first: number; last: number }> {
    await createdPin(harness.store, { applicationId: RARE, to: NUMBER });
    const base = await harness.store.now();
    const db = new DatabaseSync(harness.path);
    db.prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $count)
      INSERT INTO pin (pin_id, application_id, message_id, number, pin_type, pin_length, key_id, step, created_at,
        expires_at, attempts_allowed, attempts_used, allow_multiple, state, verified_at)
      SELECT printf('%032X', i), $application, 'M', '+4179' || (i % 1000), 'NUMERIC', 4, 'k', 1, $base + i * 1000,
        $base + i * 1000, 3, 1, 0, 'verified', $base + i * 1000 FROM n`).run({
      $count: COUNT,
      $application: APPLICATION,
      $base: base,
    });
    db.close();
    await harness.advance(COUNT * 1000 + 1000);
    await createdPin(harness.store, { applicationId: RARE, to: NUMBER });
    return { first: base + 1000, last: base + COUNT * 1000 };
  }

  const list = async (filter: Partial<VerificationListFilter>) =>
    await harness.store.listVerificationRecords({ limit: 50, ...filter });

  it('finds a few in a state that nearly none has, in turns that let others run', async () => {
    await fill();
    let turns = 0;
    const count = () => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const expired = await list({ state: 'expired' });
    clearImmediate(counting);
    expect(expired.records.map(({ pin }) => pin.applicationId)).toEqual([RARE]);
    expect(expired.nextCursor).toBeUndefined();
    expect(turns).toBeGreaterThan(2);
    expect((await list({ state: 'pending' })).records).toHaveLength(1);
    expect((await list({ state: 'cancelled' })).records).toEqual([]);
    const page = await list({ state: 'expired', limit: 1, applicationId: RARE, to: NUMBER });
    expect(page.records).toHaveLength(1);
  });

  it('finds its place by time, whatever lies around it', async () => {
    const { first, last } = await fill();
    const middle = first + Math.floor((last - first) / 2_000) * 1000;
    const page = await list({ since: middle - 1500, until: middle + 1500, limit: 2 });
    expect(page.records.map(({ pin }) => pin.createdAt)).toEqual([middle + 1000, middle]);
    const rest = await list({ since: middle - 1500, until: middle + 1500, cursor: page.nextCursor ?? '' });
    expect(rest.records.map(({ pin }) => pin.createdAt)).toEqual([middle - 1000]);
    expect(rest.nextCursor).toBeUndefined();
    expect((await list({ until: first })).records).toHaveLength(1);
    expect((await list({ since: last + 1 })).records).toHaveLength(1);
  });
});

it('finds the few events of one application among many of their type, in turns that let others run', async () => {
  const harness = await openTestStore();
  const event = (index: number): NewLoggedEvent => ({
    id: `e${index}`,
    type: 'x',
    applicationId: index % 22_000 === 0 ? RARE : APPLICATION,
    pinId: 'P' as PinId,
    data: {},
    at: Math.floor(index / 10),
  });
  const events = Array.from({ length: 45_000 }, (_, index) => event(index));
  await harness.store.publishEvents({ sources: [], events, pushes: [] });
  let turns = 0;
  const count = () => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const filter = { type: 'x', applicationId: RARE, limit: 2 };
  const first = await harness.store.listLoggedEvents(filter);
  clearImmediate(counting);
  expect(turns).toBeGreaterThan(1);
  expect(first.events.map(({ id }) => id)).toEqual(['e0', 'e22000']);
  const cursor = first.nextCursor ?? '';
  const second = await harness.store.listLoggedEvents({ ...filter, cursor });
  expect(second.events.map(({ id }) => id)).toEqual(['e44000']);
  expect(second.nextCursor).toBeUndefined();
  const until = await harness.store.listLoggedEvents({ ...filter, since: 1, until: 4400 });
  expect(until.events.map(({ id }) => id)).toEqual(['e22000']);
  await harness.dispose();
});

describe('what lists cost', () => {
  const filters: Partial<VerificationListFilter>[] = [{}, { applicationId: APPLICATION }, { to: NUMBER }];
  const cases = [...filters, { applicationId: APPLICATION, to: NUMBER }].flatMap(filter => [
    filter,
    ...VERIFICATION_STATES.map(state => ({ ...filter, state })),
  ]);
  const eventFilters: Partial<LoggedEventFilter>[] = [
    {},
    { type: 'x' },
    { applicationId: APPLICATION },
    { pinId: 'P' as PinId },
    { type: 'x', applicationId: APPLICATION, pinId: 'P' as PinId, since: 1, until: 2, cursor: '1.1' },
  ];

  let store: Store;
  let database: OpenDatabase;
  beforeEach(() => {
    database = openDatabase({ path: ':memory:', busyTimeoutMs: 0 });
    store = createSqliteStore({ database, clock: new FakeClock() });
  });
  afterEach(async () => {
    await store.close();
  });

  it('is never a walk over all PINs or events, in any statement that is kept ready', () => {
    const { db } = database;
    const prepare = vi.spyOn(db, 'prepare');
    createSqliteStore({ database, clock: new FakeClock() });
    const statements = prepare.mock.calls.map(([sql]) => sql);
    prepare.mockRestore();
    const reading = statements.filter(sql =>
      /^\s*SELECT\b[^]*\b(pin|delivery|pin_message|logged_event)\b/.test(sql),
    );
    expect(reading.length).toBeGreaterThan(10);
    for (const sql of reading) {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      const walks = steps.map(({ detail }) => String(detail)).filter(detail => WALK.test(detail));
      expect([sql, walks]).toEqual([sql, []]);
    }
  });

  it.each(eventFilters)('looks at no event that an index can pass over, and sorts none: %j', async filter => {
    const { db } = database;
    const prepare = vi.spyOn(db, 'prepare');
    await store.listLoggedEvents({ limit: 50, ...filter });
    const sql = prepare.mock.calls.at(-1)?.[0];
    prepare.mockRestore();
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    expect(steps).toHaveLength(1);
    const [wanted] = ['pinId', 'type', 'applicationId'].filter(key => key in filter);
    const column = { pinId: 'pin_id=? AND ', type: 'type=? AND ', applicationId: 'application_id=? AND ' };
    const first = wanted === undefined ? '' : column[wanted as keyof typeof column];
    expect(steps[0]?.['detail']).toMatch(/^SEARCH logged_event USING INDEX /);
    // The place by time is a search of the index too.
    expect(steps[0]?.['detail']).toMatch(/ \(.*at>\? AND at<\?\)$/);
    expect(steps[0]?.['detail']).toContain(`(${first}`);
  });

  it.each(cases)('looks at no PIN that an index can pass over, and sorts none: %j', async filter => {
    await createdPin(store, { applicationId: APPLICATION, to: NUMBER });
    const { db } = database;
    const prepare = vi.spyOn(db, 'prepare');
    await store.listVerificationRecords({ limit: 50, ...filter });
    const [sql, ...others] = prepare.mock.calls.map(([text]) => text);
    prepare.mockRestore();
    expect(others).toEqual([]);
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    expect(steps).toHaveLength(1);
    const detail = String(steps[0]?.['detail']);
    expect(detail).toMatch(/^SEARCH pin USING (INTEGER PRIMARY KEY|INDEX pin_\w+) .*rowid>\? AND rowid<\?/);
    if (filter.to !== undefined) expect(detail).toContain('number=?');
    else if (['cancelled', 'superseded', 'exhausted'].includes(filter.state ?? '')) {
      expect(detail).toContain('pin_lost (state=?');
    } else if (filter.applicationId !== undefined) expect(detail).toContain('application_id=?');
  });
});
