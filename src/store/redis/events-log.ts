import type { ApplicationId, PinId } from '../../domain/types.ts';
import type { EventStore, LoggedEvent, LoggedEventFilter, NewLoggedEvent } from '../event-store.ts';
import type { NewEvent } from '../outbox-store.ts';
import { shardOfEvent, shardOfLogged } from './keys.ts';
import type { Places } from './places.ts';
import { packEvents } from './outbox-events.ts';
import { walk, type Entry, type Place } from './pages.ts';
import type { Reply, ScriptRunner } from './script.ts';

type EventLog = Pick<
  EventStore,
  'emitEvents' | 'publishEvents' | 'getLoggedEvent' | 'listLoggedEvents' | 'sweepLoggedEvents'
>;

/** Events a script deletes, so that live calls never wait for a clean-up. */
const SWEEP_CHUNK = 500;
const PLACE = /^(-?\d{1,15})\.(\d{22})$/;
/** Behind an order, and before none: sorts after every id. */
const LAST = '\u007F';

/** What is written in one shard. */
interface Part {
  sources: string[];
  readonly events: NewLoggedEvent[];
  readonly pushes: NewEvent[];
}

/**
 * The log of what customers were told. An event lies in the shard of its PIN, as its sources and its pushes do: also in a cluster one
 * write takes the one and makes the others.
 */
export function createEventLog({ scripts, places }: { scripts: ScriptRunner; places: Places }): EventLog {
  const { shards } = scripts;
  const publish = scripts.mutation('events-publish');
  const ack = scripts.mutation('outbox-ack');
  const get = scripts.query('events-get');
  const scan = scripts.query('events-scan');
  const sweep = scripts.mutation('events-sweep');

  /** In the order in which they came up. */
  async function write(parts: ReadonlyMap<string, Part>): Promise<void> {
    for (const [shard, { sources, events, pushes }] of parts) {
      const logged = JSON.stringify(events.map(packLogged));
      await publish({ shard, args: [JSON.stringify(sources), logged, packEvents(pushes)] });
    }
  }

  /** What was claimed elsewhere, or is gone. */
  async function takeAnywhere(ids: readonly string[]): Promise<void> {
    for (const id of ids) await Promise.all(shards.map(shard => ack({ shard, args: [id] })));
  }

  return {
    async emitEvents(events) {
      const parts = partsOf(scripts);
      for (const event of events) parts.of(shardOfEvent(event)).pushes.push(event);
      await write(parts.all);
    },

    async publishEvents({ sources, events, pushes }) {
      const parts = partsOf(scripts);
      const elsewhere: string[] = [];
      for (const id of sources) {
        const shard = places.find(id);
        if (shard === undefined) elsewhere.push(id);
        else parts.of(shard).sources.push(id);
      }
      for (const event of events) parts.of(shardOfLogged(event.id)).events.push(event);
      for (const push of pushes) parts.of(shardOfLogged(push.id)).pushes.push(push);
      await write(parts.all);
      // Last: after a crash they come again, and what is logged is logged once.
      await takeAnywhere(elsewhere);
      for (const id of sources) places.forget(id);
    },

    async getLoggedEvent(id) {
      const found = await get(shardOfLogged(id), [id]);
      return found === null ? undefined : readLogged(found);
    },

    async listLoggedEvents(filter) {
      const { limit, cursor } = filter;
      const start = startOf(filter);
      if (!start) return { events: [] };
      const found: { place: Place; event: LoggedEvent }[] = [];
      const index = indexFor(filter);
      const args = [index, filter.until ?? '', filter.type ?? '', filter.applicationId ?? '', limit + 1];
      const entries = walk({
        shards,
        read: (shard, [at = '', member = '']) => scan(shard, [at, member, ...args]),
        entriesOf,
        order: 'ascending',
        after: cursor === undefined && filter.since === undefined ? undefined : start,
        isLast: page => page.at(-1)?.value !== undefined,
      });
      for await (const entry of entries) {
        found.push(entry);
        // One more than asked for tells whether there is another page.
        if (found.length > limit) break;
      }
      const page = found.slice(0, limit);
      const events = page.map(({ event }) => event);
      const bottom = page.at(-1)?.place;
      if (found.length <= limit || !bottom) return { events };
      return { events, nextCursor: `${bottom.at}.${bottom.member.slice(0, 22)}` };
    },

    async sweepLoggedEvents({ retentionMs }) {
      let total = 0;
      for (const shard of shards) {
        for (let deleted = SWEEP_CHUNK; deleted >= SWEEP_CHUNK;) {
          deleted = Number(await sweep({ shard, args: [retentionMs, SWEEP_CHUNK] }));
          total += deleted;
        }
      }
      return total;
    },
  };
}

function partsOf(scripts: ScriptRunner) {
  const parts = new Map<string, Part>();
  return {
    of(shardOfIt: string): Part {
      const shard = scripts.placeOf(shardOfIt);
      const known = parts.get(shard);
      if (known) return known;
      const part: Part = { sources: [], events: [], pushes: [] };
      parts.set(shard, part);
      return part;
    },
    all: parts as ReadonlyMap<string, Part>,
  };
}

/** Behind which the list goes on; undefined: a cursor of another making, behind which is nothing. */
function startOf({ since, cursor }: LoggedEventFilter): Place | undefined {
  const bySince = { at: since ?? -Infinity, member: '' };
  if (cursor === undefined) return bySince;
  const [, at, order] = PLACE.exec(cursor) ?? [];
  if (at === undefined || order === undefined) return undefined;
  const byCursor = { at: Number(at), member: `${order}${LAST}` };
  return byCursor.at < bySince.at ? bySince : byCursor;
}

/** One that has few of the rest, in the order of the list. */
function indexFor({ pinId, applicationId }: LoggedEventFilter): string {
  if (pinId !== undefined) return `lp:${pinId}`;
  return applicationId === undefined ? 'l' : `la:${applicationId}`;
}

function packLogged({ id, type, applicationId, pinId, data, at }: NewLoggedEvent): string[] {
  return [id, type, applicationId, pinId, JSON.stringify(data), String(at)];
}

/** What lua/include/events.lua returns of one. */
function readLogged(reply: Reply): LoggedEvent {
  const [id, type, applicationId, pinId, data, at, loggedAt] = (reply as readonly Reply[]).map(String);
  return {
    id: id ?? '',
    type: type ?? '',
    applicationId: applicationId as ApplicationId,
    pinId: pinId as PinId,
    data: JSON.parse(data ?? '') as LoggedEvent['data'],
    at: Number(at),
    loggedAt: Number(loggedAt),
  };
}

/** What lua/events-scan.lua returns: where a page of a scan ends is an entry without a value. */
function entriesOf(reply: Reply): Entry<{ place: Place; event: LoggedEvent }>[] {
  return (reply as readonly (readonly Reply[])[]).map(([score, name, row]) => {
    const place = { at: Number(score), member: String(name) };
    return {
      ...place,
      value: row === '' || row === undefined ? undefined : { place, event: readLogged(row) },
    };
  });
}
