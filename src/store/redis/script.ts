import type { Redis } from 'ioredis';

import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import { Bounded } from './bounded.ts';
import { mastersOf, type RedisClient } from './connection.ts';
import { SHARDS, shardRoot } from './keys.ts';
import { giveScripts, isUnknownScript, loadScript } from './script-load.ts';
import { readScript, type ScriptSource } from './script-source.ts';

export type Argument = string | number;
/** The fields of a hash. */
export type Fields = Readonly<Record<string, string | undefined>>;
/** What a script returns: strings, whole numbers, null and arrays of them. */
export type Reply = string | number | null | readonly Reply[];

/** A script that writes: KEYS[1] is the shard's root, KEYS[2] the record of its opId. */
export type Mutation = (call: {
  readonly shard: string;
  /** With the verb in front, where callers may use one for two verbs. Absent: one is made for this call. */
  readonly opId?: string;
  /** ARGV[2] and on. */
  readonly args: readonly Argument[];
  /** How many of a group commit it stands for: it leaves at once. */
  readonly operations?: number;
}) => Promise<Reply>;

/** A script that only reads: KEYS[1] is the shard's root; `args` are ARGV[2] and on. */
export type Query = (shard: string, args?: readonly Argument[]) => Promise<Reply>;

export interface ScriptDeps {
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** What all keys begin with. */
  readonly prefix: string;
  /** How long a caller waits (faults.md F7: an answer within 500 ms). */
  readonly timeoutMs: number;
  /** Under test the scripts take this for the time, in ms, instead of the server's clock. */
  readonly testTime: (() => number) | undefined;
}

interface Run {
  readonly script: ScriptSource;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  readonly writes: boolean;
  /** Of a group commit. */
  readonly operations?: number | undefined;
}

/** What the clocks of a server and of this process may drift apart between two looks. */
const DRIFT_MS = 500;

/**
 * Runs the store's scripts. Every failure is `unavailable` (bounded.ts). A caller that was told so may not find later that it was done after all, so each writing script carries the time until which
 * its caller waits, by the server's clock, and does nothing afterwards.
 */
export class ScriptRunner {
  /** Where keys lie: in a cluster in each of the sixteen shards, on one server all in one. */
  readonly shards: readonly string[];
  readonly #deps: ScriptDeps;
  readonly #sources = new Map<string, ScriptSource>();
  readonly #bounded: Bounded;
  readonly #opPrefix: string;
  #operations = 0;
  #gathering = false;
  #earlier: () => void = () => {};
  /** Server's time less our monotonic time; of several servers, of the one furthest ahead. */
  #ahead = -Infinity;
  #testedAt = 0;
  #testOrder = 0;

  constructor(deps: ScriptDeps) {
    this.#deps = deps;
    this.#bounded = new Bounded(deps);
    this.shards = deps.client.isCluster ? SHARDS : ['0'];
    this.#opPrefix = deps.random(9).toString('base64url');
  }

  mutation(name: string): Mutation {
    const script = this.#define(name);
    return ({ shard, opId = this.newOperation(), args, operations }) => {
      if (operations === undefined) this.#earlier();
      const root = this.#root(shard);
      const keys = [root, `${root}o:${opId}`];
      return this.#call({ script, keys, args, writes: true, operations });
    };
  }

  query(name: string): Query {
    const script = this.#define(name);
    return (shard, args = []) => {
      const root = this.#root(shard);
      // A second key makes a cluster refuse while it moves the slot, as for those that write: half a shard answers nothing.
      const keys = this.#deps.client.isCluster ? [root, `${root}o:`] : [root];
      return this.#call({ script, keys, args, writes: false });
    };
  }

  /** A hash as it is; undefined: there is none. */
  async record(shard: string, name: string): Promise<Fields | undefined> {
    const key = `${this.#root(shard)}${name}`;
    const fields: Fields = await this.#read(client => client.hgetall(key));
    return Object.keys(fields).length === 0 ? undefined : fields;
  }

  /** Texts of a shard, as they are at one instant. */
  texts(shard: string, ...names: readonly string[]): Promise<(string | null)[]> {
    const root = this.#root(shard);
    return this.#read(client => client.mget(...names.map(name => `${root}${name}`)));
  }

  /** A field of a hash. */
  field(shard: string, name: string, field: string): Promise<string | null> {
    const key = `${this.#root(shard)}${name}`;
    return this.#read(client => client.hget(key, field));
  }

