import { textOf, type XmlElement, type XmlNode } from './xml.ts';

/** A stretch of a `<Say>`: something to pronounce, or exact silence. */
export type Segment =
  | { kind: 'words'; text: string; language: string; rate: number; volume: number; pitch: number }
  | { kind: 'silence'; ms: number };

type Prosody = Omit<Extract<Segment, { kind: 'words' }>, 'kind' | 'text'>;

/** What each SSML element of `<Say>` may carry (carrier-protocols.md 1.3). */
const SSML: Readonly<Record<string, readonly string[]>> = {
  break: ['strength', 'time'],
  emphasis: ['level'],
  lang: ['xml:lang'],
  p: [],
  phoneme: ['alphabet', 'ph'],
  prosody: ['volume', 'rate', 'pitch'],
  s: [],
  'say-as': ['interpret-as', 'format'],
  sub: ['alias'],
  w: ['role'],
};

const INTERPRET_AS = new Set(
  'characters spell-out cardinal number ordinal digits fraction unit date time address expletive telephone'.split(
    ' ',
  ),
);
const SPELLED = new Set(['characters', 'spell-out', 'digits', 'telephone']);

/** The old voices read text only. */
const PLAIN_VOICES = new Set(['man', 'woman', 'alice']);

const BREAK_STRENGTH: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 0,
  weak: 250,
  medium: 400,
  strong: 700,
  'x-strong': 1_200,
};
const MAX_BREAK_MS = 10_000;
const SENTENCE_MS = 400;
const PARAGRAPH_MS = 700;
/** Between spelled characters. */
const SPELL_MS = 150;

const RATE_WORDS: Readonly<Record<string, number>> = {
  'x-slow': 0.5,
  slow: 0.75,
  medium: 1,
  default: 1,
  fast: 1.25,
  'x-fast': 1.6,
};
const VOLUME_WORDS: Readonly<Record<string, number>> = {
  silent: 0,
  'x-soft': 0.4,
  soft: 0.7,
  medium: 1,
  default: 1,
  loud: 1.3,
  'x-loud': 1.6,
};
const PITCH_WORDS: Readonly<Record<string, number>> = {
  'x-low': 0.6,
  low: 0.8,
  medium: 1,
  default: 1,
  high: 1.2,
  'x-high': 1.4,
};

/** What the schema of `<Say>` has against this content; nothing when it is right. */
export function checkSsml(content: readonly XmlNode[], voice: string): { code: number; message: string }[] {
  const problems: { code: number; message: string }[] = [];
  const walk = (nodes: readonly XmlNode[]): void => {
    for (const node of nodes) {
      if (typeof node === 'string') continue;
      const allowed = SSML[node.name];
      if (!allowed) problems.push({ code: 12200, message: `<${node.name}> is not allowed in <Say>` });
      for (const name of Object.keys(node.attributes)) {
        if (allowed && !allowed.includes(name)) {
          problems.push({ code: 12200, message: `attribute ${name} is not allowed in <${node.name}>` });
        }
      }
      const value = valueProblem(node);
      if (value) problems.push({ code: 12200, message: value });
      walk(node.children);
    }
  };
  walk(content);
  if (isPlainVoice(voice) && content.some(node => typeof node !== 'string')) {
    problems.push({ code: 13520, message: `the voice ${voice} reads no SSML` });
  }
  if (content.every(node => textOf(node).trim() === '' && typeof node === 'string')) {
    problems.push({ code: 13520, message: '<Say> has nothing to say' });
  }
  return problems;
}

export function isPlainVoice(voice: string): boolean {
  return PLAIN_VOICES.has(voice.toLowerCase());
}

function valueProblem(element: XmlElement): string | undefined {
  const { attributes } = element;
  switch (element.name) {
    case 'say-as':
      return INTERPRET_AS.has(attributes['interpret-as'] ?? '')
        ? undefined
        : 'say-as interpret-as is unknown';
    case 'break':
      if (attributes.time !== undefined && parseTime(attributes.time) === undefined) {
        return 'break time: up to 10 s, as 500ms or 1.5s';
      }
      return attributes.strength === undefined || attributes.strength in BREAK_STRENGTH
        ? undefined
        : 'break strength is unknown';
    case 'prosody':
      return attributes.rate === undefined || parseFactor(attributes.rate, RATE_WORDS) !== undefined
        ? undefined
        : 'prosody rate: a word or a percentage from 20%';
    default:
      return undefined;
  }
}

