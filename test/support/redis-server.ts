import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';

export { freePort };

/** Why the tests against Redis are skipped; undefined where there is a redis-server of version 7 or later. */
export const noRedis: string | undefined = (() => {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (error) return 'no redis-server on PATH';
  const version = /v=(\d+)[.\d]*/.exec(stdout);
  return Number(version?.[1]) >= 7 ? undefined : `redis-server is too old: ${stdout.trim()}`;
})();

/** A real redis-server of our own, set up as the store wants it. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** For what the port of the store does not tell. */
  readonly client: Redis;
  /** SIGKILL, and a new process on the same port and data. */
  restart(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  stop(): Promise<void>;
}

export async function startRedis(flags: readonly string[] = []): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'saypin-redis-'));
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  args.push(...flags);
  const launch = () => spawnServer(args);
  let child = launch();
  const client = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    maxLoadingRetryTime: 20,
  });
  // It tells of every try while the server starts or is away.
  client.on('error', () => {});
  await client.ping();
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    get pid() {
      return child.pid ?? 0;
    },
    signal: signal => void child.kill(signal),
    async restart() {
      await end();
      child = launch();
      await client.ping();
    },
    async stop() {
      client.disconnect();
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const diesWithUs = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;

/** A redis-server that does not outlive this process, however that one ends (where the system can promise it). */
export function spawnServer(args: readonly string[]): ChildProcess {
  const [command = '', ...rest] = diesWithUs
    ? ['setpriv', '--pdeathsig', 'KILL', 'redis-server']
    : ['redis-server'];
  return spawn(command, [...rest, ...args], { stdio: 'ignore' });
}
