import type { DatabaseSync } from 'node:sqlite';

import type { NewEvent, StoredEvent } from '../store.ts';
import { integer, text } from './rows.ts';

/** Events on their way to customers, in the order in which they were written; an id is written once. */
export function createOutbox(db: DatabaseSync, now: () => number) {
  const insert = db.prepare(`
    INSERT INTO event (id, type, data, created_at, available_at) VALUES ($id, $type, $data, $now, $now)
    ON CONFLICT (id) DO NOTHING`);
  const due = db.prepare('SELECT * FROM event WHERE available_at <= ? ORDER BY available_at, seq LIMIT ?');
  const lease = db.prepare('UPDATE event SET tries = tries + 1, available_at = ? WHERE seq = ?');
  const ack = db.prepare('DELETE FROM event WHERE id = ?');

  return {
    emit(events: readonly NewEvent[]): void {
      const at = now();
      for (const { id, type, data } of events) {
        insert.run({ $id: id, $type: type, $data: JSON.stringify(data), $now: at });
      }
    },

    claim({ limit, leaseMs }: { limit: number; leaseMs: number }): StoredEvent[] {
      const at = now();
      const rows = due.all(at, limit).toSorted((a, b) => integer(a['seq']) - integer(b['seq']));
      return rows.map(row => {
        lease.run(at + Math.ceil(leaseMs), integer(row['seq']));
        return {
          id: text(row['id']),
          type: text(row['type']),
          data: JSON.parse(text(row['data'])) as StoredEvent['data'],
          createdAt: integer(row['created_at']),
          tries: integer(row['tries']) + 1,
        };
      });
    },

    ack(id: string): void {
      ack.run(id);
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
