import { setTimeout as pause } from 'node:timers/promises';

import { groupBy, only } from './journal.ts';
import { destinyOf, FALLBACKS, type Load } from './load.ts';
import { FULL } from './results.ts';
import type { World } from './world.ts';

/** What the service says of a verification, over its API. */
export interface Known {
  readonly id: string;
  readonly to: string;
  readonly state: string;
  readonly createdAt: string;
  readonly timeline: readonly {
    channel: string;
    at: string;
    trigger?: string;
    state: string;
    endedAt?: string;
    reason?: string;
  }[];
}
export interface LoggedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly verificationId?: string };
}

/** Everything as it is in the end. */
export interface Ending {
  /** By id. */
  readonly known: ReadonlyMap<string, Known>;
  readonly events: readonly LoggedEvent[];
  /** Ids of events that the customer got and no log has. */
  readonly strangers: readonly string[];
  /** What did not come to its end although nothing held it up any more. */
  readonly unsettled: readonly string[];
}

export const ENDS = ['verified', 'expired', 'exhausted', 'superseded', 'cancelled'];
const PAGE = 100;

/** Lets all calls end, cancels what is then open, and waits until the customer was told of everything: `waitMs` each. */
export async function settle(world: World, load: Load, waitMs: number): Promise<Ending> {
  await load.quiet();
  const before = await eachSettled(world, waitMs);
  await load.quiet();
  await endAll(world, before);
  const known = await eachEnded(world, waitMs);
  const events = await eachToldOf(world, known, waitMs);
  // In this order: what is told late is in the log before it arrives.
  const arrived = receivedBy(world);
  const logged = new Set((await loggedBy(world)).map(({ id }) => id));
  const strangers = [...arrived].filter(id => !logged.has(id));
  return { known, events, strangers, unsettled: before.filter(each => !isOver(each)).map(unsettled) };
}

/** How each verification was said to have ended. One without a plan, which expires in silence, is not told of. */
export function endsTold(events: readonly LoggedEvent[]): ReadonlyMap<string, readonly string[]> {
  const ends = events.filter(({ type }) => ENDS.includes(type.replace('verification.', '')));
  const byId = groupBy(ends, ({ data }) => data.verificationId ?? '');
  return new Map(
    [...byId].map(([id, all]) => [id, all.map(({ type }) => type.replace('verification.', ''))]),
  );
}

function isOver({ to, state, timeline }: Known): boolean {
  const last = timeline.at(-1);
  if (FALLBACKS.includes(destinyOf(to)) && state === 'pending' && last?.channel !== 'voice') return false;
  return last?.channel !== 'voice' || last.endedAt !== undefined;
}

/** The carrier has said how every call ended, some time ago. */
function unsettled({ to, state, timeline }: Known): string {
  return `I1: ${to} (${state}) is still under way: ${told(timeline)}`;
}

/** A timeline in a line. */
export function told(timeline: Known['timeline']): string {
  return timeline
    .map(({ channel, trigger, state, reason }) => [channel, trigger, state, reason].filter(Boolean).join(' '))
    .join(', ');
}

/** Resolves when no call is due or under way any more, or at the end of the wait. */
async function eachSettled(world: World, waitMs: number): Promise<readonly Known[]> {
  return await poll(
    waitMs,
    async () => await verificationsOf(world, world.ids.applicationId),
    all => all.every(isOver),
  );
}

/** What is open is cancelled, as an application would. */
async function endAll(world: World, known: readonly Known[]): Promise<void> {
  const open = known.filter(({ state }) => state === 'pending');
  await inParallel(
    open,
    async ({ id }) => void (await world.service.api('POST', `/v1/verifications/${id}/cancel`)),
  );
}

async function eachEnded(world: World, waitMs: number): Promise<ReadonlyMap<string, Known>> {
  const all = await poll(
    waitMs,
    async () => [
      ...(await verificationsOf(world, world.ids.applicationId)),
      ...(await verificationsOf(world, world.short.applicationId)),
    ],
    found => found.every(({ state }) => ENDS.includes(state)),
  );
  return new Map(all.map(each => [each.id, each]));
}

/**
 * Whether the customer must have everything in the end. On Redis what a process had taken when it died is another's only 15 s
 * later, for which the short form does not wait.
 */
export const awaitsEvents = (world: World): boolean => FULL || !world.redis;

/**
 * Resolves when every end is in the log and the customer has all of that, or when for `waitMs` neither came any further: after two
 * hundred kills there are tens of thousands of events to be brought.
 */
async function eachToldOf(
  world: World,
  known: ReadonlyMap<string, Known>,
  waitMs: number,
): Promise<readonly LoggedEvent[]> {
  const progress = { at: performance.now(), logged: 0, received: 0 };
  const hasStalled = (): boolean => performance.now() - progress.at > waitMs;
  const stalled = (logged: number, arrived: number): boolean => {
    if (logged > progress.logged || arrived > progress.received) {
      Object.assign(progress, { at: performance.now(), logged, received: arrived });
    }
    return hasStalled();
  };
  for (;;) {
    const events = await loggedBy(world);
    const ends = endsTold(events);
    const isLogged = [...known.values()].every(({ id, to }) => destinyOf(to) === 7 || ends.has(id));
    // The log is long: it is read again when the customer has what it held.
    const isTold = async (): Promise<boolean> => {
      for (;;) {
        const arrived = receivedBy(world);
        if (!awaitsEvents(world) || events.every(({ id }) => arrived.has(id))) return true;
        if (stalled(events.length, arrived.size)) return false;
        await pause(1_000);
      }
    };
    if (isLogged ? (await isTold()) || hasStalled() : stalled(events.length, 0)) return events;
    await pause(250);
  }
}

function receivedBy(world: World): ReadonlySet<string> {
  return new Set(only(world.journal.read(), 'event').map(({ id }) => id));
}

async function loggedBy(world: World): Promise<readonly LoggedEvent[]> {
  return await pagesOf<LoggedEvent>(world, '/v1/events?', 'events');
}

async function verificationsOf(world: World, applicationId: string): Promise<readonly Known[]> {
  return await pagesOf<Known>(world, `/v1/verifications?applicationId=${applicationId}&`, 'verifications');
}

async function pagesOf<Item>(world: World, path: string, field: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let patience = 40;
  let cursor: string | undefined;
  for (;;) {
    const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await world.service.api('GET', `${path}limit=${PAGE}${more}`);
    // A store that shares its cores with everything else may be late; clients ask again.
    if (status === 503 && patience-- > 0) {
      await pause(250);
      continue;
    }
    if (status !== 200) throw new Error(`${path}: ${status}`);
    items.push(...(body[field] as Item[]));
    cursor = body['nextCursor'] as string | undefined;
    if (cursor === undefined) return items;
  }
}

async function poll<Value>(
  waitMs: number,
  look: () => Promise<Value>,
  enough: (value: Value) => boolean,
): Promise<Value> {
  const end = performance.now() + waitMs;
  for (;;) {
    const value = await look();
    if (enough(value) || performance.now() > end) return value;
    await pause(250);
  }
}

/** Sixteen at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}
