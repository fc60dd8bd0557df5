import type { Segment } from '../../ivr/prompt.ts';

/** The ports of text-to-speech: engines below, the service's face above. */

/** Mono 16-bit PCM, as an engine makes it. */
export interface Pcm {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

export interface Voice {
  /** Name at the public API: Infobip's (`Joanna`) or the engine's own (`rms`). */
  readonly name: string;
  readonly gender: 'male' | 'female';
  /** In the 2FA form: `en`, `pt_br`. */
  readonly language: string;
  /** Engine id (`flite`, `espeak`) and the engine's own voice id. */
  readonly engine: string;
  readonly engineVoice: string;
  readonly isDefault: boolean;
}

/** A synthesiser behind the seam: in a worker, a child process, or (later) over HTTP. */
export interface SpeechEngine {
  readonly id: string;
  /** Part of every cache key: a new engine version makes new clips. */
  readonly version: string;
  voices(): readonly Voice[];
  /**
   * Plain text to PCM at `rate` (0.5..2), off the main thread.
   * @throws SpeechError when the engine failed, hung or crashed; the next call gets a fresh one.
   */
  synthesise(request: { text: string; voice: Voice; rate: number }, signal?: AbortSignal): Promise<Pcm>;
  close(): Promise<void>;
}

/** A failed synthesis. `unsupported-language`: no engine here speaks it (REJECTED_UNSUPPORTED_LANGUAGE). */
export class SpeechError extends Error {
  readonly reason: 'unsupported-language' | 'engine-failed' | 'timeout' | 'too-long';

  constructor(reason: SpeechError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SpeechError';
    this.reason = reason;
  }
}

/** A voice that was asked for and the one that will be heard; `fallback` says why they differ. */
export interface VoiceChoice {
  readonly voice: Voice;
  readonly fallback?: string;
}

/** A stretch of audio handed to a media stream in one piece. `pin`: it ends a symbol of the PIN. */
export interface AudioPart {
  /** 8 kHz G.711 mu-law, 8 bytes a millisecond. */
  readonly mulaw: Uint8Array;
  readonly ms: number;
  readonly pin: boolean;
}

export interface Speech {
  /** All voices really present. */
  voices(): readonly Voice[];
  /** @throws SpeechError unsupported-language. `voiceName` unknown: the language's default, with `fallback` set. */
  chooseVoice(request: { language: string; voiceName?: string; gender?: 'male' | 'female' }): VoiceChoice;
  /**
   * Segments to audio, in order, cut after each PIN symbol. Warm clips cost no synthesis and no I/O; with all
   * clips warm the promise resolves in the same turn.
   * @throws SpeechError
   */
  render(segments: readonly Segment[], voice: Voice): Promise<readonly AudioPart[]>;
  /** As `render` when every clip is already in memory, else undefined. */
  renderWarm(segments: readonly Segment[], voice: Voice): readonly AudioPart[] | undefined;
  /** Synthesises clips into the cache ahead of a call. Errors are logged, not thrown. */
  prewarm(segments: readonly Segment[], voice: Voice): Promise<void>;
  close(): Promise<void>;
}
