import { language, languageOf, type LanguageCode } from './languages.ts';
import { gateUtterances, goodbyeUtterances } from './phrases.ts';
import { withoutLeadingStops } from './text.ts';
import type { Segment, Spelling, Style, Utterance } from './prompt.ts';

/** Utterances to pieces of sound: what an engine says once, cached, and the silences that we make ourselves. */

export interface SegmentOptions {
  /** 2FA form or any spelling of it; a language that is not in the table is handed on as it is. */
  readonly language: string;
  /** The message's speech rate; 1 is normal. Clamped to 0.5..2 and rounded to 0.05, so that clips are shared. */
  readonly rate: number;
  readonly spelling: Spelling;
}

/** 0.5..2 in steps of 0.05: infobip-api.md 3.4 clamps, the steps bound the cache. */
export function clampRate(rate: number): number {
  const safe = Number.isFinite(rate) ? rate : 1;
  return Math.round(Math.min(Math.max(safe, 0.5), 2) * 20) / 20;
}

/**
 * Symbols become the language's own words, each a `fixed` clip with `pauseMs` of silence after it. Silence does not
 * scale with the rate; neighbouring silences are one. Words that are punctuation alone are not spoken.
 */
export function toSegments(utterances: readonly Utterance[], options: SegmentOptions): Segment[] {
  const segments: Segment[] = [];
  const silence = (ms: number): void => {
    const last = segments.at(-1);
    if (ms <= 0) return;
    if (last?.kind === 'silence') segments[segments.length - 1] = { kind: 'silence', ms: last.ms + ms };
    else segments.push({ kind: 'silence', ms });
  };
  for (const utterance of utterances) {
    if (utterance.kind === 'pause') {
      silence(utterance.ms);
      continue;
    }
    const voice = voiceOf(utterance.style, options);
    if (utterance.kind === 'words') {
      const text = withoutLeadingStops(utterance.text).replace(/\s+/gu, ' ').trim();
      if (!SPEAKABLE.test(text)) continue;
      const cache = utterance.transient ? 'transient' : 'fixed';
      segments.push({ kind: 'speech', text, ...voice, cache, pin: false });
      continue;
    }
    for (const symbol of utterance.symbols) {
      const text = symbolWord(symbol, voice.language, options.spelling);
      segments.push({ kind: 'speech', text, ...voice, cache: 'fixed', pin: utterance.pin });
      silence(utterance.pauseMs);
    }
  }
  return segments;
}

const SPEAKABLE = /[\p{L}\p{N}\p{S}@&%#*]/u;

function voiceOf(style: Style | undefined, options: SegmentOptions): { language: string; rate: number } {
  const styled = style?.lang === undefined ? undefined : languageOf(style.lang);
  return {
    language: styled ?? languageOf(options.language) ?? options.language,
    rate: clampRate(options.rate * (style?.rate ?? 1)),
  };
}

/**
 * One symbol in the language's own words: "zero", "bee", "bee as in Bravo". A symbol or a language that the table does
 * not know is left to the engine.
 */
export function symbolWord(symbol: string, code: string, spelling: Spelling): string {
  const known = languageOf(code);
  if (!known) return symbol;
  const { digits, letters, alphabet, asIn } = language(known);
  if (/^[0-9]$/.test(symbol)) return nth(digits, Number(symbol));
  if (!/^[A-Za-z]$/.test(symbol)) return symbol;
  const index = symbol.toLowerCase().charCodeAt(0) - 97;
  const letter = nth(letters, index);
  if (spelling === 'letters') return letter;
  return asIn.replace('{letter}', () => letter).replace('{word}', () => nth(alphabet, index));
}

/** Every row of the table is full: a test counts them. */
function nth(row: readonly string[], index: number): string {
  return row[index] ?? '';
}

/**
 * Every clip of a language that calls share: digits, gate prompts, goodbye, and letters where asked for. Pre-warmed,
 * they leave nothing to synthesise but the template's own words.
 */
export function fixedSegments(
  code: LanguageCode,
  rate: number,
  options: { readonly letters?: Spelling } = {},
): Segment[] {
  const symbols = [...'0123456789', ...(options.letters ? 'abcdefghijklmnopqrstuvwxyz' : '')];
  const utterances: Utterance[] = [
    { kind: 'characters', symbols, pauseMs: 0, pin: false },
    ...['', '0', '00'].flatMap(keys => gateUtterances(code, keys)),
    ...goodbyeUtterances(code),
  ];
  const spelling = options.letters ?? 'letters';
  const segments = toSegments(utterances, { language: code, rate, spelling }).filter(
    segment => segment.kind === 'speech',
  );
  return [...new Map(segments.map(segment => [segment.text, segment])).values()];
}
