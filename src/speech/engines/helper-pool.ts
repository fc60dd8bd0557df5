import type { Clock, Timer } from '../../clock.ts';
import { SpeechError } from '../speech.ts';

/**
 * Something outside this thread that answers one request at a time: a worker thread, a child process. A rejected
 * `request` means that the helper is lost; a request that merely failed answers with a value that says so.
 */
export interface Helper<Request, Reply> {
  request(request: Request): Promise<Reply>;
  /** Ends it for good; a pending request may then reject or never settle. */
  kill(): Promise<void>;
}

export interface HelperPoolDeps<Request, Reply> {
  readonly start: () => Helper<Request, Reply>;
  readonly clock: Clock;
  /** Helpers at most; each starts with the first request that finds no idle one. */
  readonly size: number;
  /** Requests waiting at most; one more fails at once. */
  readonly maxQueued: number;
  /** From the start of its work, not from its place in the queue. */
  readonly timeoutMs: number;
}

interface Job<Request, Reply> {
  readonly request: Request;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: SpeechError) => void;
}

/** A bounded queue in front of helpers that may crash or hang: that costs one request and a restart. */
export class HelperPool<Request, Reply> {
  readonly #deps: HelperPoolDeps<Request, Reply>;
  readonly #queue: Job<Request, Reply>[] = [];
  readonly #idle: Helper<Request, Reply>[] = [];
  readonly #busy = new Map<Helper<Request, Reply>, Job<Request, Reply>>();
  /** Helpers being ended; `close` waits for them too. */
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(deps: HelperPoolDeps<Request, Reply>) {
    this.#deps = deps;
  }

  /**
   * @throws SpeechError `timeout` or `engine-failed`; the next request then gets a fresh helper. An aborted
   *   request leaves the queue, or, when already at work, has its reply thrown away.
   */
  request(request: Request, signal?: AbortSignal): Promise<Reply> {
    if (this.#closed) return Promise.reject(new SpeechError('engine-failed', 'the engine is closed'));
    if (signal?.aborted) return Promise.reject(aborted());
    if (this.#queue.length >= this.#deps.maxQueued) {
      return Promise.reject(new SpeechError('engine-failed', 'too many syntheses are waiting'));
    }
    return new Promise<Reply>((resolve, reject) => {
      const onAbort = (): void => {
        const place = this.#queue.indexOf(job);
        if (place >= 0) this.#queue.splice(place, 1);
        reject(aborted());
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      const job: Job<Request, Reply> = {
        request,
        resolve: reply => {
          settle();
          resolve(reply);
        },
        reject: error => {
          settle();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Fails what is waiting or at work and ends every helper. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new SpeechError('engine-failed', 'the engine is closed');
    for (const job of [...this.#queue.splice(0), ...this.#busy.values()]) job.reject(error);
    for (const helper of [...this.#idle.splice(0), ...this.#busy.keys()]) this.#end(helper);
    this.#busy.clear();
    await Promise.all(this.#ending);
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const helper = this.#idle.pop() ?? this.#start();
      if (!helper) return;
      const job = this.#queue.shift()!;
      this.#busy.set(helper, job);
      void this.#run(helper, job);
    }
  }

  #start(): Helper<Request, Reply> | undefined {
    if (this.#busy.size >= this.#deps.size) return undefined;
    try {
      return this.#deps.start();
    } catch (error) {
      this.#queue.shift()?.reject(new SpeechError('engine-failed', 'the engine did not start', error));
      return undefined;
    }
  }

  async #run(helper: Helper<Request, Reply>, job: Job<Request, Reply>): Promise<void> {
    let timer: Timer | undefined;
    const hang = new Promise<never>((_, reject) => {
      const fire = (): void => reject(new SpeechError('timeout', 'the engine did not answer in time'));
      timer = this.#deps.clock.after(this.#deps.timeoutMs, fire);
    });
    try {
      const reply = await Promise.race([helper.request(job.request), hang]);
      if (this.#busy.delete(helper)) this.#idle.push(helper);
      job.resolve(reply);
    } catch (error) {
      this.#busy.delete(helper);
      this.#end(helper);
      const known = error instanceof SpeechError;
      job.reject(known ? error : new SpeechError('engine-failed', 'the engine stopped', error));
    } finally {
      timer?.cancel();
    }
    this.#dispatch();
  }

  #end(helper: Helper<Request, Reply>): void {
    // A helper that cannot be ended is gone as far as we are concerned.
    const ending = helper
      .kill()
      .catch(() => undefined)
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function aborted(): SpeechError {
  return new SpeechError('engine-failed', 'the synthesis was cancelled');
}
