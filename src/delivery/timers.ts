import type { Clock, Timer } from '../clock.ts';
import { background, type Logger } from '../log.ts';
import type { DueTimer, Store } from '../store/store.ts';

/**
 * `done` removes the timer. `keep` leaves it: it was armed anew under the same id, or it is too early to tell and
 * the end of the lease will ask again.
 */
export type TimerOutcome = 'done' | 'keep';

export interface TimerLoopDeps {
  readonly store: Pick<Store, 'claimTimers' | 'completeTimer' | 'nextTimerIn'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Idempotent: a timer whose handler failed, or whose process died, is handed out again after its lease. */
  handle(timer: DueTimer): Promise<TimerOutcome>;
}

const LEASE_MS = 10_000;
const BATCH = 64;
/** Others may arm timers in the same store: never sleep longer than this. */
const MAX_SLEEP_MS = 500;
const MIN_SLEEP_MS = 5;

/** Hands due timers of the store to their handler, from any life of the service, until it is stopped. */
export class TimerLoop {
  readonly #deps: TimerLoopDeps;
  #sleep: Timer | undefined;
  #turn: Promise<void> | undefined;
  #began = Promise.withResolvers<void>();
  #stopped = true;

  constructor(deps: TimerLoopDeps) {
    this.#deps = deps;
  }

  /** Resolves when the first that were overdue are done: others come due all the time, and whoever starts must not wait for those. */
  async start(): Promise<void> {
    this.#stopped = false;
    this.#began = Promise.withResolvers();
    background(this.#deps.log, 'timer loop', this.#run());
    await this.#began.promise;
  }

  /** Looks at once instead of at the next poll. */
  wake(): void {
    if (this.#stopped || this.#turn) return;
    background(this.#deps.log, 'timer loop', this.#run());
  }

  /** Resolves when no handler is running any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#sleep?.cancel();
    await this.#turn;
  }

  async #run(): Promise<void> {
    this.#sleep?.cancel();
    this.#turn ??= this.#drain().finally(() => {
      this.#turn = undefined;
    });
    await this.#turn;
  }

  async #drain(): Promise<void> {
    let next: number | undefined;
    try {
      let due: readonly DueTimer[] = [];
      do {
        due = await this.#deps.store.claimTimers({ limit: BATCH, leaseMs: LEASE_MS });
        await Promise.all(due.map(timer => this.#handle(timer)));
        this.#began.resolve();
      } while (due.length > 0 && !this.#stopped);
      next = await this.#deps.store.nextTimerIn();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'timers: the store did not answer');
      this.#began.resolve();
    }
    if (this.#stopped) return;
    const ms = Math.max(MIN_SLEEP_MS, Math.min(next ?? MAX_SLEEP_MS, MAX_SLEEP_MS));
    this.#sleep = this.#deps.clock.after(ms, () => this.wake());
  }

  async #handle(timer: DueTimer): Promise<void> {
    try {
      const outcome = await this.#deps.handle(timer);
      if (outcome === 'done') await this.#deps.store.completeTimer(timer.id);
    } catch (error) {
      this.#deps.log.warn({ err: error, timer: timer.kind }, 'timer failed; it comes again after its lease');
    }
  }
}
