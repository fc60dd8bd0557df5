import type { DatabaseSync } from 'node:sqlite';

import type { StoreBacklog } from '../../metrics/metrics.ts';
import { integer } from './rows.ts';

/** Rows counted at most, so that asking costs milliseconds however much waits. */
const CAP = 100_000;

/** What waits, for metrics: two look-ups by index, three counts that end at `CAP`. */
export function createBacklog(db: DatabaseSync, now: () => number): () => StoreBacklog {
  const count = (rows: string) =>
    db.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM ${rows} LIMIT ${CAP})`);
  const timers = count('timer');
  const events = count('event');
  const messages = count(`message WHERE state = 'scheduled'`);
  const firstTimer = db.prepare('SELECT available_at AS at FROM timer ORDER BY available_at LIMIT 1');
  const firstEvent = db.prepare('SELECT created_at AS at FROM event ORDER BY seq LIMIT 1');

  return () => {
    const at = now();
    const age = (row: ReturnType<typeof firstTimer.get>) => (row ? Math.max(0, at - integer(row['at'])) : 0);
    return {
      timers: integer(timers.get()!['n']),
      oldestTimerMs: age(firstTimer.get()),
      events: integer(events.get()!['n']),
      oldestEventMs: age(firstEvent.get()),
      messages: integer(messages.get()!['n']),
    };
  };
}
