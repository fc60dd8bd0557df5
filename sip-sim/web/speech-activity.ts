/** About -40 dB below full scale: under speech, over the noise of the line. */
export const LOUD = 0.01;
const SPEAKING_AFTER_FRAMES = 3;
const SILENT_AFTER_FRAMES = 30;
const FRAME_MS = 20;

/** The line began to speak, or fell silent; `ms` counts from the answer. */
export interface Activity {
  readonly kind: 'speaking' | 'silence';
  readonly ms: number;
}

/**
 * Tells speech from pauses as a listener would: 60 ms of sound begin it, 600 ms without end it (words and spelled digits are
 * closer together). What it tells is dated back to where it began.
 */
export class SpeechActivity {
  #speaking = false;
  #run = 0;

  /** One frame of the line; gives what changed with it. */
  push(index: number, peak: number): Activity | undefined {
    const loud = peak >= LOUD;
    this.#run = loud === this.#speaking ? 0 : this.#run + 1;
    if (this.#run < (this.#speaking ? SILENT_AFTER_FRAMES : SPEAKING_AFTER_FRAMES)) return undefined;
    const ms = Math.max(0, index + 1 - this.#run) * FRAME_MS;
    this.#speaking = !this.#speaking;
    this.#run = 0;
    return { kind: this.#speaking ? 'speaking' : 'silence', ms };
  }
}
