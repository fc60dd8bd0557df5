import type { SimClock } from './clock.ts';

/** Nominal milliseconds of one telephone frame: 160 samples at 8 kHz. */
export const FRAME_MS = 20;
export const FRAME_BYTES = 160;

/**
 * One 20 ms beat for all answered calls. Frame n is due at start + n · 20 nominal ms, so late wake-ups add no drift:
 * what was missed is caught up, one frame a turn of the event loop, so that promises and sockets are served in
 * between as they would have been in time. Stands still while nobody is on the phone.
 */
export class Ticker {
  readonly #clock: SimClock;
  readonly #onError: (error: unknown) => void;
  #members: readonly (() => void)[] = [];
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(clock: SimClock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Calls `tick` once a frame until the returned function is called. */
  join(tick: () => void): () => void {
    this.#members = [...this.#members, tick];
    if (this.#members.length === 1) {
      this.#due = this.#clock.now() + FRAME_MS;
      this.#arm();
    }
    return () => {
      this.#members = this.#members.filter(member => member !== tick);
      if (this.#members.length === 0) this.#disarm();
    };
  }

  /** Nominal ms that the beat is behind; more than a few frames means an overloaded machine. */
  get lagMs(): number {
    return this.#members.length === 0 ? 0 : Math.max(0, Math.round(this.#clock.now() - this.#due));
  }

  /** To be called after the clock's speed changed. */
  rearm(): void {
    if (this.#members.length > 0) this.#arm();
  }

  #arm(): void {
    this.#disarm();
    const wait = this.#clock.realUntil(this.#due);
    if (wait === 0) this.#immediate = setImmediate(() => this.#beat());
    else this.#timer = setTimeout(() => this.#beat(), wait);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #beat(): void {
    if (this.#clock.now() >= this.#due) {
      this.#due += FRAME_MS;
      for (const tick of this.#members) {
        try {
          tick();
        } catch (error) {
          this.#onError(error);
        }
      }
    }
    if (this.#members.length > 0) this.#arm();
  }
}