/** Cuts the content of a `<Say>` into what is pronounced and what is silence. */
export function segments(content: readonly XmlNode[], say: { voice: string; language: string }): Segment[] {
  const out: Segment[] = [];
  const base: Prosody = { language: say.language, rate: 1, volume: 1, pitch: 1 };
  const nodes = isPlainVoice(say.voice) ? [content.map(textOf).join('')] : content;
  for (const node of nodes) append(out, node, base);
  return out;
}

function append(out: Segment[], node: XmlNode, prosody: Prosody): void {
  if (typeof node === 'string') {
    const text = node.replace(/\s+/g, ' ').trim();
    if (/[\p{L}\p{N}]/u.test(text)) out.push({ kind: 'words', text, ...prosody });
    return;
  }
  const { attributes } = node;
  const children = (inner: Prosody): void => node.children.forEach(child => append(out, child, inner));
  switch (node.name) {
    case 'break':
      out.push({ kind: 'silence', ms: breakMs(attributes) });
      return;
    case 'say-as':
      if (SPELLED.has(attributes['interpret-as'] ?? '')) spell(out, textOf(node), prosody);
      else children(prosody);
      return;
    case 'sub':
      append(out, attributes.alias ?? textOf(node), prosody);
      return;
    case 'lang':
      children({ ...prosody, language: attributes['xml:lang'] ?? prosody.language });
      return;
    case 'emphasis':
      children({ ...prosody, volume: prosody.volume * (attributes.level === 'reduced' ? 0.8 : 1.2) });
      return;
    case 'prosody':
      children({
        ...prosody,
        rate: prosody.rate * (parseFactor(attributes.rate, RATE_WORDS) ?? 1),
        volume: prosody.volume * (VOLUME_WORDS[attributes.volume ?? 'medium'] ?? decibels(attributes.volume)),
        pitch: prosody.pitch * (parseFactor(attributes.pitch, PITCH_WORDS) ?? 1),
      });
      return;
    default:
      children(prosody);
      if (node.name === 'p') out.push({ kind: 'silence', ms: PARAGRAPH_MS });
      if (node.name === 's') out.push({ kind: 'silence', ms: SENTENCE_MS });
  }
}

function spell(out: Segment[], text: string, prosody: Prosody): void {
  for (const character of text.replace(/[^\p{L}\p{N}]/gu, '')) {
    out.push({ kind: 'words', text: character, ...prosody }, { kind: 'silence', ms: SPELL_MS });
  }
}

function breakMs(attributes: Readonly<Record<string, string>>): number {
  const time = attributes.time === undefined ? undefined : parseTime(attributes.time);
  return time ?? BREAK_STRENGTH[attributes.strength ?? 'medium'] ?? 400;
}

/** `500ms` or `1.5s`, up to ten seconds. */
function parseTime(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (!match) return undefined;
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 1);
  return ms <= MAX_BREAK_MS ? ms : undefined;
}

/** A word, `80%` (of normal) or `+10%` (more than normal); from 20 to 400 %. */
function parseFactor(text: string | undefined, words: Readonly<Record<string, number>>): number | undefined {
  if (text === undefined) return undefined;
  if (Object.hasOwn(words, text)) return words[text];
  const match = /^([+-]?)(\d+(?:\.\d+)?)%$/.exec(text);
  if (!match) return undefined;
  const percent = Number(match[2]) / 100;
  const factor = match[1] === '' ? percent : 1 + (match[1] === '-' ? -percent : percent);
  return factor >= 0.2 && factor <= 4 ? factor : undefined;
}

function decibels(text: string | undefined): number {
  const match = /^([+-]?\d+(?:\.\d+)?)dB$/.exec(text ?? '');
  return match ? 10 ** (Math.max(-20, Math.min(6, Number(match[1]))) / 20) : 1;
}
