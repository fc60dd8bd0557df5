import { isLanguage, language as wordsOf } from '../../../ivr/languages.ts';

/** How many spelled symbols in a row are taken for a code. */
const SHORTEST_CODE = 3;
const ENGLISH = 'en';

/**
 * A text that may hold a one-time PIN, fit to be shown: every word with a digit in it is masked, and so are runs of
 * three or more single letters, digit words or words of the spelling alphabet (`X, K, Q`, `five eight four`), whatever
 * punctuation or markup stands between them. A code of letters that is written like a word cannot be told from one.
 *
 *     Your code is,, 5,, 8,, 4,, 2  →  Your code is,, *,, *,, *,, *
 */
export function maskCodes(text: string, language: string | undefined): string {
  const words = spelledWords(language);
  const edits: Place[] = [];
  let run: Place[] = [];
  let symbols = 0;
  const endRun = (): void => {
    if (symbols >= SHORTEST_CODE) edits.push(...run);
    run = [];
    symbols = 0;
  };
  for (const { 0: token, index: at } of text.matchAll(TOKENS)) {
    // Tags stand between the symbols of a code without ending it; digits in their attributes are masked all the same.
    if (token.startsWith('<')) {
      for (const { 0: word, index } of token.matchAll(WORDS)) {
        if (hasDigit(word)) edits.push({ at: at + index, length: word.length });
      }
      continue;
    }
    const place = { at, length: token.length };
    const spelled = hasDigit(token) ? 1 : spelledSymbols(token, words);
    if (hasDigit(token)) edits.push(place);
    if (spelled === 0) endRun();
    else run.push(place);
    symbols += spelled;
  }
  endRun();
  return masked(text, edits);
}

interface Place {
  readonly at: number;
  readonly length: number;
}

const TOKENS = /<[^<>]*>|[\p{L}\p{N}\p{M}]+/gu;
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

function hasDigit(word: string): boolean {
  return /\p{N}/u.test(word);
}

/** How many symbols of a code a word spells: none, one, or several in scripts that write digit words together. */
function spelledSymbols(token: string, words: ReadonlySet<string>): number {
  const word = token.toLowerCase();
  const characters = [...word];
  if (characters.length === 1 || words.has(word)) return 1;
  return characters.every(character => words.has(character)) ? characters.length : 0;
}

function spelledWords(code: string | undefined): ReadonlySet<string> {
  const languages = [ENGLISH, code ?? ENGLISH].filter(isLanguage).map(known => wordsOf(known));
  return new Set(
    languages.flatMap(({ digits, alphabet }) =>
      [...digits, ...alphabet].map(word => word.toLowerCase()).filter(word => /^[\p{L}\p{M}]+$/u.test(word)),
    ),
  );
}

function masked(text: string, edits: readonly Place[]): string {
  const characters = text.split('');
  for (const { at, length } of edits) characters.fill('*', at, at + length);
  return characters.join('');
}
