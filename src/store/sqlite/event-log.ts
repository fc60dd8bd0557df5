import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

import type { ApplicationId, PinId } from '../../domain/types.ts';
import type {
  EventStore,
  LoggedEvent,
  LoggedEventFilter,
  NewLoggedEvent,
  WebhookEndpoint,
} from '../event-store.ts';
import type { Outbox } from './outbox.ts';
import { integer, text, type Row } from './rows.ts';

type Publish = Parameters<EventStore['publishEvents']>[0];

/** Rows a transaction, so that live calls never wait for a clean-up. */
export const LOG_CHUNK = 500;

/** Customers' addresses, and the log of what they were told. All inside the writer's transaction. */
export function createEventLog(db: DatabaseSync, now: () => number, outbox: Outbox) {
  const putEndpoint = db.prepare(`
    INSERT INTO webhook_endpoint (id, created_at, data) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, data = excluded.data`);
  const findEndpoint = db.prepare('SELECT data FROM webhook_endpoint WHERE id = ?');
  const allEndpoints = db.prepare('SELECT data FROM webhook_endpoint ORDER BY created_at, seq');
  const dropEndpoint = db.prepare('DELETE FROM webhook_endpoint WHERE id = ?');

  const insert = db.prepare(`
    INSERT INTO logged_event (id, type, application_id, pin_id, data, at, logged_at)
    VALUES ($id, $type, $application, $pin, $data, $at, $now) ON CONFLICT (id) DO NOTHING`);
  const find = db.prepare('SELECT * FROM logged_event WHERE id = ?');
  // The oldest rows alone are looked at: seq rises with logged_at.
  const sweep = db.prepare(`
    DELETE FROM logged_event WHERE seq IN (SELECT seq FROM
      (SELECT seq, logged_at FROM logged_event ORDER BY seq LIMIT ${LOG_CHUNK}) WHERE logged_at <= ?)`);

  function log(events: readonly NewLoggedEvent[]): void {
    const at = now();
    for (const event of events) {
      insert.run({
        $id: event.id,
        $type: event.type,
        $application: event.applicationId,
        $pin: event.pinId,
        $data: JSON.stringify(event.data),
        $at: event.at,
        $now: at,
      });
    }
  }

  return {
    putEndpoint: (endpoint: WebhookEndpoint): void =>
      void putEndpoint.run(endpoint.id, endpoint.createdAt, JSON.stringify(endpoint)),
    getEndpoint(id: string): WebhookEndpoint | undefined {
      const row = findEndpoint.get(id);
      return row && endpointFromRow(row);
    },
    listEndpoints: (): WebhookEndpoint[] => allEndpoints.all().map(endpointFromRow),
    removeEndpoint: (id: string): boolean => dropEndpoint.run(id).changes > 0,

    publish({ sources, events, pushes }: Publish): void {
      for (const id of sources) outbox.ack(id);
      log(events);
      outbox.emit(pushes);
    },

    get(id: string): LoggedEvent | undefined {
      const row = find.get(id);
      return row && eventFromRow(row);
    },

    list(filter: LoggedEventFilter): { events: LoggedEvent[]; nextCursor?: string } {
      const { sql, values } = conditions(filter);
      // One more than asked for tells whether there is another page.
      const rows = db
        .prepare(`SELECT * FROM logged_event WHERE ${sql} ORDER BY at, seq LIMIT ?`)
        .all(...values, filter.limit + 1);
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      const events = page.map(eventFromRow);
      if (rows.length <= filter.limit || !last) return { events };
      return { events, nextCursor: `${integer(last['at'])}.${integer(last['seq'])}` };
    },

    /** A chunk of them: fewer than `LOG_CHUNK` when there are no more. */
    sweepSome: (retentionMs: number): number => Number(sweep.run(now() - retentionMs).changes),
  };
}

export type EventLog = ReturnType<typeof createEventLog>;

/** The values are always bound, never part of the text. */
function conditions(filter: LoggedEventFilter): { sql: string; values: SQLInputValue[] } {
  const [at, seq] = filter.cursor === undefined ? [Number.MIN_SAFE_INTEGER, 0] : readCursor(filter.cursor);
  const parts = ['(at, seq) > (?, ?)'];
  const values: SQLInputValue[] = [at, seq];
  const add = (sql: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add('type = ?', filter.type);
  add('application_id = ?', filter.applicationId);
  add('pin_id = ?', filter.pinId);
  add('at >= ?', filter.since);
  add('at < ?', filter.until);
  return { sql: parts.join(' AND '), values };
}

/** A cursor of another making finds the last page's end: nothing. */
function readCursor(cursor: string): [number, number] {
  const [, at, seq] = /^(-?\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  return at === undefined || seq === undefined ? [Number.MAX_SAFE_INTEGER, 0] : [Number(at), Number(seq)];
}

function endpointFromRow(row: Row): WebhookEndpoint {
  return JSON.parse(text(row['data'])) as WebhookEndpoint;
}

function eventFromRow(row: Row): LoggedEvent {
  return {
    id: text(row['id']),
    type: text(row['type']),
    applicationId: text(row['application_id']) as ApplicationId,
    pinId: text(row['pin_id']) as PinId,
    data: JSON.parse(text(row['data'])) as LoggedEvent['data'],
    at: integer(row['at']),
    loggedAt: integer(row['logged_at']),
  };
}
