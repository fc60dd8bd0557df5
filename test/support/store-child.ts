import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Reply, Request } from '../store/sqlite-child.ts';

const SCRIPT = fileURLToPath(new URL('../store/sqlite-child.ts', import.meta.url));

/** A process that owns a store: see sqlite-child.ts. */
export interface StoreChild {
  readonly pid: number;
  /** Lines acknowledged so far. */
  acknowledged(): string[];
  ask(request: Request): Promise<Reply>;
  /** Asks for what never ends. */
  start(request: Request): void;
  /** SIGKILL; resolves when the process is gone and all that it wrote was read. */
  kill(): Promise<void>;
}

export async function startStoreChild(path: string): Promise<StoreChild> {
  const child = spawn(process.execPath, [SCRIPT, path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const { pid, stdout } = child;
  if (pid === undefined || !stdout) throw new Error('the store’s process did not start');
  let output = '';
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error('the store’s process ended')));
  });
  // Only whoever waits for a reply wants to know.
  ended.catch(() => {});
  const reply = () =>
    Promise.race([
      ended,
      new Promise<Reply>(resolve => child.once('message', message => resolve(message as Reply))),
    ]);
  await reply();
  return {
    pid,
    acknowledged: () => output.split('\n').slice(0, -1),
    async ask(request) {
      const answer = reply();
      child.send(request);
      return await answer;
    },
    start: request => void child.send(request),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
