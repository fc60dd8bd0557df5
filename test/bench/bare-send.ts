import { randomBytes } from 'node:crypto';

import type { Redis } from 'ioredis';

/** As the store gathers them. */
const MOST = 32;
const APPLICATION = '477DBEE7967181C761D95190C6675DA8';
const SEED = randomBytes(64).toString('base64');
/** What never changes of a PIN and of its call, whose words lie elsewhere. */
const PIN_LINES = `10\n0\nactive\n0\n\n\n\n\n${SEED}\n["82133622BB541D114451B5CF70103A3B","NUMERIC",6,"k1",42]\n`;
const CALL_LINES = `\n\n\n20778:abcdefghijklmnopqrstuv\n{"to":"+41791000000","carrier":"simulator","placeholders":{"name":"Zo"}}`;

/** Of each send: PIN, call, number and timer. One list, one sorted set, no limit, no second thought. */
const SCRIPT = `
local root, numbers = KEYS[1], {}
for i = 1, #ARGV, 5 do numbers[#numbers + 1] = root .. 'n:' .. ARGV[i] end
local before = redis.call('MGET', unpack(numbers))
local now = redis.call('TIME')[1] .. '000'
local texts, list, timers, answers = {}, {}, {}, {}
for n = 1, #numbers do
  local pin = ARGV[5 * n - 3]
  texts[8 * n - 7], texts[8 * n - 6] = numbers[n], (before[n] or '0000086400000') .. now .. '${APPLICATION}' .. pin
  texts[8 * n - 5], texts[8 * n - 4] = root .. 'p:' .. pin, '${APPLICATION}\\n' .. now .. '\\n' .. ARGV[5 * n - 2]
  texts[8 * n - 3], texts[8 * n - 2] = root .. 'id:' .. pin, ARGV[5 * n - 1]
  texts[8 * n - 1], texts[8 * n] = root .. 'tb:' .. pin, ARGV[5 * n]
  list[n] = now .. pin
  timers[2 * n - 1], timers[2 * n] = now, pin
  answers[n] = 'created'
end
redis.call('MSET', unpack(texts))
redis.call('RPUSH', root .. 'v', unpack(list))
redis.call('ZADD', root .. 't', unpack(timers))
return answers`;

/**
 * What a send cannot do without, as quickly as Redis does it with a script a turn that takes not a single decision: its PIN, its call, its number,
 * an index and its timer. It is what the store's own send is to be held against.
 */
export async function bareSends(redis: Redis): Promise<() => Promise<unknown>> {
  const sha = String(await redis.script('LOAD', SCRIPT));
  const seed = randomBytes(8).toString('hex');
  let serial = 0;
  let waiting: (() => void)[] = [];

  async function flush(): Promise<void> {
    const done = waiting;
    waiting = [];
    const args: string[] = [];
    for (let n = 0; n < done.length; n++) {
      const id = `${seed}${String(serial++).padStart(16, '0')}`;
      args.push(
        `+41791${serial % 1_000_000}`,
        id,
        PIN_LINES + id,
        id + CALL_LINES,
        `0||["dial",{"ref":"${id}"}]`,
      );
    }
    await redis.evalsha(sha, 1, 'bare:{s0}', ...args);
    for (const resolve of done) resolve();
  }

  return async () =>
    await new Promise<void>(resolve => {
      waiting.push(resolve);
      if (waiting.length === MOST) void flush();
      else if (waiting.length === 1) setImmediate(() => void (waiting.length > 0 && flush()));
    });
}
