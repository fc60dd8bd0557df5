import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Ear } from '../../sip-sim/ear.ts';
import { ReadyWatch } from '../faults/ready-watch.ts';
import { record } from '../faults/results.ts';
import { SLACK } from '../faults/world.ts';
import { Balancer } from '../support/balancer.ts';
import { noRedis, startRedis, type RedisServer } from '../support/redis-server.ts';
import { eventually, recordCanary, Service } from '../support/service.ts';
import { startSimProcess, type SimProcess } from '../support/sim-process.ts';
import { createApplication, type SimCall } from '../support/story.ts';
import { TimerWatch } from '../support/timer-watch.ts';

/**
 * Two processes of the service on one Redis, behind a balancer that sends every request to the other one in turn, against a
 * simulator in a third process. faults.md F4: one is killed every few seconds, and a rolling restart. `KILLS` (20 in
 * `npm run test:faults`) sets the size of the first; a few calls and two kills otherwise.
 */
const KILLS = Number(process.env.KILLS ?? 2);
const FULL = KILLS >= 10;
const CALLS = Number(process.env.NODE_CALLS ?? (FULL ? 50 : 6));
const SPEED = Number(process.env.NODE_SPEED ?? (FULL ? 3 : 4));
/** Long enough for a node to die in the middle of it. */
const WORDS = 'Hello. This is your bank. Your code is {{pin}}';
/** From one kill to the next, where the machine starts a node in less. */
const KILL_EVERY_MS = FULL ? 6_000 : 2_000;
/** More than that is not what faults.md calls every few seconds. */
const SELDOM_MS = 8_000;
/** Between one node's start and the other's end: a call lasts less, or nobody would ever hear one to its end. */
const PEACE_MS = FULL ? 4_000 : 1_000;
/** Of a timer that nobody holds: beyond it comes only what the store's answer takes. */
const MAX_OVERDUE_MS = 1_000;
/** Fifty who look for their calls all the time would leave little of two cores to the nodes. */
const LOOK_MS = 250;
/** A send that a dying node took with it is tried again by its customer, and a call by the guard, in far less. */
const PATIENCE_MS = 60_000;

let ear: Ear;
let redis: RedisServer;
let simulator: SimProcess;
let balancer: Balancer;
let nodes: Service[] = [];
let ready = new Set<string>();
let folder: string;
let applicationId: string;
let numbers = 0;

beforeAll(async () => {
  if (noRedis) return;
  ear = await Ear.create();
  folder = mkdtempSync(join(tmpdir(), 'saypin-nodes-'));
  [redis, simulator] = await Promise.all([startRedis(), startSimProcess(SPEED)]);
  balancer = await Balancer.start(() => nodes.map(({ url }) => url).filter(url => ready.has(url)));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(
    SAYPIN_CONFIG,
    JSON.stringify({ carriers: [simulator.carrier], api: { requestLimits: false } }),
  );
  const environment = {
    SAYPIN_CONFIG,
    REDIS_URL: redis.url,
    PUBLIC_URL: balancer.url,
    SIM_URL: simulator.url,
    LOG_LEVEL: 'info',
  };
  nodes = await Promise.all([Service.start(environment), Service.start(environment)]);
  ready = new Set(nodes.map(({ url }) => url));
  applicationId = await createApplication(nodes[0]!);
}, 60_000);

