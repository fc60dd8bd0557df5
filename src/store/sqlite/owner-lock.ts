import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { pragma } from './schema.ts';

export interface OwnerLock {
  /** The last owner died, or its machine did, with the store open. */
  readonly uncleanBefore: boolean;
  /** Notes a clean end, and lets go. */
  release(): void;
  /** Lets go without that note. */
  abandon(): void;
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
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
    const uncleanBefore = pragma(db, 'user_version') === 1;
    db.exec('PRAGMA user_version = 1');
    // In exclusive mode the lock outlives the transaction.
    db.exec('COMMIT');
    return {
      uncleanBefore,
      release() {
        db.exec('PRAGMA user_version = 0');
        db.close();
      },
      abandon: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
