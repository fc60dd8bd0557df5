import { createRequire } from 'node:module';

/**
 * The 7-bit alphabets of 3GPP TS 23.038: the default one with its extension table (6.2.1, from sms-segments-calculator)
 * and the national language tables of Turkish, Spanish and Portuguese (annex A). Only what a character costs is kept:
 * 1 septet, or 2 after an escape.
 */
export type Alphabet = ReadonlyMap<string, 1 | 2>;

export const NATIONAL_LANGUAGES = ['TR', 'ES', 'PT'] as const;
export type NationalLanguage = (typeof NATIONAL_LANGUAGES)[number];

// Loaders disagree about what the default export of such a CommonJS file is; `require` has one answer.
const gsm = createRequire(import.meta.url)('sms-segments-calculator/dist/libs/UnicodeToGSM.js') as {
  /** UTF-16 code to septets. */
  readonly default: Readonly<Record<string, readonly number[]>>;
};

export const DEFAULT_ALPHABET: Alphabet = new Map(
  Object.entries(gsm.default).map(([code, septets]) => [
    String.fromCharCode(Number(code)),
    septets.length === 1 ? 1 : 2,
  ]),
);

/** A.2: what the language's extension table has beyond the default one (PT's also repeats Greek capitals). */
const SINGLE_SHIFT: Readonly<Record<NationalLanguage, string>> = {
  TR: 'ĞİŞçğış',
  ES: 'çÁÍÓÚáíóú',
  PT: 'êçÔôÁáΦΓΩΠΨΣΘÊÀÍÓÚÃÕÂíóúãõâ',
};

/** A.3: what the language's basic table has instead of default characters. There is none of Spanish. */
const LOCKING_SHIFT: Readonly<
  Partial<Record<NationalLanguage, { readonly out: string; readonly in: string }>>
> = {
  TR: { out: 'èìØøÆæ¡¿', in: '€ıĞğŞşİç' },
  PT: { out: 'èùìòØøÅåΦΓΛΩΠΨΣΘΞÆæß¤¡ÄÖÑ¿äöñ', in: 'êúíóçÔôÁáªÀ∞^\\€Ó|ÂâÊºÍÃÕÚ~ãõ`' },
};

/** Whether the language has a basic table of its own. */
export function hasLockingShift(language: NationalLanguage): boolean {
  return LOCKING_SHIFT[language] !== undefined;
}

/** The alphabet with a language's extension table, basic table, or both. */
export function nationalAlphabet(
  language: NationalLanguage,
  shift: { readonly single: boolean; readonly locking: boolean },
): Alphabet {
  const alphabet = new Map(DEFAULT_ALPHABET);
  const locking = shift.locking ? LOCKING_SHIFT[language] : undefined;
  for (const char of locking?.out ?? '') alphabet.delete(char);
  if (shift.single) for (const char of SINGLE_SHIFT[language]) if (!alphabet.has(char)) alphabet.set(char, 2);
  for (const char of locking?.in ?? '') alphabet.set(char, 1);
  return alphabet;
}
