import { languages } from './languages/index.ts';
import type { Language } from './languages/language.ts';

/** Languages by the codes of Infobip's 2FA enum: `en`, `pt_br`, `zh_cn` (infobip-api.md 2.4). */

export type LanguageCode = keyof typeof languages;

export const LANGUAGE_CODES: readonly LanguageCode[] = Object.keys(languages).filter(isLanguage);

/** Codes that mean a language of the table without beginning like it. */
const ALIASES: Readonly<Record<string, LanguageCode>> = {
  pt: 'pt_pt',
  zh: 'zh_cn',
  cmn: 'zh_cn',
  cmn_cn: 'zh_cn',
  cmn_tw: 'zh_tw',
  zh_hans: 'zh_cn',
  zh_hant: 'zh_tw',
  zh_hant_tw: 'zh_tw',
  zh_sg: 'zh_cn',
  zh_hk: 'zh_tw',
  nb: 'no',
  nn: 'no',
};

/**
 * The 2FA form of a language code of any spelling: `pt-br`, `PT_BR`, `en-GB`, `zh-Hant-TW`, `nb-NO`. A region that has no
 * row of its own is its language (`de-at` is `de`). Undefined: none of ours.
 */
export function languageOf(code: string): LanguageCode | undefined {
  const parts = code.trim().toLowerCase().split(/[-_]/);
  for (let length = parts.length; length > 0; length--) {
    const form = parts.slice(0, length).join('_');
    if (isLanguage(form)) return form;
    if (Object.hasOwn(ALIASES, form)) return ALIASES[form];
  }
  return undefined;
}

export function isLanguage(code: string): code is LanguageCode {
  return Object.hasOwn(languages, code);
}

export function language(code: LanguageCode): Language {
  return languages[code];
}
