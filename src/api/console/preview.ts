import { z } from 'zod';

import {
  buildMessage,
  checkTemplate,
  languageOf,
  placeholderNames,
  SsmlError,
  toPlainText,
  toSegments,
  toSsml,
} from '../../../ivr/index.ts';
import type { Segment, Utterance } from '../../../ivr/prompt.ts';
import { TEMPLATE_LANGUAGES } from '../../domain/template.ts';
import { PIN_TYPES, type PinType } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { decodeMulaw } from '../../speech/g711.ts';
import { SpeechError, type Voice } from '../../speech/speech.ts';
import { encodeWav } from '../../speech/wav.ts';
import { SlidingWindows } from '../auth/sliding-windows.ts';
import { readBody } from './body.ts';
import type { Console, ConsoleApp } from './context.ts';
import { callerOf } from './session-routes.ts';

/** Nobody's: the same for every preview, so that its clips are made once. */
const MADE_UP: Readonly<Record<PinType, string>> = {
  NUMERIC: '58420971365842097136584209713658',
  ALPHA: 'KQVNTBZMRWKQVNTBZMRWKQVNTBZMRWKQ',
  HEX: '5C8A2F09E15C8A2F09E15C8A2F09E15C',
  ALPHANUMERIC: '5K8V2T09M15K8V2T09M15K8V2T09M15K',
};

const MAX_TEXT_LENGTH = 1_400;
const MAX_VOICE_LENGTH = 100;
const MAX_PLACEHOLDERS = 50;
const SAMPLE_RATE = 8_000;
/** Synthesis takes a processor: this many at a time, whoever asks. */
const MAX_RUNNING = 2;
const PER_SESSION = { requests: 120, windowMs: 60_000 } as const;
const MAX_COUNTED = 2_000;

const previewRequest = z.strictObject({
  text: z.string().min(1).max(MAX_TEXT_LENGTH),
  language: z.enum(TEMPLATE_LANGUAGES).optional(),
  voice: z.string().max(MAX_VOICE_LENGTH).optional(),
  speechRate: z.number().min(0.5).max(2).default(1),
  pinLength: z.int32().min(1).max(32).default(4),
  pinType: z.enum(PIN_TYPES).default('NUMERIC'),
  placeholders: z
    .record(z.string().max(64), z.string().max(MAX_TEXT_LENGTH))
    .refine(values => Object.keys(values).length <= MAX_PLACEHOLDERS)
    .default({}),
});
type PreviewRequest = z.output<typeof previewRequest>;

interface Reading {
  readonly utterances: readonly Utterance[];
  readonly segments: readonly Segment[];
  readonly voice: Voice;
  readonly fallback: string | undefined;
  readonly ssml: string;
  readonly text: string;
}

/** A template as it would be spoken, with a made-up PIN: its parts to read, and its sound. */
export function previewRoutes(app: ConsoleApp, deps: Console): void {
  const { speech, clock } = deps;
  const asked = new SlidingWindows({ clock, maxKeys: MAX_COUNTED });
  let running = 0;

  function read(request: PreviewRequest): Reading {
    const [problem] = checkTemplate(request.text);
    if (problem) throw fieldError('text', WRONG[problem.id]);
    const language = request.language ?? deps.voice.defaultLanguage;
    const { digitPauseMs, spelling } = deps.voice;
    const pin = MADE_UP[request.pinType].slice(0, request.pinLength);
    const { voice, fallback } = chosen(language, request.voice);
    const rate = request.speechRate;
    // Words that are still being written are not worth a file.
    const utterances = buildMessage({
      text: request.text,
      pin,
      placeholders: filled(request),
      digitPauseMs,
    }).map((each): Utterance => (each.kind === 'words' ? { ...each, transient: true } : each));
    const spoken = { language: languageOf(language) ?? language, rate, spelling };
    return {
      utterances,
      voice,
      fallback,
      segments: toSegments(utterances, spoken),
      ssml: toSsml(utterances, 'generic', { rate }),
      text: toPlainText(utterances, spoken),
    };
  }

  function chosen(
    language: string,
    name: string | undefined,
  ): { voice: Voice; fallback: string | undefined } {
    try {
      const { voice, fallback } = speech.chooseVoice({ language, ...(name && { voiceName: name }) });
      return { voice, fallback };
    } catch (error) {
      if (error instanceof SpeechError) throw fieldError('language', 'has no voice on this machine');
      throw error;
    }
  }

  app.route({
    method: 'GET',
    url: '/console/api/voices',
    schema: { hide: true },
    handler: async () => ({
      defaultLanguage: deps.voice.defaultLanguage,
      languages: TEMPLATE_LANGUAGES,
      voices: speech.voices().map(({ name, gender, language, isDefault }) => {
        return { name, gender, language, isDefault };
      }),
    }),
  });

  app.route({
    method: 'POST',
    url: '/console/api/preview/script',
    schema: { hide: true },
    handler: async request => {
      const { utterances, ssml, text, voice, fallback } = tidy(() => read(readBody(request, previewRequest)));
      return {
        utterances: utterances.map(shown),
        ssml,
        text,
        voice: voice.name,
        ...(fallback !== undefined && { fallback }),
      };
    },
  });

  app.route({
    method: 'POST',
    url: '/console/api/preview',
    schema: { hide: true },
    handler: async (request, reply) => {
      const retryAfterMs = asked.take(callerOf(request).principal.account, PER_SESSION);
      if (retryAfterMs > 0) throw new ServiceError('tooManyRequests', { retryAfterMs });
      const { segments, voice } = tidy(() => read(readBody(request, previewRequest)));
      if (running >= MAX_RUNNING) throw new ServiceError('tooManyRequests', { retryAfterMs: 1_000 });
      running++;
      try {
        const parts = await speech.render(segments, voice);
        const sound = Buffer.concat(parts.map(({ mulaw }) => mulaw));
        const wav = encodeWav({ sampleRate: SAMPLE_RATE, samples: decodeMulaw(sound) });
        return await reply.type('audio/wav').send(Buffer.from(wav));
      } catch (error) {
        if (error instanceof SpeechError) throw new ServiceError('unavailable', { cause: error });
        throw error;
      } finally {
        running--;
      }
    },
  });
}

const WRONG = {
  'no-pin': 'must contain {{pin}} where it is spoken',
  'malformed-placeholder': 'has {{ or }} that is no placeholder',
  'invalid-ssml': 'is not valid SSML',
} as const;

/** What a placeholder without a value is called says what will stand there. */
function filled({ text, placeholders }: PreviewRequest): Record<string, string> {
  const names = placeholderNames(text).filter(name => name !== 'pin');
  return Object.fromEntries(names.map(name => [name, placeholders[name] || name]));
}

function tidy<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof SsmlError) throw fieldError('text', 'is not valid SSML');
    throw error;
  }
}

function shown(utterance: Utterance): object {
  switch (utterance.kind) {
    case 'words':
      return { kind: 'words', text: utterance.text };
    case 'characters':
      return {
        kind: 'characters',
        symbols: utterance.symbols,
        pauseMs: utterance.pauseMs,
        pin: utterance.pin,
      };
    default:
      return utterance;
  }
}
