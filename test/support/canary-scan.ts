/**
 * Looks for thousands of PINs in one pass over a file: every run of letters and digits is looked up in a map, and not every PIN in
 * the file. What a PIN may look like there, with `4711` for an example:
 *
 *     plain    4711      between non-alphanumerics; anywhere, if it has 9 symbols or more
 *     spaced   4, 7-1 1  single symbols with 1 to 3 of space, comma, dot and hyphen between them
 *     quoted   "4","7","1", "1"
 *     hex      34373131
 *     base64   NDcxM     without the padding and the last symbol, which depends on what follows
 */

type Scan = (bytes: Uint8Array) => ReadonlySet<string>;

const LONG = 9;
/** Fixed strings are found by their first bytes: short ones by 4 of them, those with more by 8. */
const SHORT_KEY = 4;
const LONG_KEY = 8;
const FILTER_BITS = 20;

const QUOTE = 0x22;
const COMMA = 0x2c;
const WIDEST_GAP = 3;

/** By byte: 1 for [0-9A-Za-z]. */
const ALPHANUMERIC = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[0-9A-Za-z]/.test(String.fromCharCode(byte))),
);
/** By byte: what the letter is in lower case. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte,
);
const SEPARATORS = new Set(Buffer.from(' ,.-'));
const SPACES = new Set(Buffer.from(' \t\n\v\f\r\u00a0', 'latin1'));

/** A fixed string that may stand anywhere. */
interface Fixed {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly anyCase: boolean;
  readonly name: string;
}

/**
 * @param canaries PINs of letters and digits
 * @returns gives the names of what it finds in the bytes of a file: `PIN 12 plain`, never the PIN
 */
export function createCanaryScan(canaries: readonly string[]): Scan {
  /** `4711` → 12, in lower case. */
  const numbers = new Map<string, number>();
  for (const [index, pin] of canaries.entries()) {
    const key = pin.toLowerCase();
    if (!numbers.has(key)) numbers.set(key, index + 1);
  }
  const lengths = [...new Set([...numbers.keys()].map(pin => pin.length))];
  const fixed = canaries.flatMap((pin, index) => fixedForms(pin, `PIN ${index + 1}`));
  const shortKeys = createKeys(fixed, SHORT_KEY);
  const longKeys = createKeys(fixed, LONG_KEY);
  const isPlain = new Uint8Array(LONG);
  for (const length of lengths) if (length < LONG) isPlain[length] = 1;

  return bytes => {
    const found = new Set<string>();
    const spaced = new Chain(numbers, lengths, 'spaced', found);
    const quoted = new Chain(numbers, lengths, 'quoted', found);

    const endRun = (start: number, end: number): void => {
      const length = end - start;
      if (length === 1) {
        const symbol = String.fromCharCode(LOWER[bytes[start]!]!);
        spaced.add(symbol, start, isGap(bytes, spaced.at + 1, start));
        if (isQuoted(bytes, start)) quoted.add(symbol, start, isComma(bytes, quoted.at + 2, start - 1));
      }
      if (length >= LONG || isPlain[length] === 0) return;
      const number = numbers.get(lowerText(bytes, start, end));
      if (number !== undefined) found.add(`PIN ${number} plain`);
    };

    let start = -1;
    // The last four bytes, and the four before them, in lower case.
    let near = 0;
    let far = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (ALPHANUMERIC[byte] === 1) {
        if (start < 0) start = at;
      } else if (start >= 0) {
        endRun(start, at);
        start = -1;
      }
      far = (far << 8) | (near >>> 24);
      near = (near << 8) | LOWER[byte]!;
      if (shortKeys.mayHold(near, 0)) shortKeys.look(bytes, at + 1 - SHORT_KEY, found);
      if (longKeys.mayHold(near, far)) longKeys.look(bytes, at + 1 - LONG_KEY, found);
    }
    if (start >= 0) endRun(start, bytes.length);
    return found;
  };
}

