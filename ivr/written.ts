import { looksLikeSsml, parseSsml } from './ssml-parse.ts';
import { PLACEHOLDER } from './template.ts';

/** What is written instead of spoken: texts and mails made of the same templates. */

/** The words of a template without its markup, placeholders still in them. A comma is a comma, not a pause. */
export function writtenText(text: string): string {
  if (!looksLikeSsml(text)) return text;
  const words = parseSsml(text).map(utterance => {
    // A pause keeps two words apart.
    if (utterance.kind === 'pause') return ' ';
    if (utterance.kind === 'characters') return utterance.symbols.join('');
    const { original, text } = utterance;
    // `<sub>` writes one thing and says another; what is to be filled in must not get lost.
    return original === undefined || text.includes('{{') ? text : original;
  });
  return words.join('').replace(/\s+/gu, ' ').trim();
}

/**
 * Fills a template's placeholders. A value is data: it is never expanded again; one that is missing is nothing.
 * `encode` makes a value fit for where it stands (HTML, a header); the template's own text is left as it is.
 */
export function fillWritten(
  text: string,
  values: { readonly pin: string; readonly placeholders: Readonly<Record<string, string>> },
  encode: (value: string) => string = writtenValue,
): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => {
    if (name === 'pin') return encode(values.pin);
    return encode(Object.hasOwn(values.placeholders, name) ? (values.placeholders[name] ?? '') : '');
  });
}

/** Line ends and tabs stay, other control characters and lone surrogates go: no display shows them, some choke on them. */
export function writtenValue(value: string): string {
  return value.replace(/[^\P{Cc}\n\r\t]/gu, '').replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '');
}
