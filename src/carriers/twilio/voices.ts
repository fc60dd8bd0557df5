import type { SsmlDialect } from './ssml.ts';

/** A voice as `<Say>` wants it. `fallback` says why it is not the language or voice that was asked for. */
export interface TwilioVoice {
  readonly voice: string;
  readonly language: string;
  readonly dialect: SsmlDialect;
  readonly fallback?: string;
}

interface Language {
  readonly tag: string;
  /** First is the default; each with its best variant. Names are those of twilio 6's `SayVoice`. */
  readonly voices: readonly [string, ...string[]];
  /** Set where Twilio has no voice of this language and a close one reads it. */
  readonly stand?: string;
}

const polly = (tag: string, ...voices: [string, ...string[]]): Language => ({
  tag,
  voices: voices.map(voice => `Polly.${voice}`) as [string, ...string[]],
});

const SERBIAN = ['Google.sr-RS-Standard-A'] as const;

/** The 22 languages of Infobip's 2FA enum (infobip-api.md 2.4) and the regional forms that Polly has. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  en: polly(
    'en-US',
    'Joanna-Neural',
    'Matthew-Neural',
    'Danielle-Neural',
    'Gregory-Neural',
    'Ivy-Neural',
    'Joey-Neural',
    'Justin-Neural',
    'Kendra-Neural',
    'Kevin-Neural',
    'Kimberly-Neural',
    'Ruth-Neural',
    'Salli-Neural',
    'Stephen-Neural',
  ),
  'en-gb': polly('en-GB', 'Amy-Neural', 'Arthur-Neural', 'Brian-Neural', 'Emma-Neural'),
  'en-au': polly('en-AU', 'Olivia-Neural', 'Nicole', 'Russell'),
  'en-in': polly('en-IN', 'Kajal-Neural', 'Aditi', 'Raveena'),
  es: polly('es-ES', 'Lucia-Neural', 'Sergio-Neural', 'Conchita', 'Enrique'),
  'es-mx': polly('es-MX', 'Mia-Neural', 'Andres-Neural'),
  'es-us': polly('es-US', 'Lupe-Neural', 'Pedro-Neural', 'Penelope', 'Miguel'),
  ca: polly('ca-ES', 'Arlet-Neural'),
  da: polly('da-DK', 'Sofie-Neural', 'Naja', 'Mads'),
  nl: polly('nl-NL', 'Laura-Neural', 'Lotte', 'Ruben'),
  fr: polly('fr-FR', 'Lea-Neural', 'Remi-Neural', 'Celine', 'Mathieu'),
  'fr-ca': polly('fr-CA', 'Gabrielle-Neural', 'Liam-Neural', 'Chantal'),
  de: polly('de-DE', 'Vicki-Neural', 'Daniel-Neural', 'Marlene', 'Hans'),
  'de-at': polly('de-AT', 'Hannah-Neural'),
  it: polly('it-IT', 'Bianca-Neural', 'Adriano-Neural', 'Carla', 'Giorgio'),
  ja: polly('ja-JP', 'Kazuha-Neural', 'Takumi-Neural', 'Tomoko-Neural', 'Mizuki'),
  ko: polly('ko-KR', 'Seoyeon-Neural'),
  no: polly('nb-NO', 'Ida-Neural', 'Liv'),
  pl: polly('pl-PL', 'Ola-Neural', 'Ewa', 'Jacek', 'Jan', 'Maja'),
  ru: polly('ru-RU', 'Tatyana', 'Maxim'),
  sv: polly('sv-SE', 'Elin-Neural', 'Astrid'),
  fi: polly('fi-FI', 'Suvi-Neural'),
  ro: polly('ro-RO', 'Carmen'),
  'pt-pt': polly('pt-PT', 'Ines-Neural', 'Cristiano'),
  'pt-br': polly('pt-BR', 'Camila-Neural', 'Thiago-Neural', 'Vitoria-Neural', 'Ricardo'),
  'zh-cn': polly('cmn-CN', 'Zhiyu-Neural'),
  'zh-tw': { tag: 'cmn-TW', voices: ['Google.cmn-TW-Wavenet-A', 'Google.cmn-TW-Wavenet-B'] },
  // No provider behind Twilio has these two; a Serbian voice reads them understandably, numbers included.
  hr: { tag: 'sr-RS', voices: SERBIAN, stand: 'Croatian read by a Serbian voice' },
  sl: { tag: 'sr-RS', voices: SERBIAN, stand: 'Slovenian read by a Serbian voice' },
};

const ALIASES: Readonly<Record<string, string>> = {
  nb: 'no',
  pt: 'pt-br',
  zh: 'zh-cn',
  'cmn-cn': 'zh-cn',
  'cmn-tw': 'zh-tw',
};

/** Languages in the 2FA form (`pt_br`) that have an entry, regional forms included. */
export const TWILIO_LANGUAGES: readonly string[] = Object.keys(LANGUAGES).map(key => key.replace('-', '_'));

/**
 * The voice for a language (`en`, `pt_br`, `en-GB`) and, where given, a voice by Polly's name (`Joanna`) or in full
 * (`Polly.Joanna-Neural`, `Google.…`). Never fails: what cannot be had falls back and says so.
 */
export function twilioVoice(language: string, wanted?: string): TwilioVoice {
  const found = findLanguage(language);
  const entry = found ?? LANGUAGES['en']!;
  const reason = found ? entry.stand : `no voice for language ${printable(language)}`;
  const named = wanted === undefined ? undefined : findVoice(entry, wanted);
  const voice = named ?? entry.voices[0];
  const missing =
    wanted !== undefined && !named ? `no voice ${printable(wanted)} for ${entry.tag}` : undefined;
  const fallback = reason ?? missing;
  return { voice, language: entry.tag, dialect: dialectOf(voice), ...(fallback ? { fallback } : {}) };
}

function findLanguage(language: string): Language | undefined {
  const key = language.toLowerCase().replaceAll('_', '-');
  const base = key.split('-')[0] ?? '';
  for (const candidate of [key, base]) {
    const name = Object.hasOwn(ALIASES, candidate) ? (ALIASES[candidate] ?? candidate) : candidate;
    if (Object.hasOwn(LANGUAGES, name)) return LANGUAGES[name];
  }
  return undefined;
}

/** A name counts only within its language: an English voice reads German digits as English words. */
function findVoice(entry: Language, wanted: string): string | undefined {
  if (/^(?:Polly|Google)\.[A-Za-z0-9-]{1,60}$/.test(wanted)) return wanted;
  return entry.voices.find(
    voice => voice.replace(/^Polly\.|-Neural$/g, '').toLowerCase() === wanted.toLowerCase(),
  );
}

function dialectOf(voice: string): SsmlDialect {
  if (voice.startsWith('Google.')) return 'google';
  return /-(?:Neural|Generative)$/.test(voice) ? 'polly-neural' : 'polly-standard';
}

function printable(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, '?').slice(0, 40);
}
