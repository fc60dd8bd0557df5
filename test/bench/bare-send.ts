import { randomBytes } from 'node:crypto';

import type { Redis } from 'ioredis';

/** As the store gathers them. */
const MOST = 32;
/** The words of a call, and what never changes of a PIN. */
const [CALL, PIN] = ['x'.repeat(480), 'x'.repeat(300)];
const PIN_LINES =
  '+41791000000\n1795280701281\n1795284301281\n10\n0\nactive\n0\n\n\n\n\n1\n1795280701281346\n';
const APPLICATION = '477DBEE7967181C761D95190C6675DA8';

/** Of each send: its number, PIN and timer. One list, one sorted set, no limit, no second thought. */
const SCRIPT = `
local root, numbers = KEYS[1], {}
for i = 1, #ARGV, 3 do numbers[#numbers + 1] = root .. 'n:' .. ARGV[i] end
local before = redis.call('MGET', unpack(numbers))
local texts, list, timers, answers = {}, {}, {}, {}
for n = 1, #numbers do
  local pin = ARGV[3 * n - 1]
  texts[4 * n - 3], texts[4 * n - 2] = numbers[n], (before[n] or '0000086400000') .. '1795280701281${APPLICATION}' .. pin
  texts[4 * n - 1], texts[4 * n] = root .. 'p:' .. pin, '${APPLICATION}\\n${PIN_LINES.replaceAll('\n', '\\n')}' .. pin
  list[n] = '1795280701281346' .. pin
  timers[2 * n - 1], timers[2 * n] = '1795280761281', ARGV[3 * n]
  answers[n] = 'created'
end
redis.call('MSET', unpack(texts))
redis.call('RPUSH', root .. 'v', unpack(list))
redis.call('ZADD', root .. 't', unpack(timers))
return answers`;

/**
 * What a send cannot do without, as quickly as Redis does it with a script a turn: three ready texts by one MSETNX, and a script without a single
 * decision that writes its PIN, its number, an index and its timer. It is what the store's own send is to be held against.
 */
export async function bareSends(redis: Redis): Promise<() => Promise<unknown>> {
  const sha = String(await redis.script('LOAD', SCRIPT));
  const root = 'bare:{s0}';
  const seed = randomBytes(8).toString('hex');
  let serial = 0;
  let waiting: (() => void)[] = [];

  async function flush(): Promise<void> {
    const done = waiting;
    waiting = [];
    const texts: string[] = [];
    const args: string[] = [];
    for (let n = 0; n < done.length; n++) {
      const id = `${seed}${String(serial++).padStart(16, '0')}`;
      texts.push(`${root}pi:${id}`, PIN, `${root}di:${id}`, CALL);
      texts.push(`${root}tb:dial-${id}`, `0||["dial",{"ref":"${id}"}]`);
      args.push(`+41791${serial % 1_000_000}`, id, `dial-${id}`);
    }
    redis.stream.cork();
    const sent = [
      redis.multi({ pipeline: false }),
      redis.msetnx(...texts),
      redis.evalsha(sha, 1, root, ...args),
      redis.exec(),
    ];
    redis.stream.uncork();
    await Promise.all(sent);
    for (const resolve of done) resolve();
  }

  return async () =>
    await new Promise<void>(resolve => {
      waiting.push(resolve);
      if (waiting.length === MOST) void flush();
      else if (waiting.length === 1) setImmediate(() => void (waiting.length > 0 && flush()));
    });
}