function fixedForms(pin: string, name: string): Fixed[] {
  const fixed = (form: string, text: string, anyCase: boolean): Fixed => ({
    text: text.toLowerCase(),
    bytes: Buffer.from(anyCase ? text.toLowerCase() : text, 'latin1'),
    anyCase,
    name: `${name} ${form}`,
  });
  const base64 = Buffer.from(pin).toString('base64').replace(/=+$/, '').slice(0, -1);
  return [
    fixed('hex', Buffer.from(pin).toString('hex'), true),
    fixed('base64', base64, false),
    ...(pin.length >= LONG ? [fixed('plain', pin, true)] : []),
  ];
}

/** Those fixed strings that are found by `keyLength` bytes at their beginning; a bit per hash says where it is worth looking. */
function createKeys(all: readonly Fixed[], keyLength: number) {
  const byKey = Map.groupBy(
    all.filter(({ text }) => (text.length < LONG_KEY ? SHORT_KEY : LONG_KEY) === keyLength),
    ({ text }) => text.slice(0, keyLength),
  );
  const filter = new Uint8Array(2 ** FILTER_BITS);
  const hash = (near: number, far: number): number =>
    (Math.imul(near, 0x9e3779b1) ^ Math.imul(far, 0x85ebca6b)) >>> (32 - FILTER_BITS);
  for (const key of byKey.keys()) {
    const bytes = Buffer.from(key, 'latin1');
    const near = bytes.readInt32BE(keyLength - 4);
    filter[hash(near, keyLength === LONG_KEY ? bytes.readInt32BE(0) : 0)] = 1;
  }
  return {
    mayHold: (near: number, far: number): boolean => filter[hash(near, far)] === 1,
    look(bytes: Uint8Array, start: number, found: Set<string>): void {
      if (start < 0) return;
      for (const each of byKey.get(lowerText(bytes, start, start + keyLength)) ?? []) {
        if (isAt(bytes, start, each)) found.add(each.name);
      }
    },
  };
}

function isAt(bytes: Uint8Array, start: number, { bytes: wanted, anyCase }: Fixed): boolean {
  if (start + wanted.length > bytes.length) return false;
  return wanted.every((byte, index) => {
    const there = bytes[start + index]!;
    return byte === (anyCase ? LOWER[there] : there);
  });
}

/** Single symbols that follow each other as one form has it. */
class Chain {
  /** Where the last one stood. */
  at = -1;
  #symbols = '';
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #lengths: readonly number[];
  readonly #longest: number;
  readonly #form: string;
  readonly #found: Set<string>;

  constructor(
    numbers: ReadonlyMap<string, number>,
    lengths: readonly number[],
    form: string,
    found: Set<string>,
  ) {
    this.#numbers = numbers;
    this.#lengths = lengths;
    this.#longest = Math.max(0, ...lengths);
    this.#form = form;
    this.#found = found;
  }

  add(symbol: string, at: number, goesOn: boolean): void {
    this.#symbols = goesOn ? (this.#symbols + symbol).slice(-this.#longest) : symbol;
    this.at = at;
    for (const length of this.#lengths) {
      if (length > this.#symbols.length) continue;
      const number = this.#numbers.get(this.#symbols.slice(-length));
      if (number !== undefined) this.#found.add(`PIN ${number} ${this.#form}`);
    }
  }
}

/** Between two symbols of the spaced form. */
function isGap(bytes: Uint8Array, from: number, to: number): boolean {
  if (from === 0 || to - from > WIDEST_GAP) return false;
  for (let at = from; at < to; at++) if (!SEPARATORS.has(bytes[at]!)) return false;
  return true;
}

function isQuoted(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === QUOTE && bytes[at + 1] === QUOTE;
}

/** Between two symbols of the quoted form, without their quotes: a comma, then white space or nothing. */
function isComma(bytes: Uint8Array, from: number, to: number): boolean {
  if (from <= 1 || bytes[from] !== COMMA) return false;
  for (let at = from + 1; at < to; at++) if (!SPACES.has(bytes[at]!)) return false;
  return true;
}

function lowerText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(LOWER[bytes[at]!]!);
  return text;
}
