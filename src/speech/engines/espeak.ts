import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpeechEngine, Voice } from '../speech.ts';
import { SpeechError } from '../speech.ts';
import {
  startChildHelper,
  startProgramHelper,
  type EspeakHelper,
  type EspeakReply,
} from './espeak-processes.ts';
import type { EspeakRequest } from './espeak-protocol.ts';
import { HelperPool } from './helper-pool.ts';
import { readableJapanese } from './japanese.ts';
import { cleanText } from './text.ts';

/** Language of the 2FA enum to eSpeak's voice; English is flite's. */
const LANGUAGES = [
  ['es', 'es'],
  ['ca', 'ca'],
  ['da', 'da'],
  ['nl', 'nl'],
  ['fr', 'fr'],
  ['de', 'de'],
  ['it', 'it'],
  ['ja', 'ja'],
  ['ko', 'ko'],
  ['no', 'nb'],
  ['pl', 'pl'],
  ['ru', 'ru'],
  ['sv', 'sv'],
  ['fi', 'fi'],
  ['hr', 'hr'],
  ['sl', 'sl'],
  ['ro', 'ro'],
  ['pt_pt', 'pt'],
  ['pt_br', 'pt-br'],
  ['zh_cn', 'cmn'],
  ['zh_tw', 'cmn'],
] as const;

/** eSpeak's speaker variants over any language. */
const VARIANTS = { male: '', female: '+f2' } as const;

/** eSpeak's own normal speed, which is our rate 1. */
const NORMAL_WORDS_PER_MINUTE = 175;

/** Where eSpeak NG comes from on this machine. */
export type EspeakSource =
  | { readonly kind: 'package'; readonly version: string }
  | { readonly kind: 'program'; readonly path: string };

/** The optional npm package, else `espeak-ng` on the PATH, else nothing. */
export function findEspeak(searchPath: string | undefined = process.env['PATH']): EspeakSource | undefined {
  return findPackage() ?? findProgram(searchPath ?? '');
}

function findPackage(): EspeakSource | undefined {
  try {
    const name = '@echogarden/espeak-ng-emscripten/package.json';
    const manifest = createRequire(import.meta.url)(name) as { version: string };
    return { kind: 'package', version: manifest.version };
  } catch {
    return undefined;
  }
}

/** @internal for `findEspeak` and its test */
export function findProgram(searchPath: string): EspeakSource | undefined {
  const path = searchPath
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, 'espeak-ng'))
    .find(isExecutable);
  return path === undefined ? undefined : { kind: 'program', path };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface EspeakDeps {
  readonly clock: Clock;
  /** undefined: no eSpeak here, and the engine has no voices. */
  readonly source: EspeakSource | undefined;
  readonly timeoutMs?: number;
  readonly maxQueued?: number;
  /** In the place of a real process, for tests. */
  readonly start?: () => EspeakHelper;
}

/** All other languages through eSpeak NG (GPL) in processes of its own. A clip is bit-exact per version. */
export function createEspeakEngine(deps: EspeakDeps): SpeechEngine {
  const { source } = deps;
  const pool = new HelperPool<EspeakRequest, EspeakReply>({
    start:
      deps.start ?? (source?.kind === 'program' ? () => startProgramHelper(source.path) : startChildHelper),
    clock: deps.clock,
    size: 1,
    maxQueued: deps.maxQueued ?? 256,
    timeoutMs: deps.timeoutMs ?? 15_000,
  });
  const voices = source ? listVoices() : [];
  return {
    id: 'espeak',
    version: versionOf(source),
    voices: () => voices,
    async synthesise({ text, voice, rate }, signal) {
      const cleaned = cleanText(text);
      const spoken = voice.language === 'ja' ? readableJapanese(cleaned) : cleaned;
      if (!/[\p{L}\p{N}]/u.test(spoken)) return { sampleRate: 22_050, samples: new Int16Array(0) };
      const wordsPerMinute = Math.round(NORMAL_WORDS_PER_MINUTE * rate);
      const reply = await pool.request({ wordsPerMinute, voice: voice.engineVoice, text: spoken }, signal);
      if (reply.type === 'failed') throw new SpeechError('engine-failed', 'eSpeak made no sound');
      return { sampleRate: reply.sampleRate, samples: reply.samples };
    },
    close: () => pool.close(),
  };
}

/** The program's own version is not asked for at start: its path stands in, and a changed clip is only a new clip. */
function versionOf(source: EspeakSource | undefined): string {
  if (!source) return 'none';
  return source.kind === 'package' ? `package-${source.version}` : `program-${source.path}`;
}

function listVoices(): readonly Voice[] {
  return LANGUAGES.flatMap(([language, espeakVoice]) =>
    (['male', 'female'] as const).map(gender => ({
      name: gender === 'male' ? `espeak-${language}` : `espeak-${language}-female`,
      gender,
      language,
      engine: 'espeak',
      engineVoice: `${espeakVoice}${VARIANTS[gender]}`,
      isDefault: gender === 'male',
    })),
  );
}
