import { Redis } from 'ioredis';
import { join } from 'node:path';

import { shardRoot } from '../../src/store/redis/keys.ts';
import { dumpSqlite } from '../support/sqlite-dump.ts';
import { groupBy, only, type Entry } from './journal.ts';
import { destinyOf, FALLBACKS, NO_REPORT_MS, type Load } from './load.ts';
import {
  awaitsEvents,
  ENDS,
  endsTold,
  inParallel,
  settle,
  told,
  type Known,
  type LoggedEvent,
} from './settle.ts';
import { ATTEMPTS, SLACK, type World } from './world.ts';

export interface Findings {
  /** What must not be; empty in a good run. */
  readonly wrong: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Of a timer that a process took with it when it died. On SQLite the next start ends it. */
const TIMER_LEASE_MS = 10_000;
const FIRED_LATE_MS = 1_000;
/** A second call is only excused by a kill so soon after the carrier took the first one. */
const RECORD_WINDOW_MS = 1_500;

/**
 * Lets everything end, then joins the journal with what the service knows and holds both against I1 to I6 of faults.md.
 * Call it when nothing is broken any more.
 */
export async function settleAndCheck(world: World, load: Load, waitMs = 90_000): Promise<Findings> {
  const { known, events, strangers, unsettled } = await settle(world, load, waitMs);
  const entries = world.journal.read();
  const wrong = [
    ...unsettled,
    ...durable(entries, known, events),
    ...(await templates(world, entries)),
    ...attempts(entries),
    ...(await comparisons(world, entries, known)),
    ...oneSuccess(entries, known),
    ...fallbacks(entries, known),
    ...callbacks(entries, known),
    ...outbox(entries, events, world),
    ...strangers.map(id => `I6: ${id} arrived, and is in no log`),
  ];
  const late = lateness(world, entries, known);
  return {
    wrong: [...wrong, ...late.wrong].slice(0, 50),
    figures: { ...figuresOf(entries, known), ...late.figures },
  };
}

/** I1: every send answered 2xx exists and came to exactly one end; one send, one PIN, whatever was repeated. */
function durable(
  entries: readonly Entry[],
  known: ReadonlyMap<string, Known>,
  events: readonly LoggedEvent[],
) {
  const wrong: string[] = [];
  for (const { id, number } of only(entries, 'send')) {
    if (id === undefined) continue;
    const found = known.get(id);
    if (!found) wrong.push(`I1: ${number} was acknowledged and is not there`);
    else if (found.to !== number) wrong.push(`I1: ${number} became ${found.to}`);
  }
  for (const { to, state } of known.values()) {
    if (!ENDS.includes(state)) wrong.push(`I1: ${to} is ${state} in the end`);
  }
  for (const [to, all] of groupBy([...known.values()], ({ to: number }) => number)) {
    if (all.length > 1) wrong.push(`I1: ${all.length} verifications of ${to}`);
  }
  const told = endsTold(events);
  for (const { id, to, state } of known.values()) {
    const types = told.get(id) ?? [];
    const isRight = destinyOf(to) === 7 ? types.length === 0 : types.length === 1 && types[0] === state;
    if (!isRight) wrong.push(`I1: ${to} is ${state}, and told as "${types.join(' ')}"`);
  }
  return wrong;
}

/** I1 for applications and templates. */
async function templates(world: World, entries: readonly Entry[]): Promise<string[]> {
  const wrong: string[] = [];
  await inParallel(only(entries, 'template'), async ({ applicationId, messageId }) => {
    const { status } = await world.service.api(
      'GET',
      `/2fa/2/applications/${applicationId}/messages/${messageId}`,
    );
    if (status !== 200) wrong.push(`I1: template ${messageId} was acknowledged, and is ${status}`);
  });
  return wrong;
}

/** I2, by what clients were answered: as many comparisons as attempts at most, and a count that never stands still. */
function attempts(entries: readonly Entry[]): string[] {
  const wrong: string[] = [];
  for (const [id, checks] of groupBy(only(entries, 'check'), check => check.id)) {
    const compared = checks.filter(({ answer }) => answer === 'wrong' || answer === 'verified');
    if (compared.length > ATTEMPTS) wrong.push(`I2: ${compared.length} comparisons of ${id}`);
    const left = compared.flatMap(({ attemptsLeft = 0 }) => (attemptsLeft > 0 ? [attemptsLeft] : []));
    if (new Set(left).size < left.length) wrong.push(`I2: the count of ${id} went back: ${left.join(' ')}`);
  }
  return wrong;
}

/** I2, by the store itself: it counted every comparison that was answered, and no more than are allowed. */
async function comparisons(
  world: World,
  entries: readonly Entry[],
  known: ReadonlyMap<string, Known>,
): Promise<string[]> {
  const wrong: string[] = [];
  const counted = await comparisonsOf(world, [...known.keys()]);
  const checks = groupBy(only(entries, 'check'), check => check.id);
  for (const id of known.keys()) {
    const stored = counted.get(id);
    if (stored === undefined || !Number.isInteger(stored)) {
      wrong.push(`I2: the store does not say how often it compared ${id}`);
      continue;
    }
    const asked = checks.get(id) ?? [];
    const answered = asked.filter(({ answer }) => answer === 'wrong' || answer === 'verified').length;
    const lost = asked.filter(({ answer }) => answer === 'lost' || answer.startsWith('http 5')).length;
    if (stored > ATTEMPTS) wrong.push(`I2: the store compared ${id} ${stored} times`);
    if (stored < answered) wrong.push(`I2: ${answered} comparisons of ${id} answered, ${stored} counted`);
    if (stored > answered + lost) wrong.push(`I2: ${stored} comparisons of ${id}, nobody asked for so many`);
  }
  return wrong;
}

/** Of a PIN's record on Redis: the attempts that are used (src/store/redis/lua/include/pin.lua). */
const USED_LINE = 6;

/** Read past the service. */
async function comparisonsOf(world: World, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (!world.redis) {
    const { pins } = dumpSqlite(join(world.service.dataDir, 'saypin.db'));
    return new Map(pins.map(({ pinId, comparisons: count }) => [pinId, count]));
  }
  const client = new Redis(world.redis.url);
  try {
    // One server has all in one shard.
    const keys = ids.map(id => `${shardRoot('saypin:', '0')}p:${id}`);
    const records = await Promise.all(keys.map(async key => await client.get(key)));
    return new Map(ids.map((id, index) => [id, Number(records[index]?.split('\n')[USED_LINE])]));
  } finally {
    client.disconnect();
  }
}

/** I3: verified at most once, never after another end, and what was answered so stays so. */
function oneSuccess(entries: readonly Entry[], known: ReadonlyMap<string, Known>): string[] {
  const wrong: string[] = [];
  const right = only(entries, 'check').filter(({ answer }) => answer === 'verified');
  for (const [id, all] of groupBy(right, check => check.id)) {
    if (all.length > 1) wrong.push(`I3: ${id} was verified ${all.length} times`);
    const state = known.get(id)?.state;
    if (state !== 'verified') wrong.push(`I3: ${id} was answered verified, and is ${state}`);
  }
  return wrong;
}

/** I4: exactly one call where one is due, none after a verification was answered. */
function fallbacks(entries: readonly Entry[], known: ReadonlyMap<string, Known>): string[] {
  const wrong: string[] = [];
  const calls = groupBy(callsOf(entries), ({ number }) => number);
  const faults = only(entries, 'fault');
  const verifiedAt = new Map(
    only(entries, 'check').flatMap(({ id, answer, at }) =>
      answer === 'verified' ? [[id, at] as const] : [],
    ),
  );
  for (const { id, to } of known.values()) {
    const made = calls.get(to) ?? [];
    const destiny = destinyOf(to);
    if ((FALLBACKS.includes(destiny) || destiny === 7) && made.length === 0)
      wrong.push(`I4: no call to ${to}`);
    const excused = made
      .slice(0, -1)
      .every(({ at }) => faults.some(fault => fault.at >= at - 5 && fault.at <= at + RECORD_WINDOW_MS));
    if (made.length > 2 || (made.length === 2 && !excused)) wrong.push(`I4: ${made.length} calls to ${to}`);
    const answeredAt = verifiedAt.get(id);
    if (answeredAt !== undefined && made.some(({ at }) => at > answeredAt))
      wrong.push(`I4: ${to} was called after it was verified`);
  }
  const numbers = new Set([...known.values()].map(({ to }) => to));
  for (const number of calls.keys()) {
    if (!numbers.has(number)) wrong.push(`I4: a call to ${number}, of which nothing is known`);
  }
  return wrong;
}

/** I5: forged callbacks are refused, and nothing that they said came about. */
function callbacks(entries: readonly Entry[], known: ReadonlyMap<string, Known>): string[] {
  const wrong: string[] = [];
  for (const { number, answer, status } of only(entries, 'callback').filter(({ forged }) => forged)) {
    if (![403, 404, 503, 'lost'].includes(answer))
      wrong.push(`I5: a forged "${status}" for ${number}: ${answer}`);
  }
  const calls = groupBy(callsOf(entries), ({ number }) => number);
  const texts = new Set(
    only(entries, 'taken').flatMap(({ kind, number }) => (kind === 'text' ? [number] : [])),
  );
  const delivered = new Set(
    only(entries, 'callback').flatMap(({ number, status, forged, answer }) =>
      status === 'delivered' && !forged && answer === 204 ? [number] : [],
    ),
  );
  for (const { to, timeline } of known.values()) {
    if (!calls.has(to)) continue;
    // Only the forged word says that it failed; or no carrier ever had it: killed before it was asked each time, or out of reach.
    const isRefused = timeline[0]?.reason === 'refused';
    const isNowhere = timeline[0]?.reason === 'carrier-unknown' && !texts.has(to);
    if (delivered.has(to) || ([0, 3, 4].includes(destinyOf(to)) && !isRefused && !isNowhere))
      wrong.push(`I5: a delivered text brought a call to ${to}: ${told(timeline)}`);
  }
  return wrong;
}

/** I6: every event arrives, under one id each, and none that was not emitted. */
function outbox(entries: readonly Entry[], events: readonly LoggedEvent[], world: World): string[] {
  const wrong: string[] = [];
  const received = groupBy(only(entries, 'event'), ({ id }) => id);
  for (const { id, type } of events) {
    const got = received.get(id) ?? [];
    if (got.length === 0 && awaitsEvents(world)) wrong.push(`I6: ${type} ${id} never arrived`);
    if (new Set(got.map(({ webhookId }) => webhookId)).size > 1)
      wrong.push(`I6: ${id} came under several ids`);
  }
  const { forged } = world.customer;
  if (forged > 0) wrong.push(`I6: ${forged} events with a bad signature`);
  return wrong;
}

/** How late the fallbacks of silent texts began: after they were due, or after the service was ready again. */
function lateness(world: World, entries: readonly Entry[], known: ReadonlyMap<string, Known>) {
  const wrong: string[] = [];
  const readies = only(entries, 'ready').map(({ date }) => date);
  const faults = only(entries, 'fault').map(({ date }) => date);
  let worst = 0;
  let overdue = 0;
  let leased = 0;
  for (const { to, timeline } of known.values()) {
    const [text, call] = timeline;
    if (destinyOf(to) !== 2 || !text || call?.trigger !== 'no-report') continue;
    const due = Date.parse(text.at) + NO_REPORT_MS;
    const began = Date.parse(call.at);
    // Of the life in which it began: what is overdue at a start begins before the service says that it is ready.
    const born = faults.findLast(date => date <= began) ?? 0;
    const ready = readies.find(date => date > born) ?? 0;
    if (ready > due && born > 0) overdue++;
    const late = began - Math.max(due, ready);
    const died = born >= due ? born : undefined;
    // On Redis another node could have it: only the end of its lease frees what the dead one had taken.
    if (
      world.redis &&
      died !== undefined &&
      late > FIRED_LATE_MS &&
      began <= died + TIMER_LEASE_MS + FIRED_LATE_MS
    ) {
      leased++;
      continue;
    }
    worst = Math.max(worst, late);
    if (late > FIRED_LATE_MS * SLACK) wrong.push(`a timer of ${to} fired ${late} ms late`);
  }
  return { wrong, figures: { overdueTimers: overdue, leasedTimers: leased, worstTimerMs: worst } };
}

function figuresOf(entries: readonly Entry[], known: ReadonlyMap<string, Known>): Record<string, number> {
  const sends = only(entries, 'send');
  const checks = only(entries, 'check');
  const calls = groupBy(callsOf(entries), ({ number }) => number);
  const events = only(entries, 'event');
  const readies = only(entries, 'ready');
  const again = readies.filter(({ first }) => !first).toSorted((a, b) => a.afterMs - b.afterMs);
  const texts = new Set(
    only(entries, 'taken').flatMap(({ kind, number }) => (kind === 'text' ? [number] : [])),
  );
  const acknowledged = new Set(sends.flatMap(({ id }) => id ?? []));
  return {
    faults: only(entries, 'fault').length,
    acknowledged: acknowledged.size,
    templates: only(entries, 'template').length,
    lost:
      sends.filter(({ answer }) => answer === 'lost').length +
      checks.filter(({ answer }) => answer === 'lost').length,
    refused: sends.filter(({ answer }) => answer === 503).length,
    unacknowledged: known.size - acknowledged.size,
    compared: checks.filter(({ answer }) => answer === 'wrong' || answer === 'verified').length,
    verified: checks.filter(({ answer }) => answer === 'verified').length,
    exhausted: [...known.values()].filter(({ state }) => state === 'exhausted').length,
    calls: [...calls.values()].flat().length,
    // Killed before the carrier was asked, and the plan went on meanwhile; or the carrier was out of reach.
    callsForTextsNotTaken: [...calls.keys()].filter(number => !texts.has(number) && destinyOf(number) !== 7)
      .length,
    duplicateCalls: [...calls.values()].reduce((sum, made) => sum + made.length - 1, 0),
    duplicateTexts: duplicates(
      only(entries, 'taken')
        .filter(({ kind }) => kind === 'text')
        .map(({ number }) => number),
    ),
    events: new Set(events.map(({ id }) => id)).size,
    eventsTwice: duplicates(events.map(({ webhookId }) => webhookId)),
    // With a new store, clips are made first.
    firstReadyMs: readies.find(({ first }) => first)?.afterMs ?? 0,
    medianReadyMs: again[Math.floor(again.length / 2)]?.afterMs ?? 0,
    worstReadyMs: again.at(-1)?.afterMs ?? 0,
    // Of the worst: what the machine gave to others, the clients of this run among them.
    worstReadyQueuedMs: again.at(-1)?.queuedMs ?? 0,
  };
}

function callsOf(entries: readonly Entry[]) {
  return only(entries, 'taken').filter(({ kind }) => kind === 'call');
}

const duplicates = (items: readonly string[]): number => items.length - new Set(items).size;
