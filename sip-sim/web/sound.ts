import { onPermissionToSound } from './frame.ts';
import type { JitterFrame } from './jitter-buffer.ts';
import { KEY_TONES, RING, RING_NOTE_SECONDS, RING_SECONDS } from './tones.ts';

/** The line is telephone audio; the browser brings it to the loudspeaker's rate. */
const LINE_RATE = 8_000;
const KEY_SECONDS = 0.12;
const FRAME_MS = 20;

/** What the loudspeaker of one phone plays; silent until a person has touched the page, or the page around it. */
export interface Speaker {
  /** Frames of the call, as they come. */
  hear(frame: JitterFrame): void;
  /** Another call begins: nothing of the last one is played. */
  clear(): void;
  ring(on: boolean): void;
  key(key: string): void;
  mute(on: boolean): void;
  /** How far the sound is behind what the phone hears, in ms; undefined while nothing plays. */
  behindMs(): number | undefined;
  close(): void;
}

export interface SoundBox {
  readonly unlocked: boolean;
  onChange(listener: () => void): () => void;
  speaker(): Speaker;
}

/** All sound of a page: one audio context, opened by the first gesture, as browsers demand. */
export function createSoundBox(): SoundBox {
  const listeners = new Set<() => void>();
  let context: AudioContext | undefined;
  let ready: Promise<AudioContext> | undefined;

  const unlock = (): void => {
    if (ready) {
      void context?.resume();
      return;
    }
    context = new AudioContext({ sampleRate: LINE_RATE, latencyHint: 'interactive' });
    const opening = open(context);
    ready = opening;
    void announce(opening);
  };
  const announce = async (opening: Promise<AudioContext>): Promise<void> => {
    await opening;
    for (const listener of listeners) listener();
  };
  for (const gesture of ['pointerdown', 'keydown']) {
    document.addEventListener(gesture, unlock, { capture: true });
  }
  onPermissionToSound(unlock);

  return {
    get unlocked() {
      return context?.state === 'running';
    },
    onChange: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    speaker: () => {
      const made = new PhoneSpeaker();
      const start = (): void => {
        if (ready) void ready.then(opened => made.open(opened));
      };
      start();
      listeners.add(start);
      made.onClose = () => listeners.delete(start);
      return made;
    },
  };
}

async function open(context: AudioContext): Promise<AudioContext> {
  await context.audioWorklet.addModule('/web/line-worklet.ts');
  await context.resume();
  return context;
}

class PhoneSpeaker implements Speaker {
  onClose: () => void = () => {};
  #context: AudioContext | undefined;
  #line: AudioWorkletNode | undefined;
  #volume: GainNode | undefined;
  #ringing: { gain: GainNode; timer: number } | undefined;
  #wantsRing = false;
  #muted = false;
  #newest = 0;
  #playing: number | undefined;
  #playingAt = 0;
  #closed = false;

  open(context: AudioContext): void {
    if (this.#context || this.#closed) return;
    this.#context = context;
    this.#volume = new GainNode(context, { gain: this.#muted ? 0 : 1 });
    this.#volume.connect(context.destination);
    this.#line = new AudioWorkletNode(context, 'line', {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    this.#line.connect(this.#volume);
    this.#line.port.addEventListener('message', event => {
      this.#playing = event.data as number;
      this.#playingAt = performance.now();
    });
    this.#line.port.start();
    if (this.#wantsRing) this.ring(true);
  }

  hear(frame: JitterFrame): void {
    this.#newest = frame.index;
    this.#line?.port.postMessage(frame, [frame.samples.buffer]);
  }

  clear(): void {
    this.#line?.port.postMessage('clear');
    this.#playing = undefined;
  }

  ring(on: boolean): void {
    this.#wantsRing = on;
    const context = this.#context;
    if (on && context && !this.#ringing) {
      const gain = new GainNode(context, { gain: 0.18 });
      gain.connect(context.destination);
      const again = (): void => playRing(context, gain);
      again();
      this.#ringing = { gain, timer: window.setInterval(again, RING_SECONDS * 1000) };
    }
    if (!on && this.#ringing) {
      clearInterval(this.#ringing.timer);
      this.#ringing.gain.disconnect();
      this.#ringing = undefined;
    }
  }

  key(key: string): void {
    const tones = KEY_TONES[key];
    const context = this.#context;
    if (!tones || !context) return;
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(context.destination);
    const now = context.currentTime;
    gain.gain.setTargetAtTime(0.12, now, 0.003);
    gain.gain.setTargetAtTime(0, now + KEY_SECONDS - 0.02, 0.005);
    for (const frequency of tones) {
      const oscillator = new OscillatorNode(context, { frequency });
      oscillator.connect(gain);
      oscillator.start(now);
      oscillator.stop(now + KEY_SECONDS);
    }
  }

  mute(on: boolean): void {
    this.#muted = on;
    if (this.#volume && this.#context) {
      this.#volume.gain.setTargetAtTime(on ? 0 : 1, this.#context.currentTime, 0.01);
    }
  }

  behindMs(): number | undefined {
    if (this.#playing === undefined || !this.#context) return undefined;
    const playing = this.#playing + (performance.now() - this.#playingAt) / FRAME_MS;
    const latency = (this.#context.outputLatency || this.#context.baseLatency) * 1000;
    return Math.max(0, (this.#newest + 1 - playing) * FRAME_MS) + latency;
  }

  close(): void {
    this.#closed = true;
    this.ring(false);
    this.#line?.disconnect();
    this.#volume?.disconnect();
    this.onClose();
  }
}

function playRing(context: AudioContext, into: AudioNode): void {
  for (const { at, frequency } of RING) {
    const start = context.currentTime + 0.02 + at;
    for (const [partial, level] of [
      [1, 0.5],
      [2, 0.18],
    ] as const) {
      const gain = new GainNode(context, { gain: 0 });
      gain.connect(into);
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(level, start + 0.008);
      gain.gain.exponentialRampToValueAtTime(0.001, start + RING_NOTE_SECONDS);
      const oscillator = new OscillatorNode(context, { frequency: frequency * partial });
      oscillator.connect(gain);
      oscillator.start(start);
      oscillator.stop(start + RING_NOTE_SECONDS);
    }
  }
}
