import { MULAW_SILENCE, decodeMulaw } from './g711.ts';
import { TELEPHONE_RATE } from './audio.ts';
import { FRAME_BYTES } from './ticker.ts';
import { encodeWav } from './wav.ts';

const BLOCK = FRAME_BYTES * 100;
const QUIET = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);

/**
 * All that one phone heard from its answer on, as mu-law (8 kB a second) in blocks of two seconds. Stops growing at
 * `maxSeconds`.
 */
export class Recording {
  readonly #blocks: Uint8Array[] = [];
  readonly #maxBytes: number;
  #length = 0;
  #dropped = false;

  constructor(maxSeconds: number) {
    this.#maxBytes = maxSeconds * TELEPHONE_RATE;
  }

  /** Memory held. */
  get bytes(): number {
    return this.#blocks.length * BLOCK;
  }

  get seconds(): number {
    return this.#length / TELEPHONE_RATE;
  }

  /** True when the oldest audio was given up, or the call outlived the limit. */
  get truncated(): boolean {
    return this.#dropped || this.#length >= this.#maxBytes;
  }

  /** Adds one frame; undefined is silence. */
  append(frame: Uint8Array | undefined): void {
    if (this.#dropped || this.#length >= this.#maxBytes) return;
    const at = this.#length % BLOCK;
    if (at === 0) this.#blocks.push(new Uint8Array(BLOCK));
    this.#blocks.at(-1)?.set(frame ?? QUIET, at);
    this.#length += FRAME_BYTES;
  }

  /** Gives the memory back; what was heard is gone. */
  drop(): void {
    this.#dropped = true;
    this.#blocks.length = 0;
    this.#length = 0;
  }

  /** The recording so far as a WAV file, 8 kHz, 16 bit, mono. */
  wav(): Buffer {
    const bytes = Buffer.concat(this.#blocks).subarray(0, this.#length);
    return encodeWav(decodeMulaw(bytes), TELEPHONE_RATE);
  }
}
