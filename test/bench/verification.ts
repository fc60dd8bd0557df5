import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Others, processorSeconds } from '../support/others.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import { freePort, Service } from '../support/service.ts';
import {
  callStory,
  Client,
  crowdStory,
  textStory,
  type Ids,
  type Story,
  type Target,
} from './verification-stories.ts';
import { counted, processorOf } from './verification-redis.ts';

/**
 * What one whole verification costs the service, which runs as users run it, in a process of its own: Infobip's send, the carrier's webhooks (for a
 * call its media socket too), one right verify; the carrier and the people are other processes. Beside it, in the same run, the floor: the
 * same requests and frames answered by bare node:http and ws, with nothing done. On Redis also what is asked of it, by name.
 *
 *   node test/bench/verification.ts [--store sqlite|redis] [--only text|call|crowd] [--texts 3000] [--calls 96] [--at-a-time 16] [--speed 3] [--crowd 160] [--words 'Your code is {{pin}}']
 *
 * The numbers that are written to are the same in every run. Speed is the simulated phones' time to ours; a call has as many frames at any.
 */
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    only: { type: 'string' },
    texts: { type: 'string', default: '3000' },
    calls: { type: 'string', default: '96' },
    'at-a-time': { type: 'string', default: '16' },
    speed: { type: 'string', default: '3' },
    crowd: { type: 'string', default: '160' },
    /** Of texts and calls: how long a call takes. */
    words: { type: 'string', default: 'Your code is {{pin}}' },
    /** For the service's own `--cpu-prof`, into this folder. */
    profile: { type: 'string' },
  },
});
/** What is left to do after the last answer: events are published. */
const TAIL_MS = 600;
const IDLE_MS = 3_000;
/** Of those that are measured: how many more are done while Redis tells each command. */
const LISTENED = 0.1;
const DAY = '100000000/1d';

let next = 0;
const newNumber = (): string => `+4179${String(1_000_000 + next++)}`;

async function inParallel(
  { atATime, beginOverMs }: Story,
  total: number,
  work: () => Promise<void>,
): Promise<void> {
  let left = total;
  await Promise.all(
    Array.from({ length: atATime }, async (_, place) => {
      await pause((beginOverMs * place) / atATime);
      while (left-- > 0) await work();
    }),
  );
}

/** Processor time so far, in seconds, of each of those that work. */
type Clocks = () => Promise<readonly number[]>;

/** What they take a second while nothing is asked of them. */
async function idleOf(clocks: Clocks): Promise<readonly number[]> {
  const before = await clocks();
  await pause(IDLE_MS);
  return (await clocks()).map((after, index) => (after - (before[index] ?? 0)) / (IDLE_MS / 1_000));
}

interface Cost {
  readonly perSecond: number;
  /** Of each of the clocks, for one verification, besides what they take anyway. */
  readonly milliseconds: readonly number[];
}

/** So many whole verifications. */
async function cost(
  story: Story,
  client: Client,
  { total, clocks, idle }: { total: number; clocks: Clocks; idle: readonly number[] },
): Promise<Cost> {
  const before = await clocks();
  const start = performance.now();
  await inParallel(story, total, async () => await story.run(client, newNumber()));
  const seconds = (performance.now() - start) / 1_000;
  await pause(TAIL_MS);
  const all = (performance.now() - start) / 1_000;
  const after = await clocks();
  return {
    perSecond: total / seconds,
    milliseconds: after.map(
      (time, index) => ((time - (before[index] ?? 0) - (idle[index] ?? 0) * all) * 1_000) / total,
    ),
  };
}

async function warmUp(story: Story, client: Client): Promise<void> {
  await inParallel(story, story.warmUps, async () => await story.warmUp(client, newNumber()));
  await inParallel(story, story.atATime, async () => await story.run(client, newNumber()));
}

