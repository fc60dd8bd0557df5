import { MULAW_SILENCE } from './g711.ts';
import { FRAME_BYTES } from './ticker.ts';

/**
 * What the customer sent over a media socket and the phone has not yet heard (carrier-protocols.md 1.4): audio of any
 * size, played in order, and marks between. A mark is returned when the frame that holds the last audio before it has
 * been played.
 */
export class PlayBuffer {
  readonly #maxBytes: number;
  readonly #items: (Uint8Array | { readonly mark: string })[] = [];
  #bytes = 0;
  /** Bytes of the first item that were played. */
  #at = 0;
  /** A frame was handed out and is sounding until the next one is asked for. */
  #sounding = false;
  /** Marks that are due when the sounding frame ends. */
  #due: string[] = [];

  constructor(maxSeconds: number) {
    this.#maxBytes = maxSeconds * 8_000;
  }

  /** Appends audio; false where the buffer would outgrow its limit, and the audio is thrown away. */
  push(audio: Uint8Array): boolean {
    if (this.#bytes + audio.length > this.#maxBytes) return false;
    if (audio.length > 0) this.#items.push(audio);
    this.#bytes += audio.length;
    return true;
  }

  /** Appends a mark; true where nothing is before it, and it is to be returned at once. */
  mark(name: string): boolean {
    if (this.#items.length > 0) this.#items.push({ mark: name });
    else if (this.#sounding) this.#due.push(name);
    else return true;
    return false;
  }

  /** Forgets all audio; gives the pending marks, oldest first. */
  clear(): string[] {
    const marks = [...this.#due, ...this.#items.flatMap(item => ('mark' in item ? [item.mark] : []))];
    this.#items.length = 0;
    this.#due = [];
    this.#bytes = 0;
    this.#at = 0;
    this.#sounding = false;
    return marks;
  }

  /** The next 20 ms, undefined where nothing is buffered, and the marks whose audio has now been played. */
  next(): { frame: Uint8Array | undefined; marks: readonly string[] } {
    const marks = this.#due;
    this.#due = this.#takeMarks();
    // Marks at the head stand behind audio of an earlier frame, so they are due now.
    marks.push(...this.#due);
    this.#due = [];
    const frame = this.#takeFrame();
    this.#sounding = frame !== undefined;
    return { frame, marks };
  }

  #takeFrame(): Uint8Array | undefined {
    const first = this.#items[0];
    if (!first || 'mark' in first) return undefined;
    if (first.length - this.#at >= FRAME_BYTES) {
      const frame = first.subarray(this.#at, this.#at + FRAME_BYTES);
      this.#advance(FRAME_BYTES);
      this.#due.push(...this.#takeMarks());
      return frame;
    }
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    for (let filled = 0; filled < FRAME_BYTES;) {
      const item = this.#items[0];
      if (!item || 'mark' in item) break;
      const piece = item.subarray(this.#at, this.#at + FRAME_BYTES - filled);
      frame.set(piece, filled);
      filled += piece.length;
      this.#advance(piece.length);
      this.#due.push(...this.#takeMarks());
    }
    return frame;
  }

  #takeMarks(): string[] {
    const marks: string[] = [];
    for (let item = this.#items[0]; item && 'mark' in item; item = this.#items[0]) {
      marks.push(item.mark);
      this.#items.shift();
    }
    return marks;
  }

  #advance(bytes: number): void {
    this.#bytes -= bytes;
    this.#at += bytes;
    const first = this.#items[0];
    if (first instanceof Uint8Array && this.#at >= first.length) {
      this.#items.shift();
      this.#at = 0;
    }
  }
}
