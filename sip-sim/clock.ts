/** A one-shot timer; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

interface Pending {
  readonly due: number;
  readonly fire: () => void;
  handle: NodeJS.Timeout | undefined;
}

const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * Nominal time: milliseconds that run `speed` times as fast as the real ones. Rings, audio, keys and timers live
 * in it; dates on the wire and network timeouts stay real, because the other side's do.
 */
export class SimClock {
  #speed: number;
  #realBase = performance.now();
  #nominalBase = 0;
  readonly #pending = new Set<Pending>();

  constructor(speed: number) {
    this.#speed = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Nominal milliseconds since the clock was made, monotonic. */
  now(): number {
    return this.#nominalBase + (performance.now() - this.#realBase) * this.#speed;
  }

  /** Real wall time, for dates on the wire. */
  wall(): Date {
    return new Date();
  }

  /** Fires once after `ms` nominal milliseconds, also when the speed changes meanwhile. */
  after(ms: number, fire: () => void): Timer {
    const pending: Pending = { due: this.now() + Math.max(ms, 0), fire, handle: undefined };
    this.#pending.add(pending);
    this.#arm(pending);
    return { cancel: () => this.#drop(pending) };
  }

  /** Real milliseconds until nominal time `due`; 0 when it has passed. */
  realUntil(due: number): number {
    return Math.max(0, (due - this.now()) / this.#speed);
  }

  setSpeed(speed: number): void {
    this.#nominalBase = this.now();
    this.#realBase = performance.now();
    this.#speed = speed;
    for (const pending of this.#pending) this.#arm(pending);
  }

  /** Forgets every timer. */
  close(): void {
    for (const pending of this.#pending) this.#drop(pending);
  }

  #arm(pending: Pending): void {
    clearTimeout(pending.handle);
    pending.handle = setTimeout(
      () => {
        // setTimeout may fire a fraction early, and long waits are armed in steps.
        if (this.realUntil(pending.due) > 0) return this.#arm(pending);
        this.#drop(pending);
        pending.fire();
      },
      Math.min(this.realUntil(pending.due), MAX_TIMEOUT),
    );
  }

  #drop(pending: Pending): void {
    clearTimeout(pending.handle);
    this.#pending.delete(pending);
  }
}
