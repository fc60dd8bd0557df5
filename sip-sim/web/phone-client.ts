import { control } from './control.ts';
import { decodeMulaw, peakOf } from './mulaw.ts';
import { currentCall, emptyPhone, stepPhone, type PhoneState } from './phone-state.ts';
import type { Speaker } from './sound.ts';
import { LOUD, SpeechActivity, type Activity } from './speech-activity.ts';
import { decodeHeard, type Call, type Told } from './wire.ts';

const RETRY_MS = 1_000;
const FRAME_SAMPLES = 160;
/** Further calls' sound and captions are forgotten; the recordings stay with the simulator. */
const MAX_TRACKS = 20;

/** What this page heard of a call. */
export interface Track {
  /** The loudest sample of each 20 ms since the answer, 0 to 1. */
  readonly peaks: number[];
  readonly activity: Activity[];
}

/** One phone in hand: its state, its sound, and what a person can do with it. */
export class PhoneClient {
  state: PhoneState;
  readonly number: string;
  readonly #speaker: Speaker;
  readonly #listeners = new Set<() => void>();
  readonly #tracks = new Map<string, Track & { readonly detector: SpeechActivity }>();
  #socket: WebSocket | undefined;
  #retry: number | undefined;
  #heard: string | undefined;
  #closed = false;

  constructor(number: string, speaker: Speaker) {
    this.number = number;
    this.state = emptyPhone(number);
    this.#speaker = speaker;
    this.#connect();
  }

  get speaker(): Speaker {
    return this.#speaker;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  track(call: Call): Track | undefined {
    return this.#tracks.get(call.id);
  }

  async answer(): Promise<void> {
    await this.#act('answer', 'ringing');
  }

  async decline(): Promise<void> {
    await this.#act('reject', 'ringing');
  }

  async hangUp(): Promise<void> {
    await this.#act('hangup', 'answered');
  }

  /** Presses one key of the call; without a call nothing happens. */
  async press(key: string): Promise<void> {
    const call = currentCall(this.state);
    if (call?.state !== 'answered') return;
    this.#speaker.key(key);
    await control('POST', `/calls/${call.id}/keys`, { keys: key });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#speaker.close();
  }

  async #act(action: 'answer' | 'reject' | 'hangup', state: Call['state']): Promise<void> {
    const call = currentCall(this.state);
    if (call?.state === state) await control('POST', `/calls/${call.id}/${action}`);
  }

  #connect(): void {
    const url = new URL(`/phones/${encodeURIComponent(this.number)}/live`, location.href);
    url.protocol = 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') this.#told(JSON.parse(data) as Told);
      else this.#hear(data);
    });
    socket.addEventListener('close', () => {
      this.#told({ type: 'lost' });
      if (!this.#closed) this.#retry = window.setTimeout(() => this.#connect(), RETRY_MS);
    });
  }

  #told(told: Parameters<typeof stepPhone>[1]): void {
    this.state = stepPhone(this.state, told);
    this.#speaker.ring(this.state.connected && currentCall(this.state)?.state === 'ringing');
    this.#changed();
  }

  #hear(message: ArrayBuffer): void {
    const frame = decodeHeard(message);
    if (!frame) return;
    const samples = frame.sound ? decodeMulaw(frame.sound) : new Float32Array(FRAME_SAMPLES);
    const peak = frame.sound ? peakOf(samples) : 0;
    const track = this.#trackOf(frame.call);
    track.peaks[frame.index] = peak;
    const change = track.detector.push(frame.index, peak);
    if (change) {
      track.activity.push(change);
      this.#changed();
    }
    // The loudspeaker plays one call, in real time.
    if (currentCall(this.state)?.id !== frame.call || this.state.speed !== 1) return;
    if (this.#heard !== frame.call) this.#speaker.clear();
    this.#heard = frame.call;
    this.#speaker.hear({ index: frame.index, samples, silent: peak < LOUD });
  }

  #trackOf(call: string): Track & { readonly detector: SpeechActivity } {
    const known = this.#tracks.get(call);
    if (known) return known;
    const made = { peaks: [], activity: [], detector: new SpeechActivity() };
    this.#tracks.set(call, made);
    const oldest = this.#tracks.keys().next();
    if (this.#tracks.size > MAX_TRACKS && !oldest.done) this.#tracks.delete(oldest.value);
    return made;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
