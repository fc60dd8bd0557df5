import type { Clock, Timer } from '../clock.ts';
import type { ServiceError } from '../errors.ts';

export interface PlaceLimits {
  /** Requests worked on at a time; more wait. */
  readonly running: number;
  /** Requests that may wait; more are refused. */
  readonly waiting: number;
  /** How long one may wait while the queue runs empty now and then. */
  readonly patienceMs: number;
}

/** A place among the running requests of a kind. `leave` may be called while `reached` is open, which it then stays. */
export interface Place {
  readonly reached: Promise<void>;
  leave(): void;
}

/** A queue that was never empty for this long is a standing one: waiting in it helps nobody. */
const STANDING_AFTER_MS = 500;
/** How long one may wait in a standing queue. */
const STANDING_PATIENCE_MS = 20;

interface Waiting {
  readonly reach: () => void;
  readonly timeOut: Timer;
}

/**
 * Places of one kind, and who waits for one; first come, first served. Patience is short once the queue stands (the controlled
 * delay of Maurer, "Fail at Scale", ACM Queue 13/8, 2015, after Nichols and Jacobson's CoDel).
 */
export class PlaceQueue {
  readonly #clock: Clock;
  readonly #limits: PlaceLimits;
  readonly #tooLong: (reason: 'waited') => ServiceError;
  readonly #queue = new Set<Waiting>();
  #running = 0;
  /** Since when somebody has always been waiting. */
  #standingSince: number | undefined;

  constructor(clock: Clock, limits: PlaceLimits, tooLong: (reason: 'waited') => ServiceError) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tooLong = tooLong;
  }

  get running(): number {
    return this.#running;
  }

  get full(): boolean {
    return this.#queue.size >= this.#limits.waiting;
  }

  enter(): Place {
    if (this.#running < this.#limits.running) {
      this.#running++;
      return { reached: Promise.resolve(), leave: once(() => this.#free()) };
    }
    return this.#wait();
  }

  #wait(): Place {
    let leave = (): void => undefined;
    const reached = new Promise<void>((resolve, reject) => {
      const away = (): void => {
        waiting.timeOut.cancel();
        this.#queue.delete(waiting);
        if (this.#queue.size === 0) this.#standingSince = undefined;
      };
      const waiting: Waiting = {
        reach: () => {
          away();
          this.#running++;
          leave = () => this.#free();
          resolve();
        },
        timeOut: this.#clock.after(this.#patienceMs(), () => {
          away();
          leave = () => undefined;
          reject(this.#tooLong('waited'));
        }),
      };
      this.#queue.add(waiting);
      this.#standingSince ??= this.#clock.monotonic();
      // The caller went away: nobody waits for this promise any more, and it stays open.
      leave = away;
    });
    return { reached, leave: once(() => leave()) };
  }

  #patienceMs(): number {
    const stands =
      this.#standingSince !== undefined && this.#clock.monotonic() - this.#standingSince >= STANDING_AFTER_MS;
    return stands ? Math.min(STANDING_PATIENCE_MS, this.#limits.patienceMs) : this.#limits.patienceMs;
  }

  #free(): void {
    this.#running--;
    const [next] = this.#queue;
    next?.reach();
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
