import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { pragma } from './schema.ts';

export interface OwnerLock {
  /** The last owner died, or its machine did, with the store open: its log must be there. */
  readonly uncleanBefore: boolean;
  /** To be called once the log exists. */
  markOpen(): void;
  /** To be called before the log is cleared away. */
  markClosed(): void;
  release(): void;
}

/**
 * One process at a time: opening clears the leases of a dead owner, which must not be done to a living one. The lock is
 * SQLite's own on a file beside the store, so that the kernel drops it when the process dies; that file also remembers
 * whether the last owner closed in order.
 * @throws the error of SQLite: code 5 (BUSY) when somebody else holds it after `waitMs`
 */
export function takeOwnership(path: string, waitMs: number): OwnerLock {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const db = new DatabaseSync(path, { timeout: waitMs });
  try {
    // In exclusive mode the lock outlives the transaction.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
    const uncleanBefore = pragma(db, 'user_version') === 1;
    db.exec('COMMIT');
    return {
      uncleanBefore,
      markOpen: () => db.exec('PRAGMA user_version = 1'),
      markClosed() {
        try {
          db.exec('PRAGMA user_version = 0');
        } catch {
          // No room to write the note: without the file it reads the same.
          rmSync(path, { force: true });
        }
      },
      release: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