afterAll(async () => {
  if (noRedis) return;
  await Promise.all(nodes.map(node => node.kill()));
  await balancer.close();
  await simulator.stop();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Verification {
  id: string;
  state: string;
  timeline: { channel: string; state: string }[];
}

/** Who sends, hears and types in, and asks again where a node died on the phone. */
interface Customer {
  readonly phone: string;
  readonly verified: boolean;
  /** Calls that were asked for, the first included. */
  readonly asked: number;
  readonly calls: number;
  readonly texts: number;
  readonly seconds: number;
}

async function through<Body>(method: string, path: string, body?: unknown, key?: string) {
  const answer = await fetch(`${balancer.url}${path}`, {
    method,
    headers: {
      authorization: `App ${nodes[0]!.apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

/** Until a node that lives has answered: 5xx and broken connections are what customers repeat. */
async function insist<Body>(method: string, path: string, body?: unknown, key?: string): Promise<Body> {
  return await eventually(
    `${method} ${path}`,
    async () => {
      const answer = await through<Body>(method, path, body, key).catch(() => undefined);
      // 409: the first request with this key was cut off, and its claim on the key stands for a while.
      if (!answer || answer.status >= 500 || answer.status === 409) return undefined;
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
      return answer.body;
    },
    PATIENCE_MS,
  );
}

const sim = async <Body>(path: string, body?: unknown): Promise<Body> =>
  await nodes[0]!.sim<Body>(body === undefined ? 'GET' : 'PUT', path, body);

const callsOf = async (phone: string): Promise<SimCall[]> =>
  (await sim<{ calls: SimCall[] }>(`/phones/${phone}/calls`)).calls;

async function newPhone(behaviour: Record<string, unknown>): Promise<string> {
  const phone = `+417930${String(numbers++).padStart(5, '0')}`;
  await sim(`/phones/${phone}`, { answerAfterMs: 1_000, hangupAfterMs: 60_000, ...behaviour });
  return phone;
}

async function send(phone: string, steps: readonly object[]): Promise<Verification> {
  const body = {
    to: phone,
    applicationId,
    text: WORDS,
    language: 'en',
    plan: { steps },
  };
  return await insist<Verification>('POST', '/v1/verifications', body, randomUUID());
}

/** Of the phone's `count`-th call, once it is over. */
async function heard(phone: string, count: number): Promise<string | undefined> {
  const call = await eventually(
    `call ${count} of ${phone} to end`,
    async () => {
      const over = (await callsOf(phone)).filter(({ state }) => state === 'ended');
      if (over.length >= count) return over.at(-1);
      await pause(LOOK_MS);
      return undefined;
    },
    PATIENCE_MS,
  );
  const [reading] = ear.listen(await nodes[0]!.recording(call.id)).readings;
  return reading !== undefined && /^\d{6}$/.test(reading) ? reading : undefined;
}

/** How the phone comes to ring: at once, after a text that failed, or by a timer, after one of which nothing is heard. */
const KINDS = {
  call: { smsOutcome: 'delivered', steps: [{ channel: 'voice' }] },
  undelivered: { smsOutcome: 'undelivered', steps: [{ channel: 'sms' }, { channel: 'voice' }] },
  silent: {
    smsOutcome: 'silent',
    steps: [{ channel: 'sms', next: { noReportAfterSeconds: 2 } }, { channel: 'voice' }],
  },
} as const;
const kindOf = (index: number) => KINDS[(['call', 'undelivered', 'silent'] as const)[index % 3]!];

async function customer({ smsOutcome, steps }: (typeof KINDS)[keyof typeof KINDS]): Promise<Customer> {
  const began = performance.now();
  const phone = await newPhone({ smsOutcome });
  const { id } = await send(phone, steps);
  let asked = 1;
  let pin = await heard(phone, asked);
  while (pin === undefined && asked < 30) {
    // A dialogue dies with its node, and the person says: call me again.
    asked++;
    await insist('POST', `/v1/verifications/${id}/next`, { channel: 'voice' }, randomUUID());
    pin = await heard(phone, asked);
  }
  recordCanary(pin ?? '');
  const verified = await eventually(
    'the check',
    async () => {
      // A check is never repeated blindly: what is known of it is asked for.
      const answer = await through<{ verified?: boolean }>('POST', `/v1/verifications/${id}/check`, {
        pin,
      }).catch(() => undefined);
      if (answer?.body.verified === true) return true;
      const seen = await insist<Verification>('GET', `/v1/verifications/${id}`);
      return seen.state === 'verified';
    },
    PATIENCE_MS,
  );
  const { messages } = await sim<{ messages: unknown[] }>(`/phones/${phone}/messages`);
  return {
    phone,
    verified,
    asked,
    calls: (await callsOf(phone)).length,
    texts: messages.length,
    seconds: (performance.now() - began) / 1_000,
  };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

async function liveCalls(): Promise<number> {
  return (await sim<{ liveCalls: number }>('/')).liveCalls;
}

/** References in the lines of a node that say `message`. */
function refsLogged(node: Service, message: string): Set<string> {
  const lines = node.logs.split('\n').filter(line => line.includes(`"msg":"${message}"`));
  return new Set(lines.map(line => (JSON.parse(line) as { ref: string }).ref));
}

describe.skipIf(noRedis)('two nodes on one Redis', () => {
  test(
    'the whole story, each step of it at the other node',
    async () => {
      // Which node a request comes to is chance: of four calls it can be that none crosses.
      const customers = await Promise.all(Array.from({ length: 12 }, (_, index) => customer(kindOf(index))));
      for (const { verified, asked, calls } of customers)
        expect({ verified, asked, calls }).toEqual({ verified: true, asked: 1, calls: 1 });

      for (const { url } of nodes) {
        const here = balancer.journal.filter(({ node }) => node === url);
        expect(
          here.some(({ path }) => path.endsWith('/status')),
          'webhooks at both nodes',
        ).toBe(true);
      }
      expect(balancer.journal.some(({ path }) => path.endsWith('/text'))).toBe(true);
      expect(balancer.journal.filter(({ upgrade }) => upgrade)).toHaveLength(customers.length);
      const [a, b] = nodes.map(node => ({
        placed: refsLogged(node, 'call placed'),
        ended: refsLogged(node, 'call ended'),
      }));
      const crossed = [...a!.placed]
        .filter(ref => b!.ended.has(ref))
        .concat([...b!.placed].filter(ref => a!.ended.has(ref)));
      expect(crossed.length, 'calls that one node placed and the other wrote off').toBeGreaterThan(0);
    },
    PATIENCE_MS * 2,
  );

  test(
    `F4: ${KILLS} kills with ${CALLS} calls live`,
    async () => {
      const timers = new TimerWatch(redis.client);
      const watch = new ReadyWatch();
      const run = { over: false };
      const done: Customer[] = [];
      const failed: string[] = [];
      const line = async (index: number): Promise<void> => {
        while (!run.over) {
          try {
            done.push(await customer(kindOf(index)));
          } catch (error) {
            failed.push((error as Error).message);
          }
        }
      };
      timers.start();
      const lines = Promise.all(Array.from({ length: CALLS }, (_, index) => line(index)));
      const liveAtKill: number[] = [];
      const killedAt: number[] = [];
      const readyMs: number[] = [];
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          await eventually('calls to be live', async () => (await liveCalls()) >= CALLS / 2, PATIENCE_MS);
          liveAtKill.push(await liveCalls());
          const node = nodes[kill % 2]!;
          killedAt.push(performance.now());
          await node.kill();
          await pause(500);
          const watched = watch.ready(node.url);
          const began = Date.now();
          await node.restart();
          readyMs.push((await watched).date - began);
          await pause(Math.max(PEACE_MS, killedAt.at(-1)! + KILL_EVERY_MS - performance.now()));
        }
      } finally {
        run.over = true;
        await lines;
        await timers.stop();
        await watch.close();
      }
      expect(failed).toEqual([]);
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
      const duplicates = sum(done.map(({ calls, asked }) => Math.max(0, calls - asked)));
      const repeatedTexts = sum(done.map(({ texts }) => Math.max(0, texts - 1)));
      const cut = sum(done.map(({ asked }) => asked - 1));
      const everyMs = median(killedAt.slice(1).map((at, index) => at - killedAt[index]!));
      record({
        fault: 'F4',
        on: 'redis, two nodes',
        runs: KILLS,
        figures: {
          everyMs: Math.round(everyMs),
          callsLiveAtKills: sum(liveAtKill),
          verifications: done.length,
          callsCut: cut,
          duplicateCalls: duplicates,
          duplicateTexts: repeatedTexts,
          timers: timers.seen,
          worstTimerMs: Math.round(timers.maxOverdueMs),
          medianReadyMs: median(readyMs),
          worstReadyMs: Math.max(...readyMs),
          longestVerificationSeconds: Math.round(Math.max(...done.map(({ seconds }) => seconds))),
          requestsRetried: balancer.retried,
        },
      });
      expect(done.length).toBeGreaterThanOrEqual(CALLS);
      expect(sum(liveAtKill), 'a vacuous run').toBeGreaterThanOrEqual((KILLS * CALLS) / 2);
      expect(timers.seen, 'a vacuous run').toBeGreaterThan(CALLS);
      // Some dialogues die with their node, or this was no test of that.
      if (FULL) expect(cut).toBeGreaterThan(0);
      if (FULL) expect(everyMs, 'a kill every few seconds').toBeLessThan(SELDOM_MS * SLACK);
      expect(done.every(({ verified }) => verified)).toBe(true);
      // The carrier is asked for its list before anything is dialled twice.
      expect(duplicates).toBe(0);
      expect(timers.maxOverdueMs).toBeLessThan(MAX_OVERDUE_MS);
    },
    PATIENCE_MS * (2 + KILLS),
  );

  test(
    'a rolling restart loses nothing, and cuts no call',
    async () => {
      const calls = Math.min(CALLS, 12);
      const customers = Promise.all(Array.from({ length: calls }, (_, index) => customer(kindOf(index))));
      await eventually('calls to be live', async () => (await liveCalls()) >= calls / 2, PATIENCE_MS);
      for (const node of nodes) {
        // What a balancer's health check does, at once.
        ready.delete(node.url);
        expect(await node.stop()).toBe(0);
        await node.restart();
        ready.add(node.url);
      }
      for (const { verified, asked, calls } of await customers)
        expect({ verified, asked, calls }).toEqual({ verified: true, asked: 1, calls: 1 });
    },
    PATIENCE_MS * 3,
  );
});
