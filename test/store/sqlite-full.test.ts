import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { PinId } from '../../src/domain/types.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { pragma } from '../../src/store/sqlite/schema.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { dumpSqlite } from '../support/sqlite-dump.ts';
import { temporaryStore } from '../support/sqlite-harness.ts';
import { startStoreChild } from '../support/store-child.ts';
import { attempt, createdPin, pinRequest, tally, times } from '../support/store-fixtures.ts';

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

describe('faults.md F10: no room', () => {
  /**
   * The kernel refuses to let the log grow by a byte, so it is COMMIT that fails: the case in which an autocommitted
   * `UPDATE … RETURNING` would have answered 1,000 guesses.
   */
  it.skipIf(!hasPrlimit)(
    'for a commit: nothing acknowledged, verified or guessed; heals without a restart',
    async () => {
      const { path, remove } = temporaryStore();
      const child = await startStoreChild(path);
      const limitFiles = (bytes: number | 'unlimited') =>
        execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]);
      const { pinIds } = await child.ask({ do: 'create', count: 3, attempts: 5 });
      const [target, other, spare] = (pinIds ?? []) as PinId[];
      if (!target || !other || !spare) throw new Error('no PINs');
      await child.ask({ do: 'guess', pinId: target, right: false, count: 1 });
      const before = dumpSqlite(path);

      limitFiles(statSync(`${path}-wal`).size);
      const creates = await child.ask({ do: 'create', count: 50, attempts: 5 });
      const guesses = await child.ask({ do: 'guess', pinId: target, right: false, count: 1000 });
      const rights = await child.ask({ do: 'guess', pinId: other, right: true, count: 50 });
      const unknown = await child.ask({ do: 'guess', pinId: 'F'.repeat(32) as PinId, right: true, count: 5 });
      const ping = await child.ask({ do: 'ping' });
      for (const { outcomes } of [creates, guesses, rights, unknown, ping]) {
        expect(tally(outcomes.map(outcome => ({ outcome })))).toEqual({ unavailable: outcomes.length });
      }
      expect(dumpSqlite(path)).toEqual(before);

      limitFiles('unlimited');
      expect((await child.ask({ do: 'ping' })).outcomes).toEqual(['ok']);
      const after = await child.ask({ do: 'guess', pinId: target, right: false, count: 200 });
      expect(tally(after.outcomes.map(outcome => ({ outcome })))).toEqual({ wrong: 4, exhausted: 196 });
      const success = await child.ask({ do: 'guess', pinId: other, right: true, count: 200 });
      expect(tally(success.outcomes.map(outcome => ({ outcome })))).toEqual({ verified: 1, used: 199 });
      await child.kill();

      // Nothing that was refused comes back out of the log after a crash.
      const end = dumpSqlite(path);
      expect(end.pins.map(pin => pin.pinId)).toEqual(before.pins.map(pin => pin.pinId));
      expect(end.pins.map(pin => pin.comparisons)).toEqual([5, 1, 0]);
      remove();
    },
  );

  it('within a write: the rows are the acknowledgements, and room brings it back', async () => {
    const { path, remove } = temporaryStore();
    const database = openDatabase({ path, busyTimeoutMs: 10 });
    const store = createSqliteStore({ database, clock: new FakeClock() });
    const first = await createdPin(store);
    database.db.exec(`PRAGMA max_page_count = ${pragma(database.db, 'page_count') + 20}`);
    const acknowledged = [first.pin.pinId];
    let refused = 0;
    for (let n = 0; n < 40; n++) {
      const requests = times(10, () => pinRequest());
      const results = await Promise.allSettled(requests.map(request => store.createPin(request)));
      for (const [index, result] of results.entries()) {
        const id = requests[index]?.pin.pinId;
        if (result.status === 'fulfilled' && id) acknowledged.push(id);
        else refused++;
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ id: 'unavailable' });
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged.length).toBeGreaterThan(1);
    expect(dumpSqlite(path).pins.map(pin => pin.pinId)).toEqual(acknowledged);
    database.db.exec('PRAGMA max_page_count = 100000');
    await createdPin(store);
    expect(await attempt(store, first.pin.pinId, true)).toMatchObject({ outcome: 'verified' });
    await store.close();
    remove();
  });
});
