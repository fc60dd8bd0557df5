import type { DatabaseSync } from 'node:sqlite';

import type { ClaimEvents, NewEvent, StoredEvent } from '../outbox-store.ts';
import { integer, optionalText, text, type Row } from './rows.ts';

/** Sorts before any origin, and an empty `after` before it. */
const NO_TARGET = '-';
/** A follower is never due by itself: its leader takes it along. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** Rows a transaction, so that live calls never wait for a clean-up. */
export const DROP_CHUNK = 500;

/**
 * Events on their way to customers; an id is written once. `due_at` is the schedule, `available_at` that or the end of
 * the lease.
 */
export function createOutbox(db: DatabaseSync, now: () => number) {
  const insert = db.prepare(`
    INSERT INTO event (id, type, target, batch, data, created_at, armed_at, due_at, available_at)
    VALUES ($id, $type, $target, $batch, $data, $now, $now, $now, $now)
    ON CONFLICT (id) DO NOTHING`);
  const due = db.prepare('SELECT * FROM event WHERE available_at <= ? ORDER BY available_at, seq LIMIT ?');
  const dueOfType = db.prepare(
    'SELECT * FROM event WHERE type = ? AND available_at <= ? ORDER BY available_at, seq LIMIT ?',
  );
  const dueOfTarget = db.prepare(`
    SELECT * FROM event WHERE type = ? AND target = ? AND available_at <= ?
    ORDER BY available_at, seq LIMIT 1`);
  // One look-up a target, whatever waits for it.
  const nextTarget = db.prepare(
    'SELECT target FROM event WHERE type = ? AND target > ? ORDER BY target LIMIT 1',
  );
  const lease = db.prepare('UPDATE event SET tries = tries + 1, available_at = ? WHERE seq = ?');
  const join = db.prepare(`
    UPDATE event SET leader = $leader, available_at = ${NEVER} WHERE seq IN
      (SELECT seq FROM event WHERE batch = $batch AND type = $type AND target = $target AND leader IS NULL
        AND tries = 0 AND seq <> $leader AND available_at <= $now ORDER BY seq LIMIT $limit)`);
  const followersOf = db.prepare('SELECT * FROM event WHERE leader = ? ORDER BY seq');
  const dropFollowers = db.prepare('DELETE FROM event WHERE leader = (SELECT seq FROM event WHERE id = ?)');
  const drop = db.prepare('DELETE FROM event WHERE id = ?');
  const defer = db.prepare(
    'UPDATE event SET armed_at = $now, due_at = $due, available_at = $due WHERE id = $id AND leader IS NULL',
  );
  const next = db.prepare('SELECT min(available_at) AS at FROM event WHERE type = ?');
  const dropUnconsumed = db.prepare(`
    DELETE FROM event WHERE seq IN
      (SELECT seq FROM event WHERE created_at <= ? AND type NOT IN (SELECT value FROM json_each(?))
        ORDER BY seq LIMIT ${DROP_CHUNK})`);
  const disable = db.prepare('INSERT OR REPLACE INTO disabled_address (address, until) VALUES (?, ?)');
  const isDisabled = db.prepare('SELECT 1 FROM disabled_address WHERE address = ? AND until > ?');
  const dropEnabled = db.prepare('DELETE FROM disabled_address WHERE until <= ?');

  /** Takes a due row: leases it, with what travels along. */
  function take(row: Row, { leaseMs, spread }: ClaimEvents, at: number): StoredEvent {
    const seq = integer(row['seq']);
    const key = optionalText(row['batch']);
    if (spread && spread.batch > 1 && key !== undefined && integer(row['tries']) === 0) {
      join.run({
        $leader: seq,
        $batch: key,
        $type: text(row['type']),
        $target: text(row['target']),
        $now: at,
        $limit: spread.batch - 1,
      });
    }
    lease.run(at + Math.ceil(leaseMs), seq);
    const event = eventFromRow(row);
    const followers = key === undefined ? [] : followersOf.all(seq).map(eventFromRow);
    return followers.length > 0 ? { ...event, followers } : event;
  }

  /** The targets of a type by name, the first of them behind `after`. */
  function* targetsBehind(type: string, after: string): Generator<string> {
    let target = after;
    for (;;) {
      const row = nextTarget.get(type, target);
      if (!row) return;
      target = text(row['target']);
      yield target;
    }
  }

  /** The oldest due event of each target in turn, round from behind `after`. */
  function* inTurn(type: string, spread: NonNullable<ClaimEvents['spread']>, at: number): Generator<Row> {
    const except = new Set(spread.except);
    const headOf = (target: string) => (except.has(target) ? undefined : dueOfTarget.get(type, target, at));
    for (const target of targetsBehind(type, spread.after)) {
      const row = headOf(target);
      if (row) yield row;
    }
    for (const target of targetsBehind(type, '')) {
      if (target > spread.after) return;
      const row = headOf(target);
      if (row) yield row;
    }
  }

  function* candidates({ types, spread, limit }: ClaimEvents, at: number): Generator<Row> {
    if (!types) yield* due.all(at, limit);
    for (const type of types ?? []) {
      if (spread) yield* inTurn(type, spread, at);
      else yield* dueOfType.all(type, at, limit);
    }
  }

  return {
    emit(events: readonly NewEvent[]): void {
      const at = now();
      for (const { id, type, data, target, batch } of events) {
        insert.run({
          $id: id,
          $type: type,
          $target: target ?? originOf(data['url']),
          $batch: batch ?? null,
          $data: JSON.stringify(data),
          $now: at,
        });
      }
    },

    claim(request: ClaimEvents): StoredEvent[] {
      const at = now();
      const events: { seq: number; event: StoredEvent }[] = [];
      for (const row of candidates(request, at)) {
        if (events.length >= request.limit) break;
        events.push({ seq: integer(row['seq']), event: take(row, request, at) });
      }
      // In turn, the last one tells where to go on.
      if (request.spread) return events.map(({ event }) => event);
      return events.toSorted((a, b) => a.seq - b.seq).map(({ event }) => event);
    },

    ack(id: string): void {
      dropFollowers.run(id);
      drop.run(id);
    },

    defer({ id, inMs }: { id: string; inMs: number }): void {
      const at = now();
      defer.run({ $id: id, $now: at, $due: at + Math.ceil(inMs) });
    },

    nextIn({ types }: { types: readonly string[] }): number | undefined {
      const times = types.map(type => next.get(type)?.['at'] ?? null).filter(at => at !== null);
      if (times.length === 0) return undefined;
      return Math.max(0, Math.min(...times.map(integer)) - now());
    },

    /** A chunk of them: fewer than `DROP_CHUNK` when there are no more. */
    dropSome({ exceptTypes, olderThanMs }: { exceptTypes: readonly string[]; olderThanMs: number }): number {
      return Number(dropUnconsumed.run(now() - olderThanMs, JSON.stringify(exceptTypes)).changes);
    },

    disable({ address, forMs }: { address: string; forMs: number }): void {
      dropEnabled.run(now());
      disable.run(address, now() + Math.ceil(forMs));
    },

    disabled(addresses: readonly string[]): ReadonlySet<string> {
      const at = now();
      return new Set(addresses.filter(address => isDisabled.get(address, at) !== undefined));
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;

function eventFromRow(row: Row): StoredEvent {
  const batch = optionalText(row['batch']);
  return {
    id: text(row['id']),
    type: text(row['type']),
    target: text(row['target']),
    ...(batch !== undefined && { batch }),
    data: JSON.parse(text(row['data'])) as StoredEvent['data'],
    createdAt: integer(row['created_at']),
    tries: integer(row['tries']) + 1,
  };
}

function originOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : NO_TARGET;
}
