import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

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
import type { Writer } from './writer.ts';

type Publish = Parameters<EventStore['publishEvents']>[0];

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly writer: Writer;
  readonly outbox: Outbox;
}

/** Rows that one turn of the event loop looks through: some 10 ms. */
const SLICE = 20_000;
/** Rows a transaction, so that live calls never wait for a clean-up. */
export const LOG_CHUNK = 500;

/** Customers' addresses, and the log of what they were told. Writes are for inside the writer's transaction. */
export function createEventLog({ db, now, writer, outbox }: Deps) {
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

  /** How far one turn of the event loop looks, where two filters are set and only one has an index. */
  function sliceEnd(filter: LoggedEventFilter, after: Place, last: Place): Place | undefined {
    const { type, applicationId, pinId } = filter;
    if (type === undefined || applicationId === undefined || pinId !== undefined) return undefined;
    const row = db
      .prepare(`
        SELECT at, seq FROM logged_event ${indexFor(filter)} WHERE type = ? AND (at, seq) > (?, ?)
          AND (at, seq) <= (?, ?)
        ORDER BY at, seq LIMIT 1 OFFSET ${SLICE}`)
      .get(type, ...after, ...last);
    return row && placeOf(row);
  }

  function rowsBetween(filter: LoggedEventFilter, after: Place, end: Place, limit: number): Row[] {
    const { sql, values } = conditions(filter);
    return db
      .prepare(`
        SELECT * FROM logged_event ${indexFor(filter)} WHERE ${sql} AND (at, seq) > (?, ?) AND (at, seq) <= (?, ?)
        ORDER BY at, seq LIMIT ?`)
      .all(...values, ...after, ...end, limit);
  }

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

    async list(filter: LoggedEventFilter): Promise<{ events: LoggedEvent[]; nextCursor?: string }> {
      const found: Row[] = [];
      const last: Place = [filter.until ?? Number.MAX_SAFE_INTEGER, 0];
      let after = startOf(filter);
      for (;;) {
        const from = after;
        const end = await writer.read(() => sliceEnd(filter, from, last));
        // One more than asked for tells whether there is another page.
        const wanted = filter.limit + 1 - found.length;
        found.push(...(await writer.read(() => rowsBetween(filter, from, end ?? last, wanted))));
        if (!end || found.length > filter.limit) break;
        after = end;
        await nextTurn();
      }
      const page = found.slice(0, filter.limit);
      const bottom = page.at(-1);
      const events = page.map(eventFromRow);
      if (found.length <= filter.limit || !bottom) return { events };
      return { events, nextCursor: placeOf(bottom).join('.') };
    },

    /** A chunk of them: fewer than `LOG_CHUNK` when there are no more. */
    sweepSome: (retentionMs: number): number => Number(sweep.run(now() - retentionMs).changes),
  };
}

export type EventLog = ReturnType<typeof createEventLog>;

/** In the order of the list. */
type Place = readonly [at: number, seq: number];

/** Behind which the list goes on. */
function startOf({ since, cursor }: LoggedEventFilter): Place {
  const bySince: Place = [since ?? Number.MIN_SAFE_INTEGER, 0];
  if (cursor === undefined) return bySince;
  const byCursor = readCursor(cursor);
  return byCursor[0] < bySince[0] ? bySince : byCursor;
}

function placeOf(row: Row): Place {
  return [integer(row['at']), integer(row['seq'])];
}

/** The values are always bound, never part of the text. */
function conditions(filter: LoggedEventFilter): { sql: string; values: SQLInputValue[] } {
  const parts: (readonly [sql: string, value: SQLInputValue | undefined])[] = [
    ['type = ?', filter.type],
    ['application_id = ?', filter.applicationId],
    ['pin_id = ?', filter.pinId],
  ];
  const used = parts.filter((part): part is readonly [string, SQLInputValue] => part[1] !== undefined);
  return { sql: ['TRUE', ...used.map(([sql]) => sql)].join(' AND '), values: used.map(([, value]) => value) };
}

/** Said, since SQLite keeps no figures of ours by which to choose. All give the rows in the order of the list. */
function indexFor({ pinId, applicationId, type }: LoggedEventFilter): string {
  if (pinId !== undefined) return 'INDEXED BY logged_event_of_pin';
  if (type !== undefined) return 'INDEXED BY logged_event_of_type';
  return applicationId === undefined
    ? 'INDEXED BY logged_event_at'
    : 'INDEXED BY logged_event_of_application';
}

/** A cursor of another making finds the last page's end: nothing. */
function readCursor(cursor: string): Place {
  const [, at, seq] = /^(-?\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
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
