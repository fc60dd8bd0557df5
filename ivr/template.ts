import type { Utterance } from './prompt.ts';
import { looksLikeSsml, parseSsml } from './ssml-parse.ts';
import { SsmlError } from './ssml-error.ts';
import { clampDigitPause, cleanText, DEFAULT_DIGIT_PAUSE_MS, mergePauses, readText, words } from './text.ts';

/**
 * Templates: `{{pin}}` at least once, other placeholders `{{name}}` (infobip-api.md 2.3). A value is data: it is
 * never expanded again, its commas are not timed, and it never becomes markup.
 */

export const PLACEHOLDER = /\{\{([\p{L}\p{N}_.-]{1,64})\}\}/gu;

export type TemplateProblem =
  | { readonly id: 'no-pin' }
  /** `{{` or `}}` that is no placeholder, `at` this index of the text. */
  | { readonly id: 'malformed-placeholder'; readonly at: number }
  | { readonly id: 'invalid-ssml'; readonly reason: SsmlError['reason'] };

type Piece = { readonly literal: string } | { readonly name: string };

function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > from) found.push({ literal: text.slice(from, match.index) });
    found.push({ name: match[1] ?? '' });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ literal: text.slice(from) });
  return found;
}

/** Names of the placeholders in order of appearance, each once, `pin` included. */
export function placeholderNames(text: string): string[] {
  return [...new Set(pieces(text).flatMap(piece => ('name' in piece ? [piece.name] : [])))];
}

/** What is wrong with a template's text; an empty list says that it can be spoken. */
export function checkTemplate(text: string): TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  const reason = ssmlProblem(text);
  if (reason) problems.push({ id: 'invalid-ssml', reason });
  else if (!speaksPin(text)) problems.push({ id: 'no-pin' });
  const blanked = text.replace(PLACEHOLDER, whole => ' '.repeat(whole.length));
  for (const match of blanked.matchAll(/\{\{|\}\}/g)) {
    problems.push({ id: 'malformed-placeholder', at: match.index });
  }
  return problems;
}

/** In SSML a `{{pin}}` can stand where nothing is spoken. */
function speaksPin(text: string): boolean {
  const said = buildMessage({ text, pin: '0', placeholders: {} });
  return said.some(utterance => utterance.kind === 'characters' && utterance.pin);
}

function ssmlProblem(text: string): SsmlError['reason'] | undefined {
  if (!looksLikeSsml(text)) return undefined;
  try {
    parseSsml(text);
    return undefined;
  } catch (error) {
    return error instanceof SsmlError ? error.reason : 'malformed';
  }
}

export interface Message {
  readonly text: string;
  /** Spelled symbol by symbol wherever `{{pin}}` stands. */
  readonly pin: string;
  /** A value that is missing is spoken as nothing. The key `pin` is not looked at. */
  readonly placeholders: Readonly<Record<string, string>>;
  /** Between the PIN's symbols and after the last, 0..2000, 400 unless told. */
  readonly digitPauseMs?: number;
}

/**
 * A template and its values to what is said. Text that is SSML is parsed first and filled in afterwards, so that no
 * value ever meets the parser.
 * @throws SsmlError when the text looks like SSML and is not, or uses what is not allowed
 */
export function buildMessage(message: Message): Utterance[] {
  const pauseMs = clampDigitPause(message.digitPauseMs ?? DEFAULT_DIGIT_PAUSE_MS);
  if (!looksLikeSsml(message.text)) {
    const said = pieces(message.text).flatMap(piece =>
      'literal' in piece ? readText(piece.literal, pauseMs) : filled(piece.name, message, pauseMs),
    );
    return mergePauses(setApart(said));
  }
  const parsed = parseSsml(message.text, { digitPauseMs: pauseMs });
  return mergePauses(setApart(parsed.flatMap(utterance => filledMarkup(utterance, message, pauseMs))));
}

/**
 * A PIN right behind words gets its own pause in front of it too: without one the first symbol runs into the word before
 * it ("is-eight") and is the one that people miss. A pause that the author wrote stays as it is.
 */
function setApart(utterances: readonly Utterance[]): Utterance[] {
  let afterWords = false;
  return utterances.flatMap((utterance): Utterance[] => {
    const lead = afterWords && utterance.kind === 'characters' && utterance.pin;
    if (utterance.kind !== 'words') afterWords = false;
    else if (/[\p{L}\p{N}]/u.test(utterance.text)) afterWords = true;
    return lead ? [{ kind: 'pause', ms: utterance.pauseMs }, utterance] : [utterance];
  });
}

function filled(name: string, message: Message, pauseMs: number): Utterance[] {
  if (name === 'pin') return [{ kind: 'characters', symbols: [...message.pin], pauseMs, pin: true }];
  return words(cleanText(valueOf(message.placeholders, name)), true);
}

function valueOf(placeholders: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(placeholders, name) ? (placeholders[name] ?? '') : '';
}

/** Placeholders inside an utterance of SSML take its style; inside `say-as` characters the value is spelled. */
function filledMarkup(utterance: Utterance, message: Message, pauseMs: number): Utterance[] {
  if (utterance.kind === 'pause') return [utterance];
  const { style } = utterance;
  const restyled = (parts: Utterance[]): Utterance[] =>
    parts.map(part => (part.kind === 'pause' || !style ? part : { ...part, style }));
  if (utterance.kind === 'characters') {
    const text = utterance.symbols.join('');
    if (placeholderNames(text).length === 0) return [utterance];
    return restyled(pieces(text).flatMap(piece => spelled(piece, message, utterance.pauseMs)));
  }
  if (placeholderNames(utterance.text).length === 0) return [utterance];
  // What an element said about the whole text is not true of its parts; only the style is.
  return restyled(
    pieces(utterance.text).flatMap(piece =>
      'literal' in piece ? words(piece.literal, false) : filled(piece.name, message, pauseMs),
    ),
  );
}

function spelled(piece: Piece, message: Message, pauseMs: number): Utterance[] {
  if ('name' in piece && piece.name === 'pin') return filled('pin', message, pauseMs);
  const text = 'name' in piece ? cleanText(valueOf(message.placeholders, piece.name)) : piece.literal;
  const symbols = [...text].filter(symbol => symbol.trim() !== '');
  return symbols.length === 0 ? [] : [{ kind: 'characters', symbols, pauseMs, pin: false }];
}
