import { lazily } from '../../../../lazily.ts';
import { DEFAULT_ALPHABET } from './alphabets.ts';

/**
 * Infobip's transliterations: letters that the GSM alphabet lacks become ones that it has, so that a text costs 160
 * characters an SMS and not 70. Which letter becomes which is not documented; these are the languages' own customs.
 */
export const TRANSLITERATIONS = [
  'NONE',
  'TURKISH',
  'GREEK',
  'CYRILLIC',
  'SERBIAN_CYRILLIC',
  'CENTRAL_EUROPEAN',
  'BALTIC',
  'NON_UNICODE',
  'PORTUGUESE',
  'COLOMBIAN',
  'BULGARIAN_CYRILLIC',
  'ALL',
] as const;
export type Transliteration = (typeof TRANSLITERATIONS)[number];

type Mapping = ReadonlyMap<string, string>;

/** `абв` to `a b v`, lower case; capitals follow, several letters as `Zh`. */
function pairs(letters: string, replacements: string): [string, string][] {
  const words = replacements.split(' ');
  return [...letters].flatMap((letter, index): [string, string][] => {
    const word = words[index];
    if (word === undefined) throw new RangeError(`no replacement of ${letter}`);
    const plain = word === '-' ? '' : word;
    const capital = plain.charAt(0).toUpperCase() + plain.slice(1);
    return [
      [letter, plain],
      [letter.toUpperCase(), capital],
    ];
  });
}

/** Letters that lose their marks; those of the GSM alphabet itself are left out where their language writes them so. */
function bare(letters: string): [string, string][] {
  return [...letters].map((letter): [string, string] => [
    letter,
    NO_MARKS.get(letter) ?? letter.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  ]);
}

/** Letters that Unicode does not take apart. */
const NO_MARKS: Mapping = new Map([
  ['ł', 'l'],
  ['Ł', 'L'],
  ['đ', 'd'],
  ['Đ', 'D'],
  ['ı', 'i'],
  ['İ', 'I'],
  ['ħ', 'h'],
  ['Ħ', 'H'],
  ['ŧ', 't'],
  ['Ŧ', 'T'],
  ['ð', 'd'],
  ['Ð', 'D'],
  ['þ', 'th'],
  ['Þ', 'Th'],
  ['œ', 'oe'],
  ['Œ', 'OE'],
  ['ŋ', 'n'],
  ['Ŋ', 'N'],
  ['ẞ', 'SS'],
]);

const BOTH_CASES = (letters: string): string => letters + letters.toUpperCase();

/** Word processors put these in without being asked. */
const PUNCTUATION: Mapping = new Map([
  ...[...'‘’‚‛′‹›`´'].map((char): [string, string] => [char, "'"]),
  ...[...'“”„‟″«»'].map((char): [string, string] => [char, '"']),
  ...[...'‐‑‒–—―−'].map((char): [string, string] => [char, '-']),
  ...[...'\u00a0\u2002\u2003\u2007\u2009\u202f\t'].map((char): [string, string] => [char, ' ']),
  ...[...'\u200b\ufeff\u00ad'].map((char): [string, string] => [char, '']),
  ['…', '...'],
  ['•', '-'],
  ['·', '.'],
  ['№', 'No'],
]);

function mapping(entries: readonly (readonly [string, string])[]): Mapping {
  return new Map([...PUNCTUATION, ...entries]);
}

