import { FRAME_SAMPLES, JitterBuffer, type JitterFrame } from './jitter-buffer.ts';

/** The parts of AudioWorkletGlobalScope that TypeScript's DOM library leaves out. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const REPORT_EVERY = 16;
/** Samples over which sound that breaks off is faded, against a click. */
const FADE = 32;

/** Plays the line in a context of 8 kHz: frames come in by the port, and the index of the one that sounds goes out. */
class LineProcessor extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer();
  #frame: JitterFrame | undefined;
  #at = FRAME_SAMPLES;
  #last = 0;
  #blocks = 0;

  constructor() {
    super();
    this.port.addEventListener('message', event => {
      const message = event.data as JitterFrame | 'clear';
      if (message === 'clear') this.#buffer.clear();
      else this.#buffer.push(message);
    });
    this.port.start();
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]?.[0];
    if (!out) return true;
    for (let i = 0; i < out.length; i++) {
      if (this.#at >= FRAME_SAMPLES) {
        this.#frame = this.#buffer.next();
        this.#at = 0;
      }
      this.#last = this.#frame?.samples[this.#at] ?? this.#last * (1 - 1 / FADE);
      out[i] = this.#last;
      this.#at++;
    }
    if (++this.#blocks % REPORT_EVERY === 0 && this.#frame) this.port.postMessage(this.#frame.index);
    return true;
  }
}

registerProcessor('line', LineProcessor);
