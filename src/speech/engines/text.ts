import { SpeechError } from '../speech.ts';

/** The longest text of one synthesis, in UTF-16 units: the public API's limit of a voice message. */
export const MAX_TEXT = 1400;

/**
 * Plain text as an engine may have it: no control characters, nothing that either engine reads as markup (`<…>`,
 * entities, espeak's `[[phonemes]]`), single spaces. Markup never reaches an engine: it was parsed before.
 * @throws SpeechError too-long
 */
export function cleanText(text: string): string {
  if (text.length > MAX_TEXT) throw new SpeechError('too-long', 'the text is too long to be spoken');
  return text
    .normalize('NFC')
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\uFFFD<>&[\]{}|\\^`~]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}

/** For an engine that knows ASCII only: accents dropped (`José` is read as Jose), other scripts left out. */
export function toAscii(text: string): string {
  return text
    .replaceAll(/[‘’‛]/gu, "'")
    .replaceAll(/[“”„]/gu, '"')
    .replaceAll(/[–—]/gu, ', ')
    .replaceAll('ß', 'ss')
    .replaceAll(/[æÆ]/gu, 'ae')
    .replaceAll(/[øØ]/gu, 'o')
    .replaceAll(/[łŁ]/gu, 'l')
    .normalize('NFKD')
    .replaceAll(/[^\x20-\x7E]+/gu, '')
    .trim();
}