  /** `send` is asked to send what was gathered before each script that writes, so that writes are done in the order in which they were asked for. */
  gatherWith(send: () => void): void {
    this.#earlier = send;
  }

  /** Where the keys of a shard lie. */
  placeOf(shard: string): string {
    return this.shards.length === 1 ? '0' : shard;
  }

  /** What one script can see together. */
  byShard<Item>(items: readonly Item[], shardOf: (item: Item) => string): [shard: string, items: Item[]][] {
    return [...Map.groupBy(items, item => this.placeOf(shardOf(item)))];
  }

  /** An opId that nobody else has. */
  newOperation(): string {
    return `${this.#opPrefix}${(this.#operations++).toString(36)}`;
  }

  /** Gives the servers all scripts, and learns their clocks. */
  async prepare(): Promise<void> {
    for (const server of mastersOf(this.#deps.client)) {
      await giveScripts(server, [...this.#sources.values()]);
    }
    await this.learnClocks();
  }

  /** The store's time as this process knows it, in ms: for what need not be exact. */
  now(): number {
    const { testTime, clock } = this.#deps;
    return testTime?.() ?? clock.monotonic() + this.#ahead;
  }

  async learnClocks(): Promise<void> {
    const asked = await Promise.all(
      mastersOf(this.#deps.client).map(async server => {
        const [seconds, micros] = await server.time();
        return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      }),
    );
    this.#ahead = Math.max(...asked) - this.#deps.clock.monotonic();
  }

  /** Nothing more is taken. */
  close(): void {
    this.#bounded.close();
  }

  #root(shard: string): string {
    return shardRoot(this.#deps.prefix, this.placeOf(shard));
  }

  #define(name: string): ScriptSource {
    const known = this.#sources.get(name);
    if (known) return known;
    const script = readScript(name);
    this.#sources.set(name, script);
    return script;
  }

  #read<Result>(command: (client: RedisClient) => Promise<Result>): Promise<Result> {
    this.#gather();
    return this.#bounded.run(() => command(this.#deps.client));
  }

  #call(run: Run): Promise<Reply> {
    if (run.operations === undefined) this.#gather();
    return this.#bounded.run(end => this.#inTime(end, () => this.#send(run)), run.operations);
  }

  /** In time by our clock, late by the server's: that one was set forward since we last looked. */
  async #inTime(end: number, send: () => Promise<Reply>): Promise<Reply> {
    try {
      return await send();
    } catch (error) {
      const serverTime = lateAt(error);
      const now = this.#deps.clock.monotonic();
      if (serverTime === undefined || now >= end) throw error;
      this.#ahead = Math.max(this.#ahead, serverTime - now);
      return await send();
    }
  }

  /** What is asked for in one turn of the event loop leaves in one packet. */
  #gather(): void {
    const { client } = this.#deps;
    if (client.isCluster || this.#gathering) return;
    const { stream } = client as Redis;
    if (!stream?.writable) return;
    this.#gathering = true;
    stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  async #send(run: Run): Promise<Reply> {
    const { script, keys, args } = run;
    const { client } = this.#deps;
    const all = [...keys, this.#timeArgument(run), ...args];
    const call = () =>
      script.function === undefined
        ? client.evalsha(script.sha, keys.length, ...all)
        : client.fcall(script.function, keys.length, ...all);
    try {
      return (await call()) as Reply;
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      if (script.function === undefined) {
        return (await client.eval(script.source, keys.length, ...all)) as Reply;
      }
      await Promise.all(mastersOf(client).map(server => loadScript(server, script)));
      return (await call()) as Reply;
    }
  }

  /** ARGV[1]: see lua/include/time.lua. */
  #timeArgument({ writes, operations = 1 }: Run): string {
    const { testTime, clock, timeoutMs } = this.#deps;
    if (testTime) return `=${this.#testMicros(testTime(), operations)}`;
    return writes ? String(Math.ceil(clock.monotonic() + this.#ahead + timeoutMs + DRIFT_MS)) : '';
  }

  /** Time stands still under test; what was asked for first comes first all the same. */
  #testMicros(now: number, operations: number): number {
    this.#testOrder = now === this.#testedAt ? Math.min(this.#testOrder + operations, 999) : 0;
    this.#testedAt = now;
    return now * 1000 + this.#testOrder;
  }
}

function lateAt(error: unknown): number | undefined {
  const match = error instanceof Error ? /^LATE (\d+)/.exec(error.message) : undefined;
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
