import type { Clock, Timer } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';

/** Commands that the server has yet to answer. Beyond, it hangs, and more would only fill the memory. */
const MAX_UNANSWERED = 4096;

/** Who waits, until when by our monotonic time. */
interface Caller {
  readonly end: number;
  readonly reject: (error: unknown) => void;
}

/**
 * Commands to Redis, at most so many at a time, each waited for at most so long. Every failure is `unavailable`: no connection, no answer in
 * time, a server that refuses.
 */
export class Bounded {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #unanswered = 0;
  /** In the order of their ends. */
  readonly #callers = new Set<Caller>();
  #patience: Timer | undefined;
  #closed = false;

  constructor({ clock, timeoutMs }: { clock: Clock; timeoutMs: number }) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What the server still owes counts until it comes.
   * @param command is told until when, by our monotonic time, its answer is waited for
   * @param weight how many it stands for
   */
  run<Result>(command: (end: number) => Promise<Result>, weight = 1): Promise<Result> {
    if (this.#closed) return Promise.reject(unavailable(new Error('the store is closed')));
    if (this.#unanswered >= MAX_UNANSWERED) {
      return Promise.reject(unavailable(new Error(`${MAX_UNANSWERED} commands wait for Redis`)));
    }
    this.#unanswered += weight;
    const end = this.#clock.monotonic() + this.#timeoutMs;
    return new Promise<Result>((resolve, reject) => {
      const caller = this.#wait(end, reject);
      const settle = () => {
        this.#unanswered -= weight;
        this.#callers.delete(caller);
        if (this.#closed && this.#callers.size === 0) this.#patience?.cancel();
      };
      const succeed = (result: Result) => {
        settle();
        resolve(result);
      };
      const fail = (error: unknown) => {
        settle();
        reject(unavailable(withoutCommand(error)));
      };
      command(end).then(succeed, fail);
    });
  }

  /** Nothing more is taken. */
  close(): void {
    this.#closed = true;
    if (this.#callers.size === 0) this.#patience?.cancel();
  }

  /** Rejects at `end`. All wait equally long, so that one timer, for the first of them, does for all. */
  #wait(end: number, reject: (error: unknown) => void): Caller {
    const caller = { end, reject };
    this.#callers.add(caller);
    this.#patience ??= this.#clock.after(this.#timeoutMs, () => this.#giveUp());
    return caller;
  }

  #giveUp(): void {
    const now = this.#clock.monotonic();
    this.#patience = undefined;
    for (const caller of this.#callers) {
      if (caller.end > now) {
        this.#patience = this.#clock.after(caller.end - now, () => this.#giveUp());
        return;
      }
      this.#callers.delete(caller);
      caller.reject(unavailable(new Error(`Redis did not answer within ${this.#timeoutMs} ms`)));
    }
  }
}

export function unavailable(cause: unknown): ServiceError {
  return new ServiceError('unavailable', { retryAfterMs: 1000, cause });
}

/** ioredis hangs the whole command on its errors, with seeds and hashes of tokens: they must not get into a log. */
function withoutCommand(error: unknown): Error {
  return new Error(error instanceof Error ? `Redis: ${error.message}` : 'Redis: unknown error');
}
