import { lazily } from '../../../../lazily.ts';
import {
  DEFAULT_ALPHABET,
  hasLockingShift,
  NATIONAL_LANGUAGES,
  nationalAlphabet,
  type Alphabet,
  type NationalLanguage,
} from './alphabets.ts';

/** How a text is to be encoded, as far as the request says so (infobip-api.md 5.1). */
export interface TextLanguage {
  readonly code: NationalLanguage | 'AUTODETECT';
  /** Neither: the language's extension table. */
  readonly single: boolean;
  readonly locking: boolean;
}

export interface Segments {
  readonly encoding: 'GSM-7' | 'UCS-2';
  /** SMS that the text takes. */
  readonly count: number;
  /** Septets or UTF-16 units that the last of them has left. */
  readonly remaining: number;
  /** The national table that was needed. */
  readonly language?: NationalLanguage;
}

/** What one SMS carries (3GPP TS 23.040 9.2.3.24): 140 octets, of which headers take some. */
const OCTETS = 140;
const LENGTH_OCTETS = 1;
/** Reference, total, number, and the element's own two. */
const CONCATENATION_OCTETS = 5;
/** One shift table's element. */
const SHIFT_OCTETS = 3;

/** A number of parts is one octet. */
export const MAX_SEGMENTS = 255;

/**
 * How many SMS a text takes: 160 septets in one and 153 in each of several, 70 and 67 UTF-16 units where the alphabet does
 * not have it all, 155 and 149 with one national table (152 and 146 with two). Escape pairs, surrogates and, up to a
 * part's length, whole graphemes stay together. An empty text takes one.
 */
export function countSegments(text: string, language?: TextLanguage): Segments {
  const plain = septetsOf(text, DEFAULT_ALPHABET);
  if (plain) return pack('GSM-7', plain, septets(0), septets(CONCATENATION_OCTETS));
  for (const { code, alphabet, shifts } of tablesFor(language)) {
    const costs = septetsOf(text, alphabet);
    if (!costs) continue;
    const header = shifts * SHIFT_OCTETS;
    return {
      ...pack('GSM-7', costs, septets(header), septets(header + CONCATENATION_OCTETS)),
      language: code,
    };
  }
  const multi = units(CONCATENATION_OCTETS);
  return pack('UCS-2', unitsOf(text, multi), units(0), multi);
}

/** Septets that fit beside headers of this many octets; the header's own length comes on top. */
function septets(header: number): number {
  return Math.floor((bodyOctets(header) * 8) / 7);
}

function units(header: number): number {
  return Math.floor(bodyOctets(header) / 2);
}

function bodyOctets(header: number): number {
  return OCTETS - (header === 0 ? 0 : header + LENGTH_OCTETS);
}

interface Table {
  readonly code: NationalLanguage;
  readonly alphabet: Alphabet;
  readonly shifts: number;
}

const tables = new Map<string, Table>();

function table(code: NationalLanguage, single: boolean, locking: boolean): Table {
  const key = `${code}${single}${locking}`;
  const known = tables.get(key);
  if (known) return known;
  const alphabet = nationalAlphabet(code, { single, locking });
  const made = { code, alphabet, shifts: Number(single) + Number(locking) };
  tables.set(key, made);
  return made;
}

function tablesFor(language: TextLanguage | undefined): readonly Table[] {
  if (!language) return [];
  const { code } = language;
  if (code === 'AUTODETECT') return NATIONAL_LANGUAGES.map(each => table(each, true, false));
  const locking = language.locking && hasLockingShift(code);
  return [table(code, language.single || !locking, locking)];
}

/** What each character costs; undefined: the alphabet lacks one. */
function septetsOf(text: string, alphabet: Alphabet): number[] | undefined {
  const costs: number[] = [];
  for (const char of text) {
    const cost = alphabet.get(char);
    if (cost === undefined) return undefined;
    costs.push(cost);
  }
  return costs;
}

const graphemes = lazily(() => new Intl.Segmenter('en', { granularity: 'grapheme' }));
/** A text without these has one unit a grapheme. */
const COMPOSED = /[\p{M}\p{Cf}\p{Sk}\u{10000}-\u{10FFFF}]/u;

function unitsOf(text: string, part: number): number[] {
  if (!COMPOSED.test(text)) return Array.from({ length: text.length }, () => 1);
  return [...graphemes().segment(text)].flatMap(({ segment }) => {
    // What no part can hold is broken between characters.
    if (segment.length > part || segment === '\r\n') return [...segment].map(char => char.length);
    return [segment.length];
  });
}

function pack(
  encoding: Segments['encoding'],
  costs: readonly number[],
  single: number,
  multi: number,
): Segments {
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  if (total <= single) return { encoding, count: 1, remaining: single - total };
  let count = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > multi) {
      count += 1;
      used = 0;
    }
    used += cost;
  }
  return { encoding, count, remaining: multi - used };
}
