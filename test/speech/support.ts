import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Segment } from '../../ivr/prompt.ts';
import { createLogger, type Logger } from '../../src/log.ts';
import type { Pcm, SpeechEngine, Voice } from '../../src/speech/speech.ts';

/** A tone of `ms` milliseconds. */
export function tone({
  hz,
  ms,
  rate,
  amplitude,
}: {
  hz: number;
  ms: number;
  rate: number;
  amplitude: number;
}): Int16Array {
  return Int16Array.from({ length: Math.round((rate * ms) / 1000) }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * index) / rate)),
  );
}

export function speech(text: string, options: Partial<Extract<Segment, { kind: 'speech' }>> = {}): Segment {
  return { kind: 'speech', text, language: 'en', rate: 1, cache: 'fixed', pin: false, ...options };
}

export function pause(ms: number): Segment {
  return { kind: 'silence', ms };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'saypin-speech-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function captureLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger('debug', { write: line => lines.push(line) }), lines };
}

export interface ToneEngine extends SpeechEngine {
  /** Texts that were synthesised, in order. */
  readonly asked: { text: string; rate: number; voice: string }[];
  /** The next synthesis fails with this. */
  failNext(error: Error): void;
}

/** An engine that says every text as a tone: 50 ms a character at rate 1, its pitch from the text's length. */
export function createToneEngine(
  options: { id?: string; version?: string; languages?: string[] } = {},
): ToneEngine {
  const id = options.id ?? 'tone';
  const voices: Voice[] = (options.languages ?? ['en']).map(language => ({
    name: `${id}-${language}`,
    gender: 'male',
    language,
    engine: id,
    engineVoice: language,
    isDefault: true,
  }));
  const asked: ToneEngine['asked'] = [];
  let failure: Error | undefined;
  return {
    id,
    version: options.version ?? '1',
    asked,
    failNext: error => {
      failure = error;
    },
    voices: () => voices,
    async synthesise({ text, rate, voice }): Promise<Pcm> {
      asked.push({ text, rate, voice: voice.name });
      const error = failure;
      failure = undefined;
      if (error) throw error;
      const samples = tone({
        hz: 400 + 20 * text.length,
        ms: (50 * text.length) / rate,
        rate: 16_000,
        amplitude: 9_000,
      });
      return { sampleRate: 16_000, samples };
    },
    close: async () => undefined,
  };
}
