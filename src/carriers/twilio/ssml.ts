import { SaxesParser } from 'saxes';

import { element, type XmlNode } from './xml.ts';

/** What a provider's voices refuse: a refused element makes Twilio's whole `<Say>` fail, so it is left out here. */
export type SsmlDialect = 'polly-standard' | 'polly-neural' | 'google';

const WORD = /^[A-Za-z][A-Za-z-]{0,31}$/;
const LEVEL = (...words: string[]) => new RegExp(`^(?:${words.join('|')})$`);

/** Twilio's SSML (carrier-protocols.md 1.3): element, then the attributes it takes and what they may hold. */
const ELEMENTS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  break: {
    strength: LEVEL('none', 'x-weak', 'weak', 'medium', 'strong', 'x-strong'),
    time: /^\d{1,6}(?:\.\d{1,3})?m?s$/,
  },
  emphasis: { level: LEVEL('strong', 'moderate', 'reduced', 'none') },
  lang: { 'xml:lang': /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/ },
  p: {},
  phoneme: { alphabet: WORD, ph: /^[^<>&]{1,200}$/ },
  prosody: {
    volume: /^(?:silent|x-soft|soft|medium|loud|x-loud|default|[+-]\d{1,2}(?:\.\d{1,2})?dB)$/,
    rate: /^(?:x-slow|slow|medium|fast|x-fast|\d{2,3}%)$/,
    pitch: /^(?:x-low|low|medium|high|x-high|default|[+-]\d{1,2}%)$/,
  },
  s: {},
  'say-as': {
    'interpret-as': LEVEL(
      ...'characters spell-out cardinal number ordinal digits fraction unit date time address expletive telephone'.split(
        ' ',
      ),
    ),
    format: /^[a-z]{1,5}\d{0,2}$/,
  },
  sub: { alias: /^[^<>]{1,500}$/ },
  w: { role: /^[A-Za-z]+:[A-Za-z_0-9]+$/ },
};

/** Without these an element says nothing, and Polly refuses it. */
const REQUIRED: Readonly<Record<string, string>> = {
  lang: 'xml:lang',
  phoneme: 'ph',
  'say-as': 'interpret-as',
  sub: 'alias',
  w: 'role',
};

interface Limits {
  readonly elements: readonly string[];
  readonly attributes: readonly string[];
  /** `interpret-as` values and what says the same there. */
  readonly sayAs: Readonly<Record<string, string>>;
}

const LIMITS: Readonly<Record<SsmlDialect, Limits>> = {
  'polly-standard': { elements: [], attributes: [], sayAs: {} },
  'polly-neural': { elements: ['emphasis'], attributes: ['pitch'], sayAs: {} },
  google: {
    elements: ['w'],
    attributes: [],
    sayAs: { digits: 'characters', 'spell-out': 'characters', number: 'cardinal' },
  },
};

/** Deeper than any document of ours by far; bounds the recursion of the writer. */
const MAX_DEPTH = 32;
const MAX_BREAK_MS = 10_000;

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlNode[];
}

/**
 * Reads an SSML body (no `<speak>` around it) and gives back only what this dialect of Twilio's `<Say>` takes: an
 * element outside the table is unwrapped, an attribute outside it is dropped. Undefined when it is not well-formed.
 */
export function readSsml(ssml: string, dialect: SsmlDialect): readonly XmlNode[] | undefined {
  const root: XmlNode[] = [];
  const stack: Open[] = [];
  let sound = true;
  const append = (...nodes: readonly XmlNode[]) => (stack.at(-1)?.children ?? root).push(...nodes);

  const parser = new SaxesParser({ xmlns: false as const, fragment: true, position: false });
  parser.on('error', () => (sound = false));
  parser.on('doctype', () => (sound = false));
  parser.on('processinginstruction', () => (sound = false));
  parser.on('text', text => append(text));
  parser.on('cdata', text => append(text));
  parser.on('opentag', tag => {
    if (stack.length >= MAX_DEPTH) sound = false;
    stack.push({ name: tag.name, attributes: { ...tag.attributes }, children: [] });
  });
  parser.on('closetag', () => {
    const open = stack.pop();
    if (open) append(...convert(open, dialect));
  });
  try {
    parser.write(ssml).close();
  } catch {
    return undefined;
  }
  return sound && stack.length === 0 ? root : undefined;
}

function convert(open: Open, dialect: SsmlDialect): readonly XmlNode[] {
  const allowed = Object.hasOwn(ELEMENTS, open.name) ? ELEMENTS[open.name] : undefined;
  const limits = LIMITS[dialect];
  if (!allowed || limits.elements.includes(open.name)) return open.children;
  const attributes = Object.fromEntries(
    Object.entries(open.attributes).filter(
      ([name, value]) =>
        Object.hasOwn(allowed, name) && allowed[name]?.test(value) && !limits.attributes.includes(name),
    ),
  );
  const required = REQUIRED[open.name];
  if (required !== undefined && attributes[required] === undefined) return open.children;
  if (open.name === 'prosody' && Object.keys(attributes).length === 0) return open.children;
  if (open.name === 'break') return breaks(attributes);
  if (open.name === 'say-as') {
    const word = attributes['interpret-as'] ?? '';
    return [element(open.name, { ...attributes, 'interpret-as': limits.sayAs[word] ?? word }, open.children)];
  }
  return [element(open.name, attributes, open.children)];
}

/** Polly's longest break is ten seconds; longer ones become several. */
function breaks(attributes: Readonly<Record<string, string>>): readonly XmlNode[] {
  const time = attributes['time'];
  if (time === undefined) return [element('break', attributes)];
  const value = Number.parseFloat(time);
  let rest = Math.round(time.endsWith('ms') ? value : value * 1000);
  if (rest <= MAX_BREAK_MS) return [element('break', attributes)];
  const parts: XmlNode[] = [];
  for (; rest > 0 && parts.length < 10; rest -= MAX_BREAK_MS) {
    parts.push(element('break', { time: `${Math.min(rest, MAX_BREAK_MS)}ms` }));
  }
  return parts;
}
