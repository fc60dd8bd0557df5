/** 20 ms at 8 kHz. */
export const FRAME_SAMPLES = 160;

export interface JitterFrame {
  readonly index: number;
  readonly samples: Float32Array;
  /** Nothing to be heard: it may be left out, or lengthened, unnoticed. */
  readonly silent: boolean;
}

export interface JitterOptions {
  /** Frames held back before the first is played. */
  readonly startFrames: number;
  /** How far that may grow when the buffer ran dry. */
  readonly maxStartFrames: number;
  /** More than this is cut at once, even through sound. */
  readonly limitFrames: number;
}

/** 80 ms to begin with; never more than 240 ms behind the newest frame. */
export const JITTER_DEFAULTS: JitterOptions = { startFrames: 4, maxStartFrames: 8, limitFrames: 12 };

/** Silence added in a row before the speech behind it has to do with a smaller buffer. */
const MAX_STRETCH = 10;

/**
 * Evens out the arrival of frames: plays a few frames behind the newest. Sound is played untouched; where the buffer is too
 * full or too empty, pauses are shortened or lengthened, so that the two sides' clocks may differ.
 */
export class JitterBuffer {
  readonly #options: JitterOptions;
  readonly #frames: JitterFrame[] = [];
  #target: number;
  #playing = false;
  #stretched = 0;
  #newest = -1;

  constructor(options: JitterOptions = JITTER_DEFAULTS) {
    this.#options = options;
    this.#target = options.startFrames;
  }

  /** Frames waiting. */
  get depth(): number {
    return this.#frames.length;
  }

  /** How many frames are held back now; it grows by one each time that the buffer ran dry. */
  get target(): number {
    return this.#target;
  }

  push(frame: JitterFrame): void {
    if (frame.index <= this.#newest) return;
    this.#newest = frame.index;
    this.#frames.push(frame);
    if (this.#frames.length <= this.#options.limitFrames) return;
    this.#frames.splice(0, this.#frames.length - this.#target);
  }

  /** What to play for the next 20 ms; undefined while there is too little. */
  next(): JitterFrame | undefined {
    if (!this.#playing) {
      if (this.#frames.length < this.#target) return undefined;
      this.#playing = true;
    }
    while (this.#frames.length > this.#target + 1 && this.#frames[0]?.silent === true) this.#frames.shift();
    const head = this.#frames[0];
    if (!head) {
      this.#playing = false;
      this.#target = Math.min(this.#target + 1, this.#options.maxStartFrames);
      return undefined;
    }
    if (head.silent && this.#frames.length < this.#target && this.#stretched < MAX_STRETCH) {
      this.#stretched++;
      return head;
    }
    this.#stretched = 0;
    this.#frames.shift();
    return head;
  }

  /** Another call: nothing of the last one is played. */
  clear(): void {
    this.#frames.length = 0;
    this.#playing = false;
    this.#newest = -1;
    this.#stretched = 0;
  }
}
