import type { TEMPLATE_LANGUAGES } from '../../domain/template.ts';

type Language = (typeof TEMPLATE_LANGUAGES)[number];

/** What is sent and spoken where the request brings no words of its own. */
export const DEFAULT_TEXTS: Readonly<Record<Language, string>> = {
  en: 'Your verification code is {{pin}}. Do not share it with anyone.',
  es: 'Su código de verificación es {{pin}}. No lo comparta con nadie.',
  ca: 'El seu codi de verificació és {{pin}}. No el comparteixi amb ningú.',
  da: 'Din bekræftelseskode er {{pin}}. Del den ikke med nogen.',
  nl: 'Uw verificatiecode is {{pin}}. Deel deze met niemand.',
  fr: 'Votre code de vérification est {{pin}}. Ne le communiquez à personne.',
  de: 'Ihr Bestätigungscode lautet {{pin}}. Geben Sie ihn an niemanden weiter.',
  it: 'Il suo codice di verifica è {{pin}}. Non lo comunichi a nessuno.',
  ja: '認証コードは{{pin}}です。他の人には教えないでください。',
  ko: '인증 코드는 {{pin}}입니다. 다른 사람에게 알려 주지 마세요.',
  no: 'Bekreftelseskoden din er {{pin}}. Ikke del den med noen.',
  pl: 'Twój kod weryfikacyjny to {{pin}}. Nie udostępniaj go nikomu.',
  ru: 'Ваш код подтверждения: {{pin}}. Никому его не сообщайте.',
  sv: 'Din verifieringskod är {{pin}}. Dela den inte med någon.',
  fi: 'Vahvistuskoodisi on {{pin}}. Älä jaa sitä kenellekään.',
  hr: 'Vaš kod za potvrdu je {{pin}}. Ne dijelite ga ni s kim.',
  sl: 'Vaša potrditvena koda je {{pin}}. Ne delite je z nikomer.',
  ro: 'Codul dumneavoastră de verificare este {{pin}}. Nu îl comunicați nimănui.',
  pt_pt: 'O seu código de verificação é {{pin}}. Não o partilhe com ninguém.',
  pt_br: 'Seu código de verificação é {{pin}}. Não o compartilhe com ninguém.',
  zh_cn: '您的验证码是{{pin}}，请勿告诉他人。',
  zh_tw: '您的驗證碼是{{pin}}，請勿告訴他人。',
};

/** Also for a language of the service that templates cannot have. */
export function defaultText(language: string): { readonly text: string; readonly language: Language } {
  const known = Object.hasOwn(DEFAULT_TEXTS, language) ? (language as Language) : 'en';
  return { text: DEFAULT_TEXTS[known], language: known };
}
