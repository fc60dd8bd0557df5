import { isLanguage, language as wordsOf } from '../../../../ivr/languages.ts';

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
  const spelled = spelledWords(language);
  const edits: { at: number; length: number }[] = [];
  let run: { at: number; length: number }[] = [];
  const endRun = (): void => {
    if (run.length >= SHORTEST_CODE) edits.push(...run);
    run = [];
  };
  // Tags stand between the symbols of a code without ending it; digits in their attributes are masked all the same.
  for (const { 0: token, index: at } of text.matchAll(TOKENS)) {
    if (token.startsWith('<')) {
      for (const { 0: word, index } of token.matchAll(WORDS)) {
        if (/\p{N}/u.test(word)) edits.push({ at: at + index, length: word.length });
      }
      continue;
    }
    const place = { at, length: token.length };
    const hasDigit = /\p{N}/u.test(token);
    if (hasDigit) edits.push(place);
    if (hasDigit || isSpelled(token, spelled)) run.push(place);
    else endRun();
  }
  endRun();
  return masked(text, edits);
}

const TOKENS = /<[^<>]*>|[\p{L}\p{N}\p{M}]+/gu;
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

function isSpelled(token: string, words: ReadonlySet<string>): boolean {
  const word = token.toLowerCase();
  if ([...word].length === 1 || words.has(word)) return true;
  // Scripts without spaces write digit words together.
  return [...word].every(character => words.has(character));
}

function spelledWords(code: string | undefined): ReadonlySet<string> {
  const languages = [ENGLISH, code ?? ENGLISH].filter(isLanguage).map(known => wordsOf(known));
  return new Set(
    languages.flatMap(({ digits, alphabet }) =>
      [...digits, ...alphabet].map(word => word.toLowerCase()).filter(word => /^[\p{L}\p{M}]+$/u.test(word)),
    ),
  );
}

function masked(text: string, edits: readonly { at: number; length: number }[]): string {
  const characters = text.split('');
  for (const { at, length } of edits) characters.fill('*', at, at + length);
  return characters.join('');
}
