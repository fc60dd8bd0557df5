import type { Style } from './prompt.ts';
import { SsmlError } from './ssml-error.ts';
import { cleanText } from './text.ts';

/** The allow-list: elements, their attributes, and what their values may be. */

export type Attributes = Readonly<Record<string, string>>;

const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/i;
const anything = /^[^]{1,256}$/;

const SPELLED_VALUES = ['characters', 'spell-out', 'digits'];
const SAY_AS_VALUES = [
  ...SPELLED_VALUES,
  'cardinal',
  'number',
  'ordinal',
  'fraction',
  'unit',
  'date',
  'time',
  'telephone',
  'address',
  'expletive',
];

/** `interpret-as` values that speak one symbol at a time. */
export const SPELLED: ReadonlySet<string> = new Set(SPELLED_VALUES);
/** Elements that take text and nothing else. */
export const TEXT_ONLY: ReadonlySet<string> = new Set(['say-as', 'sub', 'phoneme', 'w']);

interface Rule {
  readonly attributes: Readonly<Record<string, RegExp>>;
  readonly required?: readonly string[];
}

const PITCH = /^(?:x-low|low|medium|high|x-high|default|[+-]?\d{1,3}(?:\.\d{1,2})?(?:%|st|Hz))$/;
const VOLUME = /^(?:silent|x-soft|soft|medium|loud|x-loud|default|[+-]?\d{1,2}(?:\.\d{1,2})?dB)$/;
const RATE = /^(?:x-slow|slow|medium|fast|x-fast|default|[+-]?\d{1,3}(?:\.\d{1,2})?%|\d(?:\.\d{1,2})?)$/;

const rules: Readonly<Record<string, Rule>> = {
  speak: {
    attributes: {
      version: /^1\.[01]$/,
      xmlns: anything,
      'xmlns:xsi': anything,
      'xsi:schemaLocation': anything,
      'xml:lang': LANGUAGE,
    },
  },
  p: { attributes: { 'xml:lang': LANGUAGE } },
  s: { attributes: { 'xml:lang': LANGUAGE } },
  break: {
    attributes: {
      time: /^\+?(?:\d{0,5}\.)?\d{1,5}m?s$/,
      strength: /^(?:none|x-weak|weak|medium|strong|x-strong)$/,
    },
  },
  prosody: { attributes: { rate: RATE, pitch: PITCH, volume: VOLUME } },
  'say-as': {
    attributes: {
      'interpret-as': new RegExp(`^(?:${SAY_AS_VALUES.join('|')})$`),
      format: /^[a-z0-9:]{1,16}$/i,
    },
    required: ['interpret-as'],
  },
  sub: { attributes: { alias: anything }, required: ['alias'] },
  lang: { attributes: { 'xml:lang': LANGUAGE }, required: ['xml:lang'] },
  emphasis: { attributes: { level: /^(?:strong|moderate|reduced|none)$/ } },
  phoneme: {
    attributes: { alphabet: /^(?:ipa|x-sampa|x-amazon-[a-z-]{1,32})$/, ph: anything },
    required: ['ph'],
  },
  w: { attributes: { role: /^[A-Za-z]+:[A-Za-z0-9_]{1,32}$/ }, required: ['role'] },
};

/** @throws SsmlError when the element, one of its attributes or a value is not on the list */
export function checkAttributes(
  tag: { readonly name: string; readonly attributes: Attributes },
  place: string,
): Attributes {
  const rule = Object.hasOwn(rules, tag.name) ? rules[tag.name] : undefined;
  if (!rule) throw new SsmlError('forbidden', `element not allowed at ${place}`);
  for (const [name, value] of Object.entries(tag.attributes)) {
    const pattern = Object.hasOwn(rule.attributes, name) ? rule.attributes[name] : undefined;
    if (!pattern) throw new SsmlError('forbidden', `attribute of ${tag.name} not allowed at ${place}`);
    if (!pattern.test(value)) throw new SsmlError('bad-attribute', `${name} of ${tag.name} at ${place}`);
  }
  for (const name of rule.required ?? []) {
    if (!Object.hasOwn(tag.attributes, name)) {
      throw new SsmlError('bad-attribute', `${tag.name} without ${name} at ${place}`);
    }
  }
  return tag.attributes;
}

const BREAK_STRENGTH_MS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 250,
  medium: 500,
  strong: 750,
  'x-strong': 1_000,
};
/** As the engines have it; a longer silence is several breaks. */
const MAX_BREAK_MS = 10_000;

/** A bare `<break/>` is a medium one, as long as a comma of a template. */
export function breakMs(attributes: Attributes, place: string): number {
  const { time, strength = 'medium' } = attributes;
  if (time === undefined) return BREAK_STRENGTH_MS[strength] ?? 0;
  const ms = Math.round(time.endsWith('ms') ? Number.parseFloat(time) : Number.parseFloat(time) * 1_000);
  if (ms > MAX_BREAK_MS) throw new SsmlError('bad-attribute', `break over 10 s at ${place}`);
  return ms;
}

const RATE_NAMES: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  default: 1,
  fast: 1.25,
  'x-fast': 1.75,
};

function rateOf(value: string, place: string): number {
  const factor = Number.parseFloat(value) / (value.endsWith('%') ? 100 : 1);
  const rate = RATE_NAMES[value] ?? factor + (/^[+-]/.test(value) ? 1 : 0);
  if (rate < 0.2 || rate > 2) throw new SsmlError('bad-attribute', `rate outside 20 % to 200 % at ${place}`);
  return rate;
}

/** The style inside an element: its own over that of what surrounds it; rates multiply. */
export function styleOf(
  name: string,
  attributes: Attributes,
  outer: Style | undefined,
  place: string,
): Style | undefined {
  const own: { -readonly [Key in keyof Style]: Style[Key] } = { ...outer };
  const { rate, pitch, volume } = attributes;
  if (rate !== undefined) own.rate = Math.round((outer?.rate ?? 1) * rateOf(rate, place) * 100) / 100;
  if (pitch !== undefined) own.pitch = pitch;
  if (volume !== undefined) own.volume = volume;
  if (attributes['xml:lang'] !== undefined) own.lang = attributes['xml:lang'];
  if (name === 'emphasis') own.emphasis = emphasisOf(attributes['level']);
  return Object.keys(own).length === 0 ? undefined : own;
}

function emphasisOf(level: string | undefined): Style['emphasis'] {
  return level === 'strong' || level === 'reduced' || level === 'none' ? level : 'moderate';
}

export function sayAsOf(attributes: Attributes): { interpret: string; format?: string } {
  const { format } = attributes;
  const interpret = attributes['interpret-as'] ?? '';
  return format === undefined ? { interpret } : { interpret, format };
}

export function phonemeOf(attributes: Attributes): { alphabet: string; ph: string } {
  return { alphabet: attributes['alphabet'] ?? 'ipa', ph: cleanText(attributes['ph'] ?? '') };
}
