import Speech from 'ssml-builder';

import type { Style, Utterance } from './prompt.ts';
import { dialects, type SsmlDialect, type SsmlTarget } from './ssml-dialects.ts';
import { cleanText } from './text.ts';

/**
 * Utterances to SSML. The one module that touches ssml-builder 0.4.3, whose traps are in speech.md: what it does not
 * escape is escaped here before it sees it, numbers are ours, and each of its elements is built alone, because it
 * joins elements with a space.
 */

/**
 * Renders utterances for a target. `rate` is the message's speech rate, 0.5..2 with 1 as normal; it scales speech,
 * not pauses. No caller text ever becomes markup.
 */
export function toSsml(
  utterances: readonly Utterance[],
  target: SsmlTarget,
  options: { readonly rate?: number } = {},
): string {
  const dialect = dialects[target];
  const rate = options.rate ?? 1;
  const body = utterances.map(utterance => element(utterance, dialect, rate)).join('');
  return dialect.speak ? new Speech().sayWithSSML(body).ssml() : body;
}

function element(utterance: Utterance, dialect: SsmlDialect, rate: number): string {
  switch (utterance.kind) {
    case 'pause':
      return breaks(utterance.ms, dialect);
    case 'characters':
      return utterance.symbols
        .map(
          symbol =>
            styled(spell(symbol, dialect), utterance.style, dialect, rate) +
            breaks(utterance.pauseMs, dialect),
        )
        .join('');
    default:
      return styled(wordsOf(utterance, dialect), utterance.style, dialect, rate);
  }
}

function fragment(build: (speech: Speech) => Speech): string {
  return build(new Speech()).ssml(true);
}

/** Several where one would be longer than the target takes. */
function breaks(ms: number, dialect: SsmlDialect): string {
  let left = Math.round(ms);
  let written = '';
  while (left > 0) {
    const part = Math.min(left, dialect.maxBreakMs);
    written += fragment(speech => speech.pause(`${part}ms`));
    left -= part;
  }
  return written;
}

function spell(symbol: string, dialect: SsmlDialect): string {
  const interpret = /^[0-9]$/.test(symbol) ? dialect.digits : dialect.letters;
  return fragment(speech => speech.sayAs({ word: escaped(symbol), interpret }));
}

type Words = Extract<Utterance, { kind: 'words' }>;

function wordsOf(words: Words, dialect: SsmlDialect): string {
  const text = cleanText(words.text);
  const { phoneme, role, sayAs } = words;
  const original = cleanText(words.original ?? '');
  if (text === '') return '';
  if (original !== '' && dialect.tags.has('sub')) {
    return fragment(speech => speech.sub(escaped(text), original));
  }
  if (phoneme && phoneme.ph !== '') {
    const { alphabet, ph } = phoneme;
    return fragment(speech => speech.phoneme(escaped(alphabet), escaped(ph), text));
  }
  if (role && dialect.tags.has('w')) {
    return fragment(speech => speech.partOfSpeech({ role: escaped(role), word: text }));
  }
  if (sayAs && dialect.sayAs.has(sayAs.interpret)) {
    const { interpret, format } = sayAs;
    return fragment(speech =>
      speech.sayAs({
        word: escaped(text),
        interpret,
        format: format === undefined ? undefined : escaped(format),
      }),
    );
  }
  return fragment(speech => speech.say(text));
}

/** `prosody` of the builder cannot nest, so the wrappers are made here, from checked values only. */
function styled(inner: string, style: Style | undefined, dialect: SsmlDialect, rate: number): string {
  const { tags } = dialect;
  let outer = inner;
  if (style?.emphasis && style.emphasis !== 'none' && tags.has('emphasis')) {
    outer = wrap('emphasis', { level: style.emphasis }, outer);
  }
  outer = wrap('prosody', prosody(style, dialect, rate), outer);
  return style?.lang ? wrap('lang', { 'xml:lang': style.lang }, outer) : outer;
}

function prosody(style: Style | undefined, dialect: SsmlDialect, rate: number): Record<string, string> {
  const percent = Math.round(Math.min(Math.max(rate * (style?.rate ?? 1), 0.2), 2) * 100);
  return {
    ...(percent === 100 ? {} : { rate: `${percent}%` }),
    ...(style?.pitch && dialect.tags.has('pitch') ? { pitch: style.pitch } : {}),
    ...(style?.volume ? { volume: style.volume } : {}),
  };
}

/** Nothing is wrapped without an attribute. */
function wrap(name: string, attributes: Readonly<Record<string, string>>, inner: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}='${escaped(value)}'`);
  return written.length === 0 ? inner : `<${name}${written.join('')}>${inner}</${name}>`;
}

function escaped(text: string): string {
  return cleanText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
