import { createHash } from 'node:crypto';

import { shardOf } from '../../domain/ids.ts';
import type { ClaimEvents, OutboxStore, StoredEvent } from '../outbox-store.ts';
import { createPlaces, type Places } from './places.ts';
import { readEvent, type ReadEvent } from './outbox-events.ts';
import type { Reply, ScriptRunner } from './script.ts';
import { shareOut, soonest } from './shares.ts';

/** Events a script deletes, so that live calls never wait for a clean-up. */
const DROP_CHUNK = 500;
/** Looks at the queues, when others took what was there. */
const MAX_LOOKS = 4;

/**
 * The outbox: events lie in the shard of what they tell of. An event's id does not say which: whoever claimed it here is
 * remembered, and what is not is looked for everywhere.
 */
export function createRedisOutbox({
  scripts,
  places = createPlaces(),
}: {
  scripts: ScriptRunner;
  places?: Places;
}): OutboxStore {
  const { shards } = scripts;
  const claim = scripts.mutation('outbox-claim');
  const peek = scripts.query('outbox-peek');
  const heads = scripts.query('outbox-heads');
  const take = scripts.mutation('outbox-take');
  const next = scripts.query('outbox-next');
  const ack = scripts.mutation('outbox-ack');
  const defer = scripts.mutation('outbox-defer');
  const drop = scripts.mutation('outbox-drop');
  const disable = scripts.mutation('outbox-disable');
  const disabled = scripts.query('outbox-disabled');

  function read(shard: string, reply: Reply): ReadEvent[] {
    const found = (reply as readonly Reply[]).map(readEvent);
    for (const { event } of found) places.remember(event.id, shard);
    return found;
  }

  /** In the shard of the event, or wherever it is. */
  async function whereItIs(id: string, run: (shard: string) => Promise<Reply>): Promise<void> {
    const shard = places.find(id);
    await Promise.all((shard === undefined ? shards : [shard]).map(run));
  }

  /** The oldest of all shards. */
  async function claimOldest({ limit, leaseMs, types = [] }: ClaimEvents): Promise<StoredEvent[]> {
    const lease = Math.ceil(leaseMs);
    const shares = await shareOut(shards, limit, shard => peek(shard, [limit, ...types]));
    const claimed = await Promise.all(
      shares.map(async ({ shard, share }) =>
        read(shard, await claim({ shard, args: [share, lease, ...types] })),
      ),
    );
    return claimed
      .flat()
      .toSorted((a, b) => (a.order < b.order ? -1 : 1))
      .map(({ event }) => event);
  }

  /** Due targets of a type in turn, from behind `after` round to it, each with the shard where its oldest is. */
  async function targetsInTurn(type: string, spread: NonNullable<ClaimEvents['spread']>) {
    const best = new Map<string, { shard: string; at: number }>();
    await Promise.all(
      shards.map(async shard => {
        const found = (await heads(shard, [type])) as readonly Reply[];
        for (let i = 0; i < found.length; i += 2) {
          const [target, at] = [String(found[i]), Number(found[i + 1])];
          const known = best.get(target);
          if (!known || at < known.at) best.set(target, { shard, at });
        }
      }),
    );
    for (const target of spread.except) best.delete(target);
    const sorted = [...best.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const behind = sorted.findIndex(target => target > spread.after);
    const turned = behind < 0 ? sorted : [...sorted.slice(behind), ...sorted.slice(0, behind)];
    return turned.map(target => ({ target, shard: best.get(target)?.shard }));
  }

  async function takeInTurn(request: ClaimEvents, type: string, limit: number): Promise<StoredEvent[]> {
    const { leaseMs, spread = { after: '', except: [], batch: 1 } } = request;
    for (let look = 1; ; look++) {
      const targets = (await targetsInTurn(type, spread)).slice(0, limit);
      const places = new Map(targets.map(({ target }, place) => [target, place]));
      const found = await Promise.all(
        shards.map(async shard => {
          const here = targets.filter(each => each.shard === shard).map(({ target }) => target);
          if (here.length === 0) return [];
          const args = [Math.ceil(leaseMs), spread.batch, type, ...here];
          return read(shard, await take({ shard, args }));
        }),
      );
      const place = ({ event }: ReadEvent): number => places.get(event.target) ?? 0;
      const events = found.flat().toSorted((a, b) => place(a) - place(b));
      if (events.length > 0 || targets.length === 0 || look === MAX_LOOKS) {
        return events.map(({ event }) => event);
      }
    }
  }

  return {
    async claimEvents(request) {
      if (request.limit < 1) return [];
      if (!request.spread) return await claimOldest(request);
      const events: StoredEvent[] = [];
      for (const type of request.types ?? []) {
        if (events.length >= request.limit) break;
        events.push(...(await takeInTurn(request, type, request.limit - events.length)));
      }
      return events;
    },

    async ackEvent(id) {
      await whereItIs(id, shard => ack({ shard, args: [id] }));
      places.forget(id);
    },

    async deferEvent({ id, inMs }) {
      await whereItIs(id, shard => defer({ shard, args: [id, Math.ceil(inMs)] }));
    },

    async nextEventIn({ types }) {
      if (types.length === 0) return undefined;
      return await soonest(shards, shard => next(shard, types));
    },

    async dropEvents({ exceptTypes, olderThanMs }) {
      let total = 0;
      for (const shard of shards) {
        for (let dropped = DROP_CHUNK; dropped >= DROP_CHUNK;) {
          const args = [olderThanMs, DROP_CHUNK, ...exceptTypes];
          dropped = Number(await drop({ shard, args }));
          total += dropped;
        }
      }
      return total;
    },

    async disableAddress({ address, forMs }) {
      const hash = hashOf(address);
      await disable({ shard: shardOf(hash), args: [hash, Math.ceil(forMs)] });
    },

    async disabledAddresses(addresses) {
      const found = new Set<string>();
      await Promise.all(
        addresses.map(async address => {
          const hash = hashOf(address);
          const reply = (await disabled(shardOf(hash), [hash])) as readonly Reply[];
          if (reply.length > 0) found.add(address);
        }),
      );
      return found;
    },
  };
}

/** An address may hold a password or a token: it is no part of a key. */
function hashOf(address: string): string {
  return createHash('sha256').update(address).digest('hex');
}
