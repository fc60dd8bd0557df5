import { randomBytes } from 'node:crypto';

import { Redis } from 'ioredis';

import { systemClock } from '../../src/clock.ts';
import { newCallRef, newPinId } from '../../src/domain/ids.ts';
import { DELIVERY_STATES, type CallRef, type E164, type PinId } from '../../src/domain/types.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import type { CreatePin, Store } from '../../src/store/store.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { applicationId, attemptRequest, newPinMessage, pinRequest } from '../support/store-fixtures.ts';
import { bareSends } from './bare-send.ts';
import { measure, quantile, type Rate } from './store-rate.ts';
import { benchTimers } from './store-timers.ts';

const FLOOR = "return redis.call('SET', KEYS[1], ARGV[1])";
/** Whole transactions reach at least this much of a bare one-key Lua call (issue 5). */
const LEAST = 0.5;
/** The floors and the verb take turns, so that what else the machine does weighs on all. */
const ROUNDS = 9;
/** Of a send: the words of its call and what the PIN needs, which any way of keeping them must carry. */
const PAYLOAD_BYTES = 1000;
/** Sends that are made beforehand. */
const MOST_PER_SECOND = 20_000;
/** Steps a second for which calls and texts are made beforehand. */
const MOST_STEPS = 80_000;

const FLOOR_TITLE = '  floor';
type Floor = readonly [title: string, work: () => Promise<unknown>];

interface Cost extends Rate {
  /** Microseconds of processor time a call, of this process and of the server. */
  readonly here: number;
  readonly there: number;
}

/**
 * The Redis store, whole transactions beside the floor of a Lua call that writes one key by the same client library, as it is, on a server of our
 * own (AOF everysec); beside it the same floor with the payload of a send, and with all that is asked for in one turn in one packet, which is
 * what the store does; for sends also what none can do without (bare-send.ts). Then timers. False where one stays below half of the floor.
 */
