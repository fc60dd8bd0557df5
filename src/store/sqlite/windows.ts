import type { DatabaseSync } from 'node:sqlite';

import { waitFor } from '../../domain/limits.ts';
import type { ApplicationId, Destination, Limit } from '../../domain/types.ts';

/** Which window: sends of an application, sends to a number, verifications, failures (both per application). */
export const windowKey = {
  application: (application: ApplicationId) => `a:${application}`,
  number: (application: ApplicationId, to: Destination) => `n:${application}:${to}`,
  verify: (application: ApplicationId, to: Destination) => `v:${application}:${to}`,
  failure: (application: ApplicationId, to: Destination) => `f:${application}:${to}`,
};

/** How many spent rows of a key one new event takes away: more than one, so that a key never grows without end. */
const PRUNED_AT_ONCE = 2;

/**
 * Sliding windows, exact: every allowed event is a row with its time. The rows of a key are numbered, so that "is the
 * n-th latest still inside?" is two look-ups however many there are. A limit whose window was lengthened counts
 * what is still stored. All inside the writer's transaction.
 */
export function createWindows(db: DatabaseSync) {
  const last = db.prepare('SELECT seq FROM window_event WHERE window_key = ? ORDER BY seq DESC LIMIT 1');
  const nth = db.prepare(
    'SELECT at FROM window_event WHERE window_key = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
  );
  const insert = db.prepare('INSERT INTO window_event (window_key, seq, at, until) VALUES (?, ?, ?, ?)');
  const first = db.prepare('SELECT seq, until FROM window_event WHERE window_key = ? ORDER BY seq LIMIT 1');
  const remove = db.prepare('DELETE FROM window_event WHERE window_key = ? AND seq = ?');
  const removeAll = db.prepare('DELETE FROM window_event WHERE window_key = ?');
  const lastSeq = (key: string) => Number(last.get(key)?.['seq'] ?? 0);

  return {
    /** Milliseconds until the limit lets one more through; 0: now. */
    wait(key: string, limit: Limit, now: number): number {
      const at = nth.get(key, lastSeq(key) - limit.attempts + 1)?.['at'];
      return waitFor(limit, at === undefined ? undefined : Number(at), now);
    },

    add(key: string, limit: Limit, now: number): void {
      insert.run(key, lastSeq(key) + 1, now, now + limit.windowMs);
      for (let n = 0; n < PRUNED_AT_ONCE; n++) {
        const oldest = first.get(key);
        if (!oldest || Number(oldest['until']) > now) break;
        remove.run(key, Number(oldest['seq']));
      }
    },

    clear(key: string): void {
      removeAll.run(key);
    },
  };
}

export type Windows = ReturnType<typeof createWindows>;
