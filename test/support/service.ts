import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { ClipPool } from './clip-pool.ts';
import { freePort } from './free-port.ts';

export { freePort };

/**
 * The service as a user runs it: a child process started with `node src/main.ts`, known only by its ready line, its
 * REST API and the simulator's control API. Everything it prints is kept in a file of its data folder's parent, for the
 * secret canary. `SERVICE_MAIN` in the environment names another main file, from the root of the project.
 */
export class Service {
  readonly url: string;
  readonly simUrl: string;
  readonly apiKey: string;
  readonly folder: string;
  /** The line printed when ready, and how long that took. */
  readyLine = '';
  readyMs = 0;
  #environment: Record<string, string>;
  #clips: ClipPool | undefined;
  #child: ChildProcess | undefined;

  private constructor(
    folder: string,
    ports: { service: number; sim: number; mail: number },
    environment: Record<string, string>,
  ) {
    this.folder = folder;
    this.url = `http://127.0.0.1:${ports.service}`;
    // A simulator that stands apart, or the one in the process.
    this.simUrl = environment.SIM_URL ?? `http://127.0.0.1:${ports.sim}`;
    this.apiKey = environment.API_KEY ?? '';
    this.#environment = {
      PORT: String(ports.service),
      SIM_PORT: String(ports.sim),
      SIM_SMTP_PORT: String(ports.mail),
      DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'trace',
      ...(environment.REDIS_URL !== undefined && SHARED_SECRETS),
      ...environment,
    };
  }

  /** Starts an instance in a folder of its own (kept: the run's canary search reads it). */
  static async start(environment: Record<string, string> = {}): Promise<Service> {
    const root = process.env.SAYPIN_TEST_RUN ?? mkdtempSync(join(tmpdir(), 'saypin-test-'));
    mkdirSync(root, { recursive: true });
    const folder = mkdtempSync(join(root, 'service-'));
    for (let tries = 1; ; tries++) {
      const ports = { service: await freePort(), sim: await freePort(), mail: await freePort() };
      const service = new Service(folder, ports, {
        API_KEY: 'e2e-test-key-0123456789abcdef',
        ...environment,
      });
      if (process.env.SAYPIN_TEST_RUN && environment.DATA_DIR === undefined) {
        service.#clips = new ClipPool(root);
        service.#clips.give(service.dataDir);
      }
      try {
        await service.restart();
        return service;
      } catch (error) {
        // Another test process took the port in between.
        if (tries === 3 || !(error as Error).message.includes('EADDRINUSE')) throw error;
      }
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get logFile(): string {
    return join(this.folder, 'output.log');
  }

  get dataDir(): string {
    return this.#environment.DATA_DIR!;
  }

  get logs(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** `more`: for this life only. */
  async restart(more: Record<string, string> = {}): Promise<void> {
    const started = performance.now();
    const { SERVICE_MAIN: main = 'src/main.ts', ...environment } = { ...this.#environment, ...more };
    const node = join(import.meta.dirname, '../../node_modules/.bin/node');
    const child = spawn(node, [join(import.meta.dirname, '../..', main)], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (line: string): void => appendFileSync(this.logFile, `${line}\n`);
    createInterface({ input: child.stderr }).on('line', keep);
    const lines = createInterface({ input: child.stdout });
    this.readyLine = await new Promise<string>((resolve, reject) => {
      lines.on('line', line => {
        keep(line);
        if (line.includes('ready')) resolve(line);
      });
      child.once('exit', code =>
        reject(new Error(`service exited with ${code} before it was ready:\n${safeTail(this.logFile)}`)),
      );
    });
    this.readyMs = performance.now() - started;
    this.#clips?.take(this.dataDir);
  }

  /** kill -9: nothing is flushed, nothing is said. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Resolves when it ended by itself, with the signal that ended it. */
  async died(): Promise<NodeJS.Signals | null> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child?.signalCode ?? null;
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    return await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    this.#clips?.take(this.dataDir);
    return child.exitCode;
  }

  /** A call of the public API with the key; the body is parsed when it is JSON. */
  async api<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Body; headers: Headers }> {
    return await call<Body>(method, `${this.url}${path}`, body, {
      authorization: `App ${this.apiKey}`,
      ...headers,
    });
  }

  /** A call of the simulator's control API. */
  async sim<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await call<Body>(method, `${this.simUrl}${path}`, body, {});
    if (answer.status >= 400)
      throw new Error(`sim ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async recording(callId: string): Promise<Uint8Array> {
    const answer = await fetch(`${this.simUrl}/calls/${callId}/audio.wav`);
    if (!answer.ok) throw new Error(`recording: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
}

/** What nodes on one Redis have in common; the API key has its own default. */
const SHARED_SECRETS = {
  MASTER_KEY: `k1:${'5a'.repeat(64)}`,
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};

/** Tells the run's canary search that this PIN was in use; it must be found in no file but the list itself. */
export function recordCanary(pin: string): void {
  const root = process.env.SAYPIN_TEST_RUN;
  if (root) appendFileSync(join(root, 'canaries.list'), `${pin}\n`);
}

/** Polls until `probe` gives something; fails by name after `timeoutMs`. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false>,
  timeoutMs = 15_000,
): Promise<Value> {
  const start = performance.now();
  for (;;) {
    const value = await probe();
    if (value) return value;
    const waited = performance.now() - start;
    if (waited > timeoutMs) throw new Error(`timed out waiting for ${what}`);
    // Each look is work for the service too.
    await pause(waited < 1_000 ? 25 : 60);
  }
}

async function call<Body>(
  method: string,
  url: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<{ status: number; body: Body; headers: Headers }> {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.includes('json');
  return {
    status: answer.status,
    body: (json && text !== '' ? JSON.parse(text) : text) as Body,
    headers: answer.headers,
  };
}

function safeTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-2_000);
  } catch {
    return '(no output)';
  }
}
