import { SaxesParser, type SaxesTagPlain } from 'saxes';

import type { Style, Utterance } from './prompt.ts';
import { SsmlError } from './ssml-error.ts';
import {
  breakMs,
  checkAttributes,
  phonemeOf,
  sayAsOf,
  styleOf,
  SPELLED,
  TEXT_ONLY,
  type Attributes,
} from './ssml-elements.ts';
import { cleanText, clampDigitPause, DEFAULT_DIGIT_PAUSE_MS, mergePauses } from './text.ts';

/** A caller's SSML to utterances: voice-dialogue.md section 1. Strict, with an allow-list and limits. */

const MAX_LENGTH = 16_384;
const MAX_DEPTH = 16;
/** Around `<s>` and `<p>`, as `<break strength>` strong and x-strong. */
const SENTENCE_MS = 750;
const PARAGRAPH_MS = 1_000;

const TAGS = 'speak|p|s|break|prosody|say-as|sub|lang|emphasis|phoneme|w';
const KNOWN_TAG = new RegExp(`<(?:${TAGS})(?:\\s[^<>]*)?/?>`);

/** Is this text meant as SSML? A root, or any known element; a bare "<" in a sentence is not enough. */
export function looksLikeSsml(text: string): boolean {
  return /^\s*<(?:\?xml|!|speak\b)/.test(text) || KNOWN_TAG.test(text);
}

interface Open {
  readonly name: string;
  readonly attributes: Attributes;
  readonly style: Style | undefined;
  text: string;
}

/**
 * Parses SSML, with or without its `<speak>` root. Elements: speak, p, s, break, prosody, say-as, sub, lang, emphasis,
 * phoneme, w. Commas in it are the voice's, not 500 ms.
 * @throws SsmlError for anything else: other elements and attributes, DTDs, entities, comments, instructions
 */
export function parseSsml(text: string, options: { readonly digitPauseMs?: number } = {}): Utterance[] {
  if (text.length > MAX_LENGTH) throw new SsmlError('too-large', `more than ${MAX_LENGTH} characters`);
  const reader = new Reader(clampDigitPause(options.digitPauseMs ?? DEFAULT_DIGIT_PAUSE_MS));
  const parser = new SaxesParser<{ fragment: boolean; xmlns: false }>({
    fragment: !/^\s*<[?!]/.test(text),
    xmlns: false,
  });
  const place = (): string => `line ${parser.line}, column ${parser.column + 1}`;
  const refuse = (what: string) => (): never => {
    throw new SsmlError('forbidden', `${what} at ${place()}`);
  };
  parser.on('error', () => {
    throw new SsmlError('malformed', `not well-formed at ${place()}`);
  });
  parser.on('doctype', refuse('document type'));
  parser.on('processinginstruction', refuse('processing instruction'));
  parser.on('comment', refuse('comment'));
  parser.on('opentag', tag => reader.open(tag, place()));
  parser.on('closetag', () => reader.close());
  parser.on('text', part => reader.text(part));
  parser.on('cdata', part => reader.text(part));
  parser.write(text.trim()).close();
  return reader.finish();
}

class Reader {
  readonly #digitPauseMs: number;
  readonly #stack: Open[] = [];
  readonly #said: Utterance[] = [];
  /** Symbols of a `say-as` whose pause nobody has set. */
  readonly #unpaused = new Set<Utterance>();
  #boundaryMs = 0;
  #rootClosed = false;

  constructor(digitPauseMs: number) {
    this.#digitPauseMs = digitPauseMs;
  }

