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

  function waitBehind(key: string, limit: Limit, now: number, latest: number): number {
    // Seqs count from 1: with fewer rows than the limit allows there is nothing to look up.
    const at = latest < limit.attempts ? undefined : nth.get(key, latest - limit.attempts + 1)?.['at'];
    return waitFor(limit, at === undefined ? undefined : Number(at), now);
  }

  function addBehind(key: string, limit: Limit, now: number, latest: number): void {
    insert.run(key, latest + 1, now, now + limit.windowMs);
    if (latest === 0) return;
    for (let n = 0; n < PRUNED_AT_ONCE; n++) {
      const oldest = first.get(key);
      if (!oldest || Number(oldest['until']) > now) break;
      remove.run(key, Number(oldest['seq']));
    }
  }

  return {
    /** Milliseconds until the limit lets one more through; 0: now. */
    wait: (key: string, limit: Limit, now: number): number => waitBehind(key, limit, now, lastSeq(key)),

    add(key: string, limit: Limit, now: number): void {
      addBehind(key, limit, now, lastSeq(key));
    },

    /** One more event in each of these windows, or in none: their waits, all 0 where it was counted. */
    take(targets: readonly { readonly key: string; readonly limit: Limit }[], now: number): number[] {
      const seen = targets.map(target => ({ ...target, latest: lastSeq(target.key) }));
      const waits = seen.map(({ key, limit, latest }) => waitBehind(key, limit, now, latest));
      if (waits.every(wait => wait === 0)) {
        for (const { key, limit, latest } of seen) addBehind(key, limit, now, latest);
      }
      return waits;
    },

    clear(key: string): void {
      removeAll.run(key);
    },
  };
}

export type Windows = ReturnType<typeof createWindows>;
