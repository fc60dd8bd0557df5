import type { Utterance } from './prompt.ts';

/** Author's text to utterances: voice-dialogue.md section 1, rows `characters` and `pause`. */

const COMMA_MS = 500;

/** A pause between spelled symbols, 0..2000 ms. */
export const DEFAULT_DIGIT_PAUSE_MS = 400;

export function clampDigitPause(ms: number): number {
  return Math.min(Math.max(Math.round(ms), 0), 2000);
}

/**
 * Makes text fit for XML and for a voice: control characters and line ends become spaces, lone surrogates and
 * non-characters are dropped. Everything else stays as given.
 */
export function cleanText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '');
}

/** Digits spaced by the author ("5 8 4 2"), or capitals and digits from three on ("A 4 F"). */
const SPACED =
  /(?<![\p{L}\p{N}\p{M}])(?:[0-9A-Z](?: +[0-9A-Z]){2,}|[0-9](?: +[0-9])+)(?!\.?[\p{L}\p{N}\p{M}])/gu;

/**
 * Literal text of a template: each comma is 500 ms and repeats add up, spaced single characters are spelled.
 * Lower-case single letters are words in too many languages ("i u", "y a") to be taken for symbols.
 */
export function readText(text: string, digitPauseMs: number): Utterance[] {
  const utterances: Utterance[] = [];
  for (const [part] of cleanText(text).matchAll(/,(?:\s*,)*|[^,]+/gu)) {
    if (part.startsWith(',')) {
      utterances.push({ kind: 'pause', ms: part.replace(/[^,]/g, '').length * COMMA_MS });
    } else {
      utterances.push(...spelledRuns(part, digitPauseMs));
    }
  }
  return utterances;
}

function spelledRuns(text: string, pauseMs: number): Utterance[] {
  const utterances: Utterance[] = [];
  let from = 0;
  for (const match of text.matchAll(SPACED)) {
    utterances.push(...words(text.slice(from, match.index), false));
    utterances.push({ kind: 'characters', symbols: match[0].split(/ +/), pauseMs, pin: false });
    from = match.index + match[0].length;
  }
  utterances.push(...words(text.slice(from), false));
  return utterances;
}

/** Zero or one `words` utterance; text of spaces alone says nothing. */
export function words(text: string, transient: boolean): Utterance[] {
  return text.trim() === '' ? [] : [{ kind: 'words', text, transient }];
}

/** What is left at the head of a text when the symbols before it were cut out: ". Again" is "Again". */
export function withoutLeadingStops(text: string): string {
  return text.replace(/^[\s.,;:!?)\]}\u2026\u3001\u3002\uFF0C\uFF0E\uFF1A\uFF1B\uFF01\uFF1F]+/u, '');
}

/** Neighbouring pauses become one, empty ones go. */
export function mergePauses(utterances: readonly Utterance[]): Utterance[] {
  const merged: Utterance[] = [];
  for (const utterance of utterances) {
    const last = merged.at(-1);
    if (utterance.kind !== 'pause') merged.push(utterance);
    else if (last?.kind === 'pause')
      merged[merged.length - 1] = { kind: 'pause', ms: last.ms + utterance.ms };
    else if (utterance.ms > 0) merged.push(utterance);
  }
  return merged;
}
