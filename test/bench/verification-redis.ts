import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { readScript } from '../../src/store/redis/script-source.ts';
import type { RedisServer } from '../support/redis-server.ts';

const FOLDER = new URL('../../src/store/redis/lua/', import.meta.url);
/** For what a node asks when it has nothing to do. */
const IDLE_MS = 3_000;
/** Of a verification: rarer ones are not told apart. */
const LEAST = 0.05;
/** Not asked for by anybody's verification. */
const NOT_COUNTED = new Set(['info', 'monitor', 'ping', 'multi', 'exec', 'client', 'hello']);

/** Of the server's main thread since its start, in seconds. */
export async function processorOf(server: RedisServer): Promise<number> {
  const info = await server.client.info('cpu');
  const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return of('used_cpu_user_main_thread') + of('used_cpu_sys_main_thread');
}

/**
 * What is asked of the server for each of `total` verifications while `work` does them: scripts by their name, other commands by theirs and
 * the kind of key. By MONITOR, which tells commands of clients from those of scripts; it is heard, too, what an idle node asks.
 */
export async function counted(
  server: RedisServer,
  total: number,
  work: () => Promise<void>,
): Promise<string[]> {
  const names = new Map(
    readdirSync(FOLDER)
      .filter(file => file.endsWith('.lua'))
      .map(file => file.slice(0, -'.lua'.length))
      .map(name => {
        const { sha, function: kept = sha } = readScript(name);
        return [kept, name];
      }),
  );
  const monitor = await server.client.monitor();
  let counts = new Map<string, number>();
  monitor.on('monitor', (_time: string, args: readonly string[], source: string) => {
    if (source === 'lua') return;
    const what = whatOf(args, names);
    if (what !== undefined) counts.set(what, (counts.get(what) ?? 0) + 1);
  });
  try {
    await pause(IDLE_MS);
    const idle = counts;
    counts = new Map();
    const began = performance.now();
    await work();
    const share = (performance.now() - began) / IDLE_MS;
    const each = [...counts]
      .map(([what, count]) => [what, (count - (idle.get(what) ?? 0) * share) / total] as const)
      .filter(([, count]) => count > 0)
      .toSorted((a, b) => b[1] - a[1]);
    const sum = (kind: string): string =>
      each.reduce((all, [what, count]) => all + (what.startsWith(kind) ? count : 0), 0).toFixed(1);
    const idleSecond = [...idle.values()].reduce((all, count) => all + count, 0) / (IDLE_MS / 1_000);
    return [
      `${sum('script')} scripts, ${sum('read')} reads, ${sum('other')} others each, besides the ${idleSecond.toFixed(0)} a second of an idle node`,
      ...each
        .filter(([, count]) => count >= LEAST)
        .map(([what, count]) => `  ${count.toFixed(2).padStart(6)} ${what}`),
    ];
  } finally {
    monitor.disconnect();
  }
}

const READS = new Set(['get', 'mget', 'hget', 'hgetall', 'exists', 'time', 'zrange', 'zcard']);

function whatOf(args: readonly string[], names: ReadonlyMap<string, string>): string | undefined {
  const [first = '', second = '', ...rest] = args;
  const command = first.toLowerCase();
  if (NOT_COUNTED.has(command)) return undefined;
  if (command === 'evalsha' || command === 'fcall') return `script ${names.get(second) ?? second}`;
  const kind = READS.has(command) ? 'read' : 'other';
  return `${kind} ${command} ${[second, ...rest.filter(arg => arg.startsWith('saypin:'))].map(kindOf).join(' ')}`;
}

/** `saypin:{s0}p:1F…` as `p:`: without ids. */
function kindOf(key: string): string {
  return key.replace(/^saypin:(\{\w+\})?/, '').replace(/:.*$/s, ':');
}
