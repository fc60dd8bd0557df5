import type { Clock, Timer } from '../clock.ts';
import { background, type Logger } from '../log.ts';

export interface WorkLoopDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** For the log. */
  readonly name: string;
  /** Takes some of what waits in the store: false when there is no more. */
  readonly takeSome: () => Promise<boolean>;
  /** In how many ms the next falls due; undefined: nothing waits. */
  readonly nextIn: () => Promise<number | undefined>;
  /** Others may write to the same store: it never sleeps longer than this. */
  readonly pollMs: number;
}

const MIN_SLEEP_MS = 5;

/** Takes what waits in the store until no more is left, sleeps until the next is due, and so on until it is stopped. */
export class WorkLoop {
  readonly #deps: WorkLoopDeps;
  #turn: Promise<void> | undefined;
  #again = false;
  #began = Promise.withResolvers<void>();
  #sleep: Timer | undefined;
  #stopped = true;

  constructor(deps: WorkLoopDeps) {
    this.#deps = deps;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves when the first that waited were taken: under load there is no end of it. */
  async start(): Promise<void> {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#began = Promise.withResolvers();
    this.wake();
    await this.#began.promise;
  }

  /** Looks at once instead of when it meant to. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#turn) {
      this.#again = true;
      return;
    }
    this.#turn = this.#takeAll();
    background(this.#deps.log, this.#deps.name, this.#turn);
  }

  /** Resolves when nothing is being taken any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#sleep?.cancel();
    await this.#turn;
  }

  async #takeAll(): Promise<void> {
    const { clock, log, name, takeSome, nextIn, pollMs } = this.#deps;
    this.#sleep?.cancel();
    let next: number | undefined;
    try {
      do {
        this.#again = false;
        while (!this.#stopped && (await takeSome())) this.#began.resolve();
        this.#began.resolve();
        next = await nextIn();
      } while (this.#again && !this.#stopped);
    } catch (error) {
      log.warn({ err: error }, `${name}: the store did not answer`);
      this.#began.resolve();
    }
    // In the same breath as the last look at `#again`: no `wake` may fall in between.
    this.#turn = undefined;
    if (this.#stopped) return;
    const ms = Math.max(MIN_SLEEP_MS, Math.min(next ?? pollMs, pollMs));
    this.#sleep = clock.after(ms, () => this.wake());
  }
}
