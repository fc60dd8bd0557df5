import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { errorName, type SimLog } from './log.ts';
import type { SpeechReply, SpeechRequest } from './speech-process.ts';

const START_TIMEOUT_MS = 20_000;
const SPEAK_TIMEOUT_MS = 10_000;

interface Waiting {
  readonly resolve: (samples: Int16Array | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Owns the speech process: started with the first sentence, replaced after a crash or a hang, ended with the
 * simulator. Nothing is cached: what was said may be a PIN.
 */
export class SpeechEngine {
  readonly #log: SimLog;
  readonly #waiting = new Map<number, Waiting>();
  #child: Promise<ChildProcess | undefined> | undefined;
  #missing = false;
  #closed = false;
  #lastId = 0;

  constructor(log: SimLog) {
    this.#log = log;
  }

  /** True once it is known that the optional package is not installed. */
  get missing(): boolean {
    return this.#missing;
  }

  /** 8 kHz samples, or undefined where nothing could be spoken. Never rejects. */
  async speak(request: Omit<SpeechRequest, 'id'>): Promise<Int16Array | undefined> {
    if (this.#missing || this.#closed) return undefined;
    this.#child ??= this.#start();
    const child = await this.#child;
    if (!child?.connected) return undefined;
    const id = ++this.#lastId;
    return await new Promise(resolve => {
      const timer = setTimeout(() => this.#kill(child), SPEAK_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, timer });
      child.send({ ...request, id } satisfies SpeechRequest, error => {
        if (error) this.#settle(id, undefined);
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = await this.#child;
    if (child) this.#kill(child);
  }

  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(fileURLToPath(new URL('speech-process.ts', import.meta.url)), [], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('exit', () => this.#ended());
    child.on('error', error => this.#log.warn({ error: errorName(error) }, 'the speech process failed'));
    return await new Promise(resolve => {
      const timer = setTimeout(() => this.#kill(child), START_TIMEOUT_MS);
      const settle = (result: ChildProcess | undefined): void => {
        clearTimeout(timer);
        resolve(result);
      };
      child.once('exit', () => settle(undefined));
      child.on('message', (reply: SpeechReply) => {
        if (reply.type === 'spoken') return this.#settle(reply.id, reply.samples);
        this.#missing = reply.type === 'missing';
        if (this.#missing) this.#kill(child);
        settle(this.#missing ? undefined : child);
      });
    });
  }

  #kill(child: ChildProcess): void {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }

  #ended(): void {
    this.#child = undefined;
    for (const id of this.#waiting.keys()) this.#settle(id, undefined);
  }

  #settle(id: number, samples: Int16Array | undefined): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(samples);
  }
}
