import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '../../clock.ts';

/**
 * The store's time: the wall clock as it was at opening, moved on by the monotonic clock, so that a step of the wall
 * clock neither expires nor revives anything while the process lives (faults.md F12). The price: time that a suspended
 * machine sleeps through does not count.
 */
export function storeClock(clock: Clock): () => number {
  const start = clock.now() - clock.monotonic();
  return () => Math.floor(start + clock.monotonic());
}

/**
 * What was written before this start lies in the past. Where its time says otherwise, the wall clock was set back while
 * the store was closed: such times become now, and what they began still lasts as long as it was meant to.
 */
export function settleFuture(db: DatabaseSync, now: number): void {
  db.prepare('UPDATE window_event SET at = $now, until = $now + until - at WHERE at > $now').run({
    $now: now,
  });
  db.prepare(
    'UPDATE pin SET created_at = $now, expires_at = $now + expires_at - created_at WHERE created_at > $now',
  ).run({ $now: now });
  db.prepare('UPDATE timer SET armed_at = $now, due_at = $now + due_at - armed_at WHERE armed_at > $now').run(
    {
      $now: now,
    },
  );
  db.prepare(`
    UPDATE event SET created_at = min(created_at, $now), armed_at = $now, due_at = $now + due_at - armed_at
    WHERE armed_at > $now`).run({ $now: now });
  db.prepare(
    'UPDATE auth_token SET armed_at = $now, expires_at = $now + expires_at - armed_at WHERE armed_at > $now',
  ).run({ $now: now });
  db.prepare(`
    UPDATE idempotency SET armed_at = $now, expires_at = $now + expires_at - armed_at WHERE armed_at > $now`).run(
    {
      $now: now,
    },
  );
  db.prepare('UPDATE logged_event SET logged_at = $now WHERE logged_at > $now').run({ $now: now });
}

/** The one owner has just started: no lease of an earlier life is anybody's. */
export function dropLeases(db: DatabaseSync): void {
  db.exec('UPDATE timer SET leased = 0, available_at = due_at');
  db.exec('UPDATE event SET available_at = due_at WHERE leader IS NULL');
  db.exec('UPDATE idempotency SET lease_until = 0 WHERE status IS NULL');
}
