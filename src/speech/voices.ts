import type { Voice, VoiceChoice } from './speech.ts';
import { SpeechError } from './speech.ts';

type Gender = Voice['gender'];

/**
 * Names of the voices that Infobip and Amazon Polly offer for the 2FA languages, with the language and gender of
 * the person behind them.
 */
const KNOWN_NAMES: readonly { readonly language: string; readonly female: string; readonly male: string }[] =
  [
    {
      language: 'en',
      female:
        'Joanna Salli Ivy Kendra Kimberly Ruth Danielle Amy Emma Nicole Olivia Raveena Aditi Kajal Niamh Aria Ayanda Jasmine',
      male: 'Matthew Joey Justin Kevin Stephen Gregory Brian Arthur Russell Geraint',
    },
    {
      language: 'es',
      female: 'Conchita Lucia Mia Lupe Penelope Isabel',
      male: 'Enrique Miguel Sergio Pedro Andres Raul',
    },
    { language: 'ca', female: 'Arlet', male: '' },
    { language: 'da', female: 'Naja Sofie', male: 'Mads' },
    { language: 'nl', female: 'Lotte Laura Lisa', male: 'Ruben' },
    { language: 'fr', female: 'Celine Lea Chantal Gabrielle Isabelle', male: 'Mathieu Remi Liam' },
    { language: 'de', female: 'Marlene Vicki Hannah Sabrina', male: 'Hans Daniel' },
    { language: 'it', female: 'Carla Bianca', male: 'Giorgio Adriano' },
    { language: 'ja', female: 'Mizuki Kazuha Tomoko', male: 'Takumi' },
    { language: 'ko', female: 'Seoyeon Jihye', male: '' },
    { language: 'no', female: 'Liv Ida', male: '' },
    { language: 'pl', female: 'Ewa Maja Ola', male: 'Jacek Jan' },
    { language: 'ru', female: 'Tatyana', male: 'Maxim' },
    { language: 'sv', female: 'Astrid Elin', male: '' },
    { language: 'fi', female: 'Suvi Heidi', male: '' },
    { language: 'hr', female: 'Gabrijela', male: 'Matej Srecko' },
    { language: 'sl', female: 'Petra', male: 'Lado Rok' },
    { language: 'ro', female: 'Carmen Alina', male: 'Andrei Emil' },
    { language: 'pt_pt', female: 'Ines', male: 'Cristiano' },
    { language: 'pt_br', female: 'Vitoria Camila', male: 'Ricardo Thiago' },
    { language: 'zh_cn', female: 'Zhiyu Huihui Yaoyao', male: 'Kangkang' },
    { language: 'zh_tw', female: 'Yating Hanhan', male: 'Zhiwei' },
  ];

/** Codes that people write for a language of the 2FA enum; `de_at` and the like lose their region instead. */
const ALIASES: Readonly<Record<string, string>> = {
  pt: 'pt_pt',
  zh: 'zh_cn',
  cmn: 'zh_cn',
  cmn_cn: 'zh_cn',
  zh_hans: 'zh_cn',
  zh_sg: 'zh_cn',
  zh_hant: 'zh_tw',
  zh_hk: 'zh_tw',
  cmn_tw: 'zh_tw',
  nb: 'no',
  nn: 'no',
};

/** A Scot reads the British men's parts. */
const NEAREST: Readonly<Record<string, string>> = { brian: 'awb', arthur: 'awb', geraint: 'awb' };

/** `pt-BR`, `PT_br` → `pt_br`; `de-AT` → `de`; a code that nobody knows is cut to its first part. */
export function canonicalLanguage(code: string): string {
  const parts = code.trim().toLowerCase().replaceAll('-', '_').split('_');
  for (let length = parts.length; length > 0; length--) {
    const prefix = parts.slice(0, length).join('_');
    if (KNOWN_NAMES.some(({ language }) => language === prefix)) return prefix;
    const alias = ALIASES[prefix];
    if (alias) return alias;
  }
  return parts[0] ?? '';
}

/**
 * The voice that will speak: by name when that voice is present, else the nearest of the language by gender, else
 * the language's default. Whatever is not as asked for is told in `fallback`.
 * @throws SpeechError unsupported-language when no voice present speaks it.
 */
export function chooseVoice(
  voices: readonly Voice[],
  request: { language: string; voiceName?: string; gender?: Gender },
): VoiceChoice {
  const language = canonicalLanguage(request.language);
  const speakers = voices.filter(voice => voice.language === language);
  const standard = speakers.find(voice => voice.isDefault) ?? speakers[0];
  if (!standard) throw new SpeechError('unsupported-language', 'no voice here speaks this language');
  const ofGender = (gender: Gender | undefined): Voice =>
    speakers.find(voice => voice.gender === gender && voice.isDefault) ??
    speakers.find(voice => voice.gender === gender) ??
    standard;
  if (!request.voiceName) {
    const voice = request.gender ? ofGender(request.gender) : standard;
    if (!request.gender || voice.gender === request.gender) return { voice };
    return { voice, fallback: `no ${request.gender} voice for ${language}: ${voice.name} speaks` };
  }
  const asked = foldName(request.voiceName);
  const exact = speakers.find(voice => foldName(voice.name) === asked);
  if (exact) return { voice: exact };
  const known = knownName(asked);
  const nearest = speakers.find(voice => voice.name === NEAREST[asked]);
  const voice = nearest ?? ofGender(known?.gender ?? request.gender);
  return { voice, fallback: explain({ asked: request.voiceName, known, language, voice }) };
}

function explain(choice: {
  asked: string;
  known: { language: string } | undefined;
  language: string;
  voice: Voice;
}): string {
  // What a caller sent is echoed into reports: short and plain.
  const asked = choice.asked.replaceAll(/[^\p{L}\p{N} ._-]/gu, '').slice(0, 40);
  const speaks = `${choice.voice.name} speaks`;
  if (!choice.known) return `voice ${asked} is not known for ${choice.language}: ${speaks}`;
  if (choice.known.language === choice.language) return `voice ${asked} is not installed: ${speaks}`;
  return `voice ${asked} does not speak ${choice.language}: ${speaks}`;
}

function knownName(folded: string): { language: string; gender: Gender } | undefined {
  for (const { language, female, male } of KNOWN_NAMES) {
    if (hasName(female, folded)) return { language, gender: 'female' };
    if (hasName(male, folded)) return { language, gender: 'male' };
  }
  return undefined;
}

function hasName(names: string, folded: string): boolean {
  return names.toLowerCase().split(' ').includes(folded);
}

/** `Céline`, `Polly.Joanna-Neural` and `joanna (beta)` are the names without the trimmings. */
function foldName(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .trim()
    .toLowerCase()
    .replace(/^polly\./u, '')
    .replace(/(-neural|-generative)$|\s*\(.*\)$/u, '');
}
