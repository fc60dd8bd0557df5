import { READING_GAP_MS } from '../../ivr/index.ts';
import type { Prompt } from '../../ivr/dialog-types.ts';
import type { Segment } from '../../ivr/prompt.ts';
import type { AudioPart, Speech, Voice } from '../speech/speech.ts';

/** A mark's meaning: which reading of the message it ends, and whether the whole prompt ends with it. */
export interface MarkMeaning {
  readonly reading: number;
  readonly part: 'symbol' | 'end';
  readonly last: boolean;
}

/** Sound to send in one go, maybe none, and the mark to put behind it. */
export interface Piece {
  readonly mulaw: Uint8Array;
  readonly mark: MarkMeaning;
}

export interface Plan {
  readonly pieces: readonly Piece[];
  readonly audioMs: number;
  /** PIN symbols in one reading. */
  readonly symbols: number;
}

const BYTES_PER_MS = 8;
/** Zero in mu-law. */
const SILENCE = 0xff;

/** Lays out `times` readings of a prompt: a mark after every PIN symbol, one after each reading, the final one `last`. */
export function planReadings(parts: readonly AudioPart[], times: number): Plan {
  const gap = new Uint8Array(READING_GAP_MS * BYTES_PER_MS).fill(SILENCE);
  const pieces: Piece[] = [];
  let bytes = 0;
  for (let reading = 0; reading < times; reading++) {
    let held: Uint8Array[] = reading > 0 ? [gap] : [];
    const flush = (mark: MarkMeaning): void => {
      const sound = Buffer.concat(held);
      bytes += sound.length;
      pieces.push({ mulaw: sound, mark });
      held = [];
    };
    for (const part of parts) {
      held.push(part.mulaw);
      if (part.pin) flush({ reading, part: 'symbol', last: false });
    }
    flush({ reading, part: 'end', last: reading === times - 1 });
  }
  return {
    pieces,
    audioMs: Math.ceil(bytes / BYTES_PER_MS),
    symbols: parts.filter(part => part.pin).length,
  };
}

/** The sound of a call's prompts: at once when every clip is warm, else when it has been synthesised. */
export interface PromptAudio {
  /** @throws SpeechError, also as a rejection */
  plan(prompt: Prompt): Plan | Promise<Plan>;
}

export interface PromptAudioDeps {
  readonly speech: Pick<Speech, 'render' | 'renderWarm'>;
  readonly voice: Voice;
  segments(prompt: Prompt): readonly Segment[];
}

/**
 * Renders each prompt once a call, and keeps it for the repeats.
 * @param expected prepared at once, so that nothing is left to do between the answer and the first word
 */
export function createPromptAudio(deps: PromptAudioDeps, expected: readonly Prompt[]): PromptAudio {
  const parts = new Map<string, readonly AudioPart[] | Promise<readonly AudioPart[]>>();

  const prepare = (prompt: Prompt): readonly AudioPart[] | Promise<readonly AudioPart[]> => {
    const name = nameOf(prompt);
    const known = parts.get(name);
    if (known) return known;
    const segments = deps.segments(prompt);
    const warm = deps.speech.renderWarm(segments, deps.voice);
    if (warm) {
      parts.set(name, warm);
      return warm;
    }
    const cold = deps.speech.render(segments, deps.voice);
    parts.set(name, cold);
    cold.then(
      rendered => parts.set(name, rendered),
      // Whoever asks hears of it; another play may try again.
      () => parts.delete(name),
    );
    return cold;
  };

  for (const prompt of expected) void prepare(prompt);
  return {
    plan(prompt) {
      const times = timesOf(prompt);
      const ready = prepare(prompt);
      return ready instanceof Promise
        ? ready.then(rendered => planReadings(rendered, times))
        : planReadings(ready, times);
    },
  };
}

/** How often a prompt is read. */
export function timesOf(prompt: Prompt): number {
  return prompt.kind === 'message' ? prompt.times : 1;
}

function nameOf(prompt: Prompt): string {
  return prompt.kind === 'gate' ? `gate:${prompt.keys}` : prompt.kind;
}
