import { TELEPHONE_RATE, concatBytes, silence, tone } from './audio.ts';
import { encodeMulaw } from './g711.ts';
import type { SpeechEngine } from './speech-engine.ts';
import { segments, type Segment } from './ssml.ts';
import type { Say } from './twiml.ts';

const WORD_TONE = tone([440], 180);
const QUIET = 150;

export interface Spoken {
  /** 8 kHz mu-law. */
  readonly audio: Uint8Array;
  /** False where tones stand in for words, because no speech program is installed. */
  readonly speech: boolean;
}

/** Renders a `<Say>` with the simulator's own voice: words by espeak-ng, pauses exact. */
export async function renderSay(engine: Pick<SpeechEngine, 'speak'>, say: Say): Promise<Spoken> {
  const language = say.language ?? languageOf(say.voice);
  const parts: Uint8Array[] = [];
  let speech = true;
  for (const segment of segments(say.content, { voice: say.voice, language })) {
    const samples = segment.kind === 'silence' ? undefined : await engine.speak(segment);
    if (samples && segment.kind === 'words') parts.push(encodeMulaw(amplify(trim(samples), segment.volume)));
    else if (segment.kind === 'silence') parts.push(silence(segment.ms));
    else {
      speech = false;
      parts.push(wordTones(segment));
    }
  }
  return { audio: concatBytes(parts), speech };
}

/** `Polly.Vicki-Neural` says nothing of its language; `Google.de-DE-Standard-A` does. */
function languageOf(voice: string): string {
  return /\.([a-z]{2,3}-[A-Z]{2})/.exec(voice)?.[1] ?? 'en-US';
}

function wordTones(segment: Extract<Segment, { kind: 'words' }>): Uint8Array {
  const words = segment.text.split(/\s+/);
  return concatBytes(words.flatMap(() => [WORD_TONE, silence(120)]));
}

/** Cuts the program's own silence off both ends, so that pauses are what the document says. */
function trim(samples: Int16Array): Int16Array {
  const margin = TELEPHONE_RATE / 50;
  let first = samples.findIndex(value => Math.abs(value) > QUIET);
  if (first < 0) return samples;
  let last = samples.findLastIndex(value => Math.abs(value) > QUIET);
  first = Math.max(0, first - margin);
  last = Math.min(samples.length, last + margin);
  return samples.subarray(first, last);
}

function amplify(samples: Int16Array, factor: number): Int16Array {
  if (factor === 1) return samples;
  return samples.map(value => Math.max(-32_768, Math.min(32_767, Math.round(value * factor))));
}