/** A few thousand letters: most instances are never asked for one. */
const mappings = lazily((): Readonly<Record<Exclude<Transliteration, 'NONE'>, Mapping>> => {
  const RUSSIAN = pairs(
    'абвгдеёжзийклмнопрстуфхцчшщъыьэюя',
    'a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya',
  );

  /** Capitals that look alike or are GSM's own; small letters become capitals, as in handsets. */
  const GREEK_LETTERS: [string, string][] = [...'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ'].flatMap(
    (capital, index): [string, string][] => {
      const gsm = [...'ABΓΔEZHΘIKΛMNΞOΠPΣTYΦXΨΩ'][index] ?? capital;
      return [
        [capital, gsm],
        [capital.toLowerCase(), gsm],
      ];
    },
  );

  const GREEK = [
    ...GREEK_LETTERS,
    ['ς', 'Σ'],
    ...[...'άΆ'].map(char => [char, 'A']),
    ...[...'έΈ'].map(char => [char, 'E']),
    ...[...'ήΉ'].map(char => [char, 'H']),
    ...[...'ίΊϊΪΐ'].map(char => [char, 'I']),
    ...[...'όΌ'].map(char => [char, 'O']),
    ...[...'ύΎϋΫΰ'].map(char => [char, 'Y']),
    ...[...'ώΏ'].map(char => [char, 'Ω']),
  ] as [string, string][];

  const TURKISH = bare('çÇğĞıİöÖşŞüÜâÂîÎûÛ');
  const CYRILLIC = [...RUSSIAN, ...pairs('єіїґўђѓѕјљњћќџ', 'ie i i g u dj gj dz j lj nj c kj dz')];
  const SERBIAN = [
    ...CYRILLIC,
    ...pairs(
      'абвгдђежзијклљмнњопрстћуфхцчџш',
      'a b v g d dj e z z i j k l lj m n nj o p r s t c u f h c c dz s',
    ),
  ];
  const BULGARIAN = [...CYRILLIC, ...pairs('жйхцчшщъьюя', 'zh y h ts ch sh sht a y yu ya')];
  const CENTRAL_EUROPEAN = bare(BOTH_CASES('áčćďđěęėąęğíĺľłńňóőôřŕšśşșťţțúůűýžźżăâîë') + 'ãÃ');
  const BALTIC = bare(BOTH_CASES('āčēģīķļņšūžąęėįųõŗ'));
  const PORTUGUESE = bare(BOTH_CASES('áâãçêíóôõúÀ'));
  const COLOMBIAN = bare(BOTH_CASES('áíóú'));

  const EVERYTHING = [...CENTRAL_EUROPEAN, ...BALTIC, ...PORTUGUESE, ...COLOMBIAN, ...GREEK, ...CYRILLIC];
  const TURKISH_ONLY = bare('çğĞıİşŞâÂîÎûÛ');

  return {
    TURKISH: mapping(TURKISH),
    GREEK: mapping(GREEK),
    CYRILLIC: mapping(CYRILLIC),
    SERBIAN_CYRILLIC: mapping(SERBIAN),
    BULGARIAN_CYRILLIC: mapping(BULGARIAN),
    CENTRAL_EUROPEAN: mapping(CENTRAL_EUROPEAN),
    BALTIC: mapping(BALTIC),
    PORTUGUESE: mapping(PORTUGUESE),
    COLOMBIAN: mapping(COLOMBIAN),
    ALL: mapping([...EVERYTHING, ...TURKISH_ONLY]),
    NON_UNICODE: mapping([...EVERYTHING, ...TURKISH_ONLY]),
  };
});

const graphemes = lazily(() => new Intl.Segmenter('en', { granularity: 'grapheme' }));
/** What stands for a character that `NON_UNICODE` finds no letters for. */
const UNKNOWN = '?';

/**
 * The text in letters of the GSM alphabet, as far as the table goes; letters of the alphabet that the table does not name
 * stay. `NON_UNICODE` leaves nothing else: marks are dropped, and the rest becomes a question mark.
 */
export function transliterate(text: string, to: Transliteration): string {
  if (to === 'NONE') return text;
  const table = mappings()[to];
  const replaced = [...text.normalize('NFC')].map(char => table.get(char) ?? char).join('');
  return to === 'NON_UNICODE' ? withoutUnicode(replaced) : replaced;
}

function withoutUnicode(text: string): string {
  return [...graphemes().segment(text)].map(({ segment }) => inAlphabet(segment)).join('');
}

function inAlphabet(grapheme: string): string {
  if ([...grapheme].every(char => DEFAULT_ALPHABET.has(char))) return grapheme;
  const plain = grapheme.normalize('NFKD').replaceAll(/[\p{M}\p{Cf}]/gu, '');
  const letters = [...plain].map(char => NO_MARKS.get(char) ?? char);
  return letters.every(char => [...char].every(each => DEFAULT_ALPHABET.has(each)))
    ? letters.join('')
    : UNKNOWN;
}
