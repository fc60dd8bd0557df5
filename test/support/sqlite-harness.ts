import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { FakeClock } from './fake-clock.ts';
import { dumpSqlite } from './sqlite-dump.ts';
import type { StoreHarness } from './store-fixtures.ts';

/** A directory of its own for a store's file. */
export function temporaryStore(): { path: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'saypin-store-'));
  return {
    path: join(directory, 'saypin.db'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A SQLite store on a clock that stands still, under the contract. */
export async function openTestStore(): Promise<StoreHarness & { clock: FakeClock; path: string }> {
  const clock = new FakeClock();
  const { path, remove } = temporaryStore();
  let store = await openSqliteStore({ path, clock });
  return {
    clock,
    path,
    exactTime: true,
    soleOwner: true,
    get store() {
      return store;
    },
    advance: ms => clock.advanceAsync(ms),
    async comparisons(pinId) {
      const pin = dumpSqlite(path).pins.find(other => other.pinId === pinId);
      if (!pin) throw new Error('no such PIN in the file');
      return pin.comparisons;
    },
    async reopen() {
      await store.close();
      store = await openSqliteStore({ path, clock });
    },
    async dispose() {
      await store.close();
      remove();
    },
  };
}
