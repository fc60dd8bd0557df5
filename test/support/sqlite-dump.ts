import { DatabaseSync } from 'node:sqlite';

/** What a checker may know of a store's file, read past the port and without a seed. */
export interface StoreDump {
  readonly pins: readonly {
    readonly pinId: string;
    readonly applicationId: string;
    readonly to: string;
    readonly state: string;
    readonly attemptsAllowed: number;
    readonly attemptsUsed: number;
    readonly comparisons: number;
    readonly hasSeed: boolean;
    readonly verifiedAt: number | null;
    readonly sentAt: number | null;
  }[];
  readonly deliveries: readonly {
    readonly callRef: string;
    readonly pinId: string;
    readonly state: string;
    readonly dials: number;
    readonly carrierCallId: string | null;
  }[];
  readonly timers: readonly { readonly id: string; readonly kind: string; readonly dueAt: number }[];
  readonly events: readonly { readonly id: string; readonly type: string; readonly tries: number }[];
  readonly applications: readonly string[];
  readonly templates: readonly string[];
}

/**
 * Reads a SQLite store's file, also while the service has it open or after it was killed. Read-only: it neither
 * checkpoints nor removes the log.
 */
export function dumpSqlite(path: string): StoreDump {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = <Row>(sql: string) => db.prepare(sql).all() as unknown as Row[];
    db.exec('BEGIN');
    const pins = rows<Omit<StoreDump['pins'][number], 'hasSeed'> & { hasSeed: number }>(`
      SELECT pin_id AS pinId, application_id AS applicationId, number AS "to", state,
        attempts_allowed AS attemptsAllowed, attempts_used AS attemptsUsed, comparisons, seed IS NOT NULL AS hasSeed,
        verified_at AS verifiedAt, sent_at AS sentAt FROM pin ORDER BY seq`);
    return {
      pins: pins.map(pin => ({ ...pin, hasSeed: pin.hasSeed === 1 })),
      deliveries:
        rows(`SELECT call_ref AS callRef, pin_id AS pinId, state, dials, carrier_call_id AS carrierCallId
        FROM delivery ORDER BY seq`),
      timers: rows('SELECT id, kind, due_at AS dueAt FROM timer ORDER BY due_at, id'),
      events: rows('SELECT id, type, tries FROM event ORDER BY seq'),
      applications: rows<{ id: string }>('SELECT application_id AS id FROM application ORDER BY seq').map(
        row => row.id,
      ),
      templates: rows<{ id: string }>('SELECT message_id AS id FROM template ORDER BY seq').map(
        row => row.id,
      ),
    };
  } finally {
    db.close();
  }
}
