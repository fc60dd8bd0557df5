import { randomBytes } from 'node:crypto';

import { Redis } from 'ioredis';

import { systemClock } from '../../src/clock.ts';
import { newCallRef, newPinId } from '../../src/domain/ids.ts';
import { DELIVERY_STATES, type CallRef, type E164, type PinId } from '../../src/domain/types.ts';
import { openRedisStore } from '../../src/store/redis/index.ts';
import type { CreatePin } from '../../src/store/store.ts';
import { startRedis } from '../support/redis-server.ts';
import { applicationId, attempt, createdPin, pinId, pinRequest } from '../support/store-fixtures.ts';
import { measure, print, type Rate } from './store-rate.ts';

const FLOOR = "return redis.call('SET', KEYS[1], ARGV[1])";
/** Whole transactions reach at least this much of a bare one-key Lua call (issue 5). */
const LEAST = 0.5;
/** Turns, each beside a floor of its own: what else the machine does weighs on both. */
const ROUNDS = 4;

/**
 * The Redis store, whole transactions beside the floor of a Lua call that writes one key, on a server of our own (AOF everysec).
 * False where one of them stays below half of it.
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
    `node ${process.version}, Redis ${version}, AOF everysec, ${ROUNDS} x ${seconds} s each, ${inFlight} in flight`,
  );
  const bare = new Redis({ port: server.port, host: '127.0.0.1' });
  const sha = String(await bare.script('LOAD', FLOOR));
  const store = await openRedisStore({ url: server.url, clock: systemClock, timeoutMs: 10_000 });
  let serial = 0;
  const floor = () => bare.evalsha(sha, 1, `floor:${serial++ % 100_000}`, 'x'.repeat(32));

  /** The median round, by its share of the floor beside it. */
  async function show(name: string, work: () => Promise<unknown>): Promise<number> {
    const rounds: { rate: Rate; beside: Rate; share: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const beside = await measure({ seconds: seconds / 2, workers: inFlight }, floor);
      const rate = await measure({ seconds, workers: inFlight }, work);
      rounds.push({ rate, beside, share: rate.perSecond / beside.perSecond });
    }
    const median = rounds.toSorted((a, b) => a.share - b.share)[Math.floor(ROUNDS / 2)];
    if (!median) throw new Error('no rounds');
    print(`floor beside ${name}`, median.beside);
    print(name, median.rate, median.beside);
    return median.share;
  }

  const requests = sends();
  const refs: CallRef[] = [];
  const shares = [
    await show('createPin', async () => {
      const request = requests.next().value;
      refs.push(request.delivery.callRef);
      await store.createPin(request);
    }),
  ];

  const pins: PinId[] = [];
  for (let n = 0; n < 200; n++) pins.push((await createdPin(store, { attempts: 10_000_000 })).pin.pinId);
  let turn = 0;
  shares.push(
    await show('attemptPin, wrong', () => attempt(store, pins[turn++ % pins.length] ?? pinId(), false)),
  );

  // Each call goes up the whole lattice.
  let step = 0;
  shares.push(
    await show('transition', () => {
      const ref = refs[Math.floor(step / 4)];
      if (!ref) throw new Error('more steps than calls: give fewer seconds');
      const to = DELIVERY_STATES[(step++ % 4) + 1] ?? 'ended';
      return store.transition({ ref, to, carrierCallId: 'CA', arm: [timer(ref)], cancel: ['none'] });
    }),
  );
  await store.close();
  bare.disconnect();
  await server.stop();
  return shares.every(share => share >= LEAST);
}

const timer = (id: string) => ({ id: `dial-${id}`, kind: 'dial', inMs: 60_000, data: { ref: id } });

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
