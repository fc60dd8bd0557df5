import type { DatabaseSync } from 'node:sqlite';

import type { DueTimer, NewTimer } from '../store.ts';
import { integer, text } from './rows.ts';

/** Durable timers. Leasing moves `available_at` to the end of the lease, so one index serves both. */
export function createTimers(db: DatabaseSync, now: () => number) {
  const arm = db.prepare(`
    INSERT INTO timer (id, kind, armed_at, due_at, available_at, data) VALUES ($id, $kind, $now, $due, $due, $data)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, armed_at = excluded.armed_at, due_at = excluded.due_at,
      available_at = excluded.available_at, leased = 0, data = excluded.data`);
  const cancel = db.prepare('DELETE FROM timer WHERE id = ?');
  const due = db.prepare('SELECT * FROM timer WHERE available_at <= ? ORDER BY available_at, id LIMIT ?');
  const lease = db.prepare('UPDATE timer SET leased = 1, available_at = ? WHERE id = ?');
  const complete = db.prepare('DELETE FROM timer WHERE id = ? AND leased = 1');
  const next = db.prepare('SELECT available_at FROM timer ORDER BY available_at LIMIT 1');

  return {
    arm(timers: readonly NewTimer[]): void {
      const at = now();
      for (const { id, kind, inMs, data } of timers) {
        arm.run({ $id: id, $kind: kind, $now: at, $due: at + Math.ceil(inMs), $data: JSON.stringify(data) });
      }
    },

    cancel(ids: readonly string[]): void {
      for (const id of ids) cancel.run(id);
    },

    claim({ limit, leaseMs }: { limit: number; leaseMs: number }): DueTimer[] {
      const at = now();
      const rows = due.all(at, limit);
      for (const row of rows) lease.run(at + Math.ceil(leaseMs), text(row['id']));
      return rows
        .map(row => ({
          id: text(row['id']),
          kind: text(row['kind']),
          dueAt: integer(row['due_at']),
          data: JSON.parse(text(row['data'])) as DueTimer['data'],
        }))
        .toSorted((a, b) => a.dueAt - b.dueAt);
    },

    /** Only a leased timer: one that was armed again meanwhile has yet to fire. */
    complete(id: string): void {
      complete.run(id);
    },

    nextIn(): number | undefined {
      const row = next.get();
      return row && Math.max(0, integer(row['available_at']) - now());
    },
  };
}

export type Timers = ReturnType<typeof createTimers>;