async function newTemplate(service: Service): Promise<Ids> {
  const made = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await service.api('POST', path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const { applicationId } = await made('/2fa/2/applications', {
    name: 'bench',
    configuration: { sendPinPerApplicationLimit: DAY, verifyPinLimit: '1000/1s', pinTimeToLive: '10m' },
  });
  const { messageId } = await made(`/2fa/2/applications/${String(applicationId)}/messages`, {
    messageText: values.words,
    pinType: 'NUMERIC',
    pinLength: 6,
    language: 'en',
  });
  return { applicationId: String(applicationId), messageId: String(messageId) };
}

async function startFloor(story: Story): Promise<Target & { child: ChildProcess }> {
  const port = await freePort();
  const root = join(import.meta.dirname, '../..');
  const { accountSid, authToken } = story.carrier as { accountSid: string; authToken: string };
  const child = spawn(
    join(root, 'node_modules/.bin/node'),
    [join(import.meta.dirname, 'verification-floor.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        CREDENTIALS: Buffer.from(`${accountSid}:${authToken}`).toString('base64'),
        ...story.floor,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  await once(child.stdout, 'data');
  return { child, url: `http://127.0.0.1:${port}`, apiKey: 'floor-key-0123456789abcdef' };
}

/** Milliseconds of its processor for each. */
async function floorOf(story: Story, total: number): Promise<number> {
  const { child, ...floor } = await startFloor(story);
  const client = new Client(
    floor,
    { applicationId: 'a'.repeat(32), messageId: 'b'.repeat(32) },
    story.atATime,
  );
  const clocks = async () => await Promise.resolve([processorSeconds(child.pid ?? 0)]);
  try {
    await warmUp(story, client);
    const { milliseconds } = await cost(story, client, { total, clocks, idle: [0] });
    return milliseconds[0] ?? 0;
  } finally {
    client.close();
    child.kill('SIGKILL');
  }
}

async function measure(story: Story, total: number, redis: RedisServer | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-verification-'));
  const SAYPIN_CONFIG = join(folder, 'config.json');
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ carriers: [story.carrier], api: { requestLimits: false } }));
  const service = await Service.start({
    SAYPIN_CONFIG,
    LOG_LEVEL: 'info',
    ...(redis && { REDIS_URL: redis.url }),
    ...(values.profile !== undefined && {
      NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(values.profile, story.title.replace(' ', '-'))}`,
    }),
  });
  const others = new Others([process.pid, service.pid, ...(redis ? [redis.pid] : [])]);
  const client = new Client(service, await newTemplate(service), story.atATime);
  const clocks = async () => [processorSeconds(service.pid), ...(redis ? [await processorOf(redis)] : [])];
  try {
    await warmUp(story, client);
    await pause(TAIL_MS);
    story.heard();
    const idle = await idleOf(clocks);
    others.start();
    const { perSecond, milliseconds } = await cost(story, client, { total, clocks, idle });
    others.stop();
    const [here = 0, there = 0] = milliseconds;
    console.log(
      `${story.title}: ${perSecond.toFixed(1)}/s, ${story.atATime} at a time, ${total} of them${story.heard()}`,
    );
    console.log(
      `  node ${here.toFixed(2)} ms each, besides ${((idle[0] ?? 0) * 1_000).toFixed(0)} ms a second when idle`,
    );
    if (redis) {
      console.log(
        `  Redis ${(there * 1_000).toFixed(0)} µs each, besides ${((idle[1] ?? 0) * 1_000).toFixed(1)} ms a second when idle`,
      );
      const few = Math.max(story.atATime, Math.round(total * LISTENED));
      const lines = await counted(redis, few, async () => {
        await inParallel(story, few, async () => await story.run(client, newNumber()));
        await pause(TAIL_MS);
      });
      for (const line of lines) console.log(`  ${line}`);
    }
    client.close();
    const floor = await floorOf(story, total);
    console.log(
      `  the floor ${floor.toFixed(2)} ms each: node takes ${(here / floor).toFixed(1)} times as much`,
    );
    if (others.share !== undefined)
      console.log(
        `  others, the simulated carrier among them, had ${(others.share * 100).toFixed(0)} % of the machine`,
      );
  } finally {
    client.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
    rmSync(service.folder, { recursive: true, force: true });
  }
}

const redis = values.store === 'redis' ? await startRedis() : undefined;
try {
  const server = redis && /redis_version:(\S+)/.exec(await redis.client.info('server'))?.[1];
  console.log(
    `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, store ${server === undefined ? 'node:sqlite' : `Redis ${server}, AOF everysec`}`,
  );
  const few = Number(values['at-a-time']);
  const stories = [
    ['text', async () => await textStory(few), Number(values.texts)],
    ['call', async () => await callStory(few, Number(values.speed)), Number(values.calls)],
    ['crowd', async () => await crowdStory(Number(values.crowd)), 2 * Number(values.crowd)],
  ] as const;
  for (const [name, begin, total] of stories) {
    if (values.only !== undefined && values.only !== name) continue;
    const story = await begin();
    try {
      await measure(story, total, redis);
    } finally {
      await story.close();
    }
  }
} finally {
  await redis?.stop();
}