export async function benchRedis({
  seconds,
  inFlight,
}: {
  seconds: number;
  inFlight: number;
}): Promise<boolean> {
  const server = await startRedis();
  const version = /redis_version:(\S+)/.exec(await server.client.info('server'))?.[1];
  console.log(
    `node ${process.version}, Redis ${version}, AOF everysec, ${ROUNDS} rounds of ${seconds / 4} s each, ${inFlight} in flight`,
  );
  const bare = new Redis({ port: server.port, host: '127.0.0.1' });
  const sha = String(await bare.script('LOAD', FLOOR));
  const store = await openRedisStore({ url: server.url, clock: systemClock, timeoutMs: 10_000 });
  let serial = 0;
  const small = 'x'.repeat(32);
  const payload = 'x'.repeat(PAYLOAD_BYTES);
  const floor = () => bare.evalsha(sha, 1, `floor:${serial++ % 100_000}`, small);
  let gathering = false;
  const gathered = () => {
    const stream = bare.stream;
    if (!gathering) {
      gathering = true;
      stream.cork();
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return floor();
  };
  const laden = () => bare.evalsha(sha, 1, `laden:${serial++ % 100_000}`, payload);
  const bareSend = await bareSends(bare);

  /** `prepare` makes what a round asks for beforehand: it is not the store's work. */
  async function show(
    name: string,
    verb: () => Promise<unknown>,
    prepare?: () => void | Promise<void>,
    furtherFloors: readonly Floor[] = [],
  ): Promise<boolean> {
    const others: readonly Floor[] = [
      [`  floor, ${PAYLOAD_BYTES} bytes`, laden],
      ['  floor, gathered', gathered],
      ...furtherFloors,
    ];
    const rounds: ReadonlyMap<string, Cost>[] = [];
    const load = { seconds: seconds / 4, workers: inFlight };
    for (let round = 0; round < ROUNDS; round++) {
      await prepare?.();
      const costs = new Map<string, Cost>();
      for (const [title, work] of [[FLOOR_TITLE, floor], [name, verb], ...others] as const) {
        costs.set(title, await cost(server, load, work));
      }
      rounds.push(costs);
    }
    const of = (title: string, pick: (cost: Cost) => number): number =>
      median(rounds.map(costs => pick(costs.get(title)!)));
    for (const title of [FLOOR_TITLE, ...others.map(([each]) => each), name]) {
      const processor = `processor: ${of(title, c => c.here).toFixed(1)} µs here, ${of(title, c => c.there).toFixed(1)} µs there`;
      const latency = `p50 ${of(title, c => c.p50).toFixed(2)} ms  p99 ${of(title, c => c.p99).toFixed(2)} ms`;
      const rate = of(title, c => c.perSecond).toFixed(0);
      console.log(`${title.padEnd(24)} ${rate.padStart(7)}/s  ${latency}  ${processor}`);
    }
    const shareOf = (title: string): number =>
      median(rounds.map(costs => costs.get(name)!.perSecond / costs.get(title)!.perSecond));
    const share = shareOf(FLOOR_TITLE);
    const further = others.map(([title]) => `${shareOf(title).toFixed(2)} of "${title.trim()}"`);
    console.log(`  ${share.toFixed(2)} of the floor, ${further.join(', ')}`);
    return share >= LEAST;
  }

  const requests = sends();
  const ready: CreatePin[] = [];
  const begun: PinId[] = [];
  const fill = () => {
    while (ready.length < MOST_PER_SECOND * (seconds / 4)) ready.push(requests.next().value);
  };
  const create = () => {
    const request = ready.pop() ?? requests.next().value;
    begun.push(request.pin.pinId);
    return store.createPin(request);
  };
  const reached = [await show('createPin', create, fill, [['  floor, bare send', bareSend]])];
  // Each PIN is tried a few times, as it is by people.
  let turn = 0;
  const wrong = () => {
    const pinId = begun[Math.floor(turn++ / 3) % begun.length];
    if (!pinId) throw new Error('no PINs');
    return store.attemptPin(attemptRequest(pinId, false));
  };
  reached.push(await show('attemptPin, wrong', wrong));
  const steps = (MOST_STEPS * seconds) / 4;
  const calls = stepsOf(store, requests);
  reached.push(await show('transition', calls.step, () => calls.prepare(steps)));
  const texts = messageSteps(store, requests);
  reached.push(await show('stepPinMessage', texts.step, () => texts.prepare(steps)));
  reached.push(await benchTimers(store));
  await store.close();
  bare.disconnect();
  await server.stop();
  return reached.every(Boolean);
}

async function cost(
  server: RedisServer,
  load: { seconds: number; workers: number },
  work: () => Promise<unknown>,
): Promise<Cost> {
  let calls = 0;
  const before = { here: process.cpuUsage(), there: await processorTime(server) };
  const rate = await measure(load, () => {
    calls++;
    return work();
  });
  const { user, system } = process.cpuUsage(before.here);
  const there = (await processorTime(server)) - before.there;
  return { ...rate, here: (user + system) / calls, there: there / calls };
}

/** Of the server's main thread, in µs. */
async function processorTime(server: RedisServer): Promise<number> {
  const info = await server.client.info('cpu');
  const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return (of('used_cpu_user_main_thread') + of('used_cpu_sys_main_thread')) * 1e6;
}

/** What is stepped, made right before, as in life. */
interface Steps {
  readonly prepare: (steps: number) => Promise<void>;
  readonly step: () => Promise<unknown>;
}

/** Each call goes up the whole lattice, one step after the other. */
function stepsOf(store: Store, requests: Iterator<CreatePin, never>): Steps {
  const states = DELIVERY_STATES.slice(1);
  return fresh({
    stepsEach: states.length,
    async make() {
      const request = requests.next().value;
      await store.createPin(request);
      return request.delivery.callRef;
    },
    step: (ref, place) =>
      store.transition({
        ref,
        to: states[place] ?? 'ended',
        carrierCallId: 'CA',
        arm: [timer(ref)],
        cancel: ['none'],
      }),
  });
}

/** Each text is sent, and ended. */
function messageSteps(store: Store, requests: Iterator<CreatePin, never>): Steps {
  return fresh({
    stepsEach: 2,
    async make() {
      const { delivery: _, ...request } = requests.next().value;
      const message = newPinMessage(request.pin);
      await store.createPinMessage({ ...request, message });
      return message.ref;
    },
    step: (ref, place) =>
      store.stepPinMessage({
        ref,
        to: place === 0 ? 'sent' : 'ended',
        carrierMessageId: 'SM',
        arm: [timer(ref)],
        cancel: ['none'],
      }),
  });
}

function fresh({
  stepsEach,
  make,
  step,
}: {
  stepsEach: number;
  make: () => Promise<CallRef>;
  step: (ref: CallRef, place: number) => Promise<unknown>;
}): Steps {
  let refs: CallRef[] = [];
  let turn = 0;
  return {
    async prepare(steps) {
      [refs, turn] = [[], 0];
      while (refs.length * stepsEach < steps) {
        refs.push(...(await Promise.all(Array.from({ length: 64 }, make))));
      }
    },
    step() {
      const ref = refs[Math.floor(turn / stepsEach)];
      if (!ref) throw new Error('more steps than were prepared');
      return step(ref, turn++ % stepsEach);
    },
  };
}

const timer = (id: string) => ({ id: `dial-${id}`, kind: 'dial', inMs: 60_000, data: { ref: id } });

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** One send after the other, of 50 applications to a million numbers; only what must differ is made anew. */
function* sends(): Generator<CreatePin, never> {
  const daily = { attempts: 10_000_000, windowMs: 86_400_000 };
  const limits = { perApplication: daily, perNumber: { attempts: 3, windowMs: 86_400_000 } };
  const applications = Array.from({ length: 50 }, () => applicationId());
  const pattern = pinRequest({ limits });
  for (let n = 0; ; n++) {
    const to = `+4179${1_000_000 + (n % 1_000_000)}` as E164;
    const ids = { pinId: newPinId(randomBytes, to), applicationId: applications[n % 50] ?? applicationId() };
    const callRef = newCallRef(randomBytes, ids.pinId);
    yield {
      ...pattern,
      opId: callRef,
      pin: { ...pattern.pin, ...ids, to },
      delivery: { ...pattern.delivery, ...ids, callRef, to },
      timers: [timer(callRef)],
    };
  }
}
