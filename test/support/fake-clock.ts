import type { Clock, Timer } from '../../src/clock.ts';

/** A clock that stands still until it is told to move; timers fire in due order, ties in order of arming. */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 0;
  #sequence = 0;
  #timers: { due: number; sequence: number; fire: () => void }[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, fire: () => void): Timer {
    const timer = { due: this.#monotonic + Math.max(ms, 0), sequence: this.#sequence++, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time forward by `ms`, firing what falls due on the way at its own instant. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const next = this.#timers
        .filter(timer => timer.due <= end)
        .toSorted((a, b) => a.due - b.due || a.sequence - b.sequence)[0];
      if (!next) break;
      this.#step(next.due - this.#monotonic);
      this.#timers = this.#timers.filter(timer => timer !== next);
      next.fire();
    }
    this.#step(end - this.#monotonic);
  }

  /** As `advance`, but lets promises settle after every timer, for code that awaits between timers. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (;;) {
      const next = this.#timers
        .filter(timer => timer.due <= end)
        .toSorted((a, b) => a.due - b.due || a.sequence - b.sequence)[0];
      if (!next) break;
      this.advance(next.due - this.#monotonic);
      await settle();
    }
    this.advance(end - this.#monotonic);
    await settle();
  }

  /** Sets the wall clock, leaving monotonic time alone (an NTP step). */
  setWall(now: number): void {
    this.#now = now;
  }

  #step(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
  }
}

/** Lets pending promise reactions and immediates run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>(resolve => setImmediate(resolve));
}
