import { keyTone, silence } from './audio.ts';
import { isSound } from './g711.ts';
import { KEY_SCRIPT_START, stepKeyScript } from './key-script.ts';
import type { KeyEntry } from './phone.ts';
import type { Recording } from './recording.ts';
import { FRAME_BYTES, FRAME_MS } from './ticker.ts';

/** How long a finger stays on a key and off it again. */
export const KEY_TONE_MS = 100;
export const KEY_GAP_MS = 100;
const WAIT_KEY_MS = 500;

/** What plays into the phone: one frame at a time, undefined where there is nothing. */
export interface AudioSource {
  next(): Uint8Array | undefined;
}

export interface LineListener {
  /** A key went down; `inband`: the network has no other sign of it than the tone in the microphone. */
  key(key: string, inband: boolean): void;
  /** 20 ms from the phone's microphone; undefined is silence. */
  microphone(frame: Uint8Array | undefined): void;
}

export interface LineOptions {
  readonly script: readonly KeyEntry[];
  readonly inband: boolean;
  readonly recording: Recording;
  readonly onKey: (key: string, ms: number) => void;
  readonly onFirstSound: (ms: number) => void;
  /** Each 20 ms that the phone hears, counted from the answer; undefined is silence. */
  readonly onHeard: (frame: Uint8Array | undefined, index: number) => void;
}

/**
 * The answered call, frame by frame: what the carrier plays goes to the phone's ear (and its recording), what the phone
 * says and presses goes back. All waiting here counts frames, so it is exact in nominal time.
 */
export class Line {
  readonly #options: LineOptions;
  readonly #listeners = new Set<LineListener>();
  readonly #waiters = new Set<{ due: number; resolve: () => void }>();
  readonly #microphone = new FrameQueue();
  readonly #keys: { key: string; frames: number }[] = [];
  #source: AudioSource | undefined;
  #script = KEY_SCRIPT_START;
  #keyBusyUntil = 0;
  #frame = 0;
  #soundFrames = 0;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Nominal ms since the answer. */
  get ms(): number {
    return this.#frame * FRAME_MS;
  }

  /** How long something was to be heard, in ms. */
  get soundMs(): number {
    return this.#soundFrames * FRAME_MS;
  }

  /** One frame: keys first, then what is heard, then what is said. */
  tick(): void {
    if (this.#closed) return;
    this.#nextKey();
    const heard = this.#source?.next();
    this.#options.recording.append(heard);
    this.#options.onHeard(heard, this.#frame);
    const sound = heard !== undefined && isSound(heard);
    if (sound && this.#soundFrames === 0) this.#options.onFirstSound(this.ms);
    if (sound) this.#soundFrames++;
    const said = this.#microphone.next();
    for (const listener of this.#listeners) listener.microphone(said);
    this.#frame++;
    const step = stepKeyScript(this.#script, this.#options.script, { ms: this.ms, sound });
    this.#script = step.state;
    if (step.press) this.press(step.press);
    for (const waiter of this.#waiters) {
      if (waiter.due > this.#frame) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  listen(listener: LineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces what plays into the phone; undefined is silence. */
  setSource(source: AudioSource | undefined): void {
    this.#source = source;
  }

  /** Queues keys behind those still being pressed; `w` is half a second of nothing. */
  press(keys: string): void {
    for (const key of keys) {
      this.#keys.push({ key, frames: (key === 'w' ? WAIT_KEY_MS : KEY_TONE_MS + KEY_GAP_MS) / FRAME_MS });
    }
  }

  /** Says this into the microphone, behind what is still being said. */
  say(audio: Uint8Array): void {
    this.#microphone.push(audio);
  }

  /** Resolves after that many nominal ms. @throws the signal's reason */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#until(signal, resolve => {
      const waiter = { due: this.#frame + Math.round(ms / FRAME_MS), resolve };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
    });
  }

  /** Plays to the end. @throws the signal's reason when it is cut */
  async play(audio: Uint8Array, signal: AbortSignal): Promise<void> {
    const queue = new FrameQueue();
    queue.push(audio);
    await this.#until(signal, resolve => {
      const source: AudioSource = {
        next: () => {
          const frame = queue.next();
          // Resolved with the last frame, so that what follows joins without a gap.
          if (queue.empty) {
            this.#source = undefined;
            resolve();
          }
          return frame;
        },
      };
      this.#source = source;
      return () => {
        if (this.#source === source) this.#source = undefined;
      };
    });
  }

  close(): void {
    this.#closed = true;
    this.#source = undefined;
    this.#listeners.clear();
    this.#waiters.clear();
  }

  #nextKey(): void {
    if (this.#frame < this.#keyBusyUntil) return;
    const press = this.#keys.shift();
    if (!press) return;
    this.#keyBusyUntil = this.#frame + press.frames;
    if (press.key === 'w') return;
    this.#options.onKey(press.key, this.ms);
    if (this.#options.inband) this.#microphone.interrupt(keyTone(press.key, KEY_TONE_MS));
    for (const listener of this.#listeners) listener.key(press.key, this.#options.inband);
  }

  async #until(signal: AbortSignal, start: (resolve: () => void) => () => void): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      const stop = start(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** Audio cut into frames; the last one is filled with silence. */
export class FrameQueue {
  #parts: Uint8Array[] = [];
  #at = 0;

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  push(audio: Uint8Array): void {
    if (audio.length > 0) this.#parts.push(audio);
  }

  /** Plays this now; what it covers of the rest is lost, as it is under a finger on a key. */
  interrupt(audio: Uint8Array): void {
    for (let covered = 0; covered < audio.length && this.next(); covered += FRAME_BYTES);
    if (this.#at > 0) this.#parts[0] = this.#parts[0]?.subarray(this.#at) ?? new Uint8Array();
    this.#at = 0;
    this.#parts = [audio, ...this.#parts];
  }

  next(): Uint8Array | undefined {
    let part = this.#parts[0];
    if (!part) return undefined;
    if (part.length - this.#at >= FRAME_BYTES) {
      const frame = part.subarray(this.#at, this.#at + FRAME_BYTES);
      this.#advance(FRAME_BYTES);
      return frame;
    }
    const frame = silence(20);
    for (let filled = 0; part && filled < FRAME_BYTES; part = this.#parts[0]) {
      const piece = part.subarray(this.#at, this.#at + FRAME_BYTES - filled);
      frame.set(piece, filled);
      filled += piece.length;
      this.#advance(piece.length);
    }
    return frame;
  }

  #advance(bytes: number): void {
    this.#at += bytes;
    if (this.#at < (this.#parts[0]?.length ?? 0)) return;
    this.#parts.shift();
    this.#at = 0;
  }
}
