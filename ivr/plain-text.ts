import type { Spelling, Utterance } from './prompt.ts';
import { symbolWord } from './segments.ts';
import { cleanText, withoutLeadingStops } from './text.ts';

/** For targets that take no markup: a comma is about half a second, symbols stand alone. */

const COMMA_MS = 500;
/** As many commas as anybody waits for; 10 s. */
const MAX_COMMAS = 20;

/**
 * Utterances to plain text: "Your code is, 5, 8, 4, 2,". Digits stay digits, which every voice reads one by one when
 * they stand alone; letters are capitals, or `spelling: 'phonetic'` words of the language. Angle brackets go, so that no
 * target can take the text for markup and none reads "less than" aloud.
 */
export function toPlainText(
  utterances: readonly Utterance[],
  options: { readonly language: string; readonly spelling?: Spelling },
): string {
  let text = '';
  for (const utterance of utterances) {
    if (utterance.kind === 'pause') {
      text = text.trimEnd() + commas(utterance.ms);
    } else if (utterance.kind === 'words') {
      const said = cleanText(utterance.text).replace(/[<>]/g, ' ');
      // A stop behind a comma says nothing that the comma has not said.
      text += /(?:^|,)\s*$/.test(text) ? withoutLeadingStops(said) : said;
    } else {
      for (const symbol of utterance.symbols) {
        text = `${text.trimEnd()} ${plainSymbol(symbol, options)}${commas(utterance.pauseMs)}`;
      }
    }
  }
  return text.replace(/\s+/gu, ' ').trim();
}

/** A pause of any length is a comma at least. */
function commas(ms: number): string {
  if (ms <= 0) return ' ';
  return `${','.repeat(Math.min(Math.max(Math.round(ms / COMMA_MS), 1), MAX_COMMAS))} `;
}

function plainSymbol(symbol: string, options: { language: string; spelling?: Spelling }): string {
  if (!/^[A-Za-z]$/.test(symbol)) return symbol.replace(/[<>]/g, '');
  return options.spelling === 'phonetic'
    ? symbolWord(symbol, options.language, 'phonetic')
    : symbol.toUpperCase();
}