  open(tag: SaxesTagPlain, place: string): void {
    const parent = this.#stack.at(-1);
    if (this.#stack.length >= MAX_DEPTH)
      throw new SsmlError('too-deep', `more than ${MAX_DEPTH} levels at ${place}`);
    if (this.#rootClosed || (tag.name === 'speak' && (parent || this.#said.length > 0))) {
      throw new SsmlError('malformed', `content beside the root at ${place}`);
    }
    if (parent && (TEXT_ONLY.has(parent.name) || parent.name === 'break')) {
      throw new SsmlError('forbidden', `element inside ${parent.name} at ${place}`);
    }
    const attributes = checkAttributes(tag, place);
    const style = styleOf(tag.name, attributes, parent?.style, place);
    if (tag.name === 'break') this.#pause(breakMs(attributes, place));
    if (tag.name === 'p' || tag.name === 's') this.#boundary(tag.name);
    this.#stack.push({ name: tag.name, attributes, style, text: '' });
  }

  text(part: string): void {
    const top = this.#stack.at(-1);
    const text = cleanText(part).replace(/\s+/gu, ' ');
    if (top && TEXT_ONLY.has(top.name)) {
      top.text += text;
      return;
    }
    if (text === ' ') {
      this.#space();
      return;
    }
    if (top?.name === 'break') throw new SsmlError('forbidden', 'text inside break');
    if (this.#rootClosed) throw new SsmlError('malformed', 'content beside the root');
    this.#say({ kind: 'words', text, transient: false, style: top?.style });
  }

  close(): void {
    const closed = this.#stack.pop();
    if (closed?.name === 'speak') this.#rootClosed = true;
    if (closed?.name === 'p' || closed?.name === 's') this.#boundary(closed.name);
    if (closed && TEXT_ONLY.has(closed.name) && closed.text.trim() !== '') this.#element(closed);
  }

  #element({ name, text, style, attributes }: Open): void {
    if (name === 'say-as' && SPELLED.has(attributes['interpret-as'] ?? '')) {
      this.#spell(text, style);
    } else if (name === 'say-as') {
      this.#say({ kind: 'words', text, transient: false, style, sayAs: sayAsOf(attributes) });
    } else if (name === 'sub') {
      this.#say({
        kind: 'words',
        text: cleanText(attributes['alias'] ?? ''),
        transient: false,
        style,
        original: text,
      });
    } else if (name === 'phoneme') {
      this.#say({ kind: 'words', text, transient: false, style, phoneme: phonemeOf(attributes) });
    } else {
      this.#say({ kind: 'words', text, transient: false, style, role: attributes['role'] });
    }
  }

  finish(): Utterance[] {
    return mergePauses(joinRuns(this.#said));
  }

  #say(utterance: Utterance): void {
    if (this.#boundaryMs > 0 && this.#said.length > 0)
      this.#said.push({ kind: 'pause', ms: this.#boundaryMs });
    this.#boundaryMs = 0;
    this.#said.push(utterance);
  }

  /** A space between two elements separates words. */
  #space(): void {
    const last = this.#said.at(-1);
    if (last?.kind === 'words' && !/\s$/u.test(last.text)) {
      this.#said[this.#said.length - 1] = { ...last, text: `${last.text} ` };
    }
  }

  #spell(text: string, style: Style | undefined): void {
    // A placeholder stays whole: it is filled in later.
    const symbols = (text.match(/\{\{[^{}]*\}\}|\S/gu) ?? []).map(String);
    const utterance: Utterance = {
      kind: 'characters',
      symbols,
      pauseMs: this.#digitPauseMs,
      pin: false,
      style,
    };
    this.#say(utterance);
    if (/^\S$/u.test(symbols.join(''))) this.#unpaused.add(utterance);
  }

  /** A break right behind a single spelled symbol is that symbol's pause: so `toSsml` writes them. */
  #pause(ms: number): void {
    const last = this.#said.at(-1);
    if (last?.kind === 'characters' && this.#unpaused.delete(last)) {
      this.#said[this.#said.length - 1] = { ...last, pauseMs: ms };
    } else {
      this.#say({ kind: 'pause', ms });
    }
  }

  #boundary(name: 'p' | 's'): void {
    this.#boundaryMs = Math.max(this.#boundaryMs, name === 'p' ? PARAGRAPH_MS : SENTENCE_MS);
  }
}

/** Single symbols of the same pause and style become one run again. */
function joinRuns(utterances: readonly Utterance[]): Utterance[] {
  const joined: Utterance[] = [];
  for (const utterance of utterances) {
    const last = joined.at(-1);
    const same =
      last?.kind === 'characters' &&
      utterance.kind === 'characters' &&
      last.pauseMs === utterance.pauseMs &&
      JSON.stringify(last.style) === JSON.stringify(utterance.style);
    if (same) joined[joined.length - 1] = { ...last, symbols: [...last.symbols, ...utterance.symbols] };
    else joined.push(utterance);
  }
  return joined;
}
