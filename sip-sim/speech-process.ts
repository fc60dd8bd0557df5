import { TELEPHONE_RATE, resample } from './audio.ts';

/**
 * The speech program in a process of its own: GPL-3.0 code at arm's length, and a crash or a hang that costs one
 * sentence. Speaks over the IPC channel of `fork`: a request in, 8 kHz samples out.
 */
export interface SpeechRequest {
  readonly id: number;
  readonly text: string;
  /** BCP 47, tried whole and then by its first part. */
  readonly language: string;
  /** Factors, 1 is normal. */
  readonly rate: number;
  readonly pitch: number;
}

export type SpeechReply =
  | { readonly type: 'ready' }
  /** The optional package is not installed. */
  | { readonly type: 'missing' }
  | { readonly type: 'spoken'; readonly id: number; readonly samples: Int16Array };

interface Engine {
  readonly samplerate: number;
  list_voices(): { identifier: string; languages: { name: string }[] }[];
  set_voice(name: string, language: string, gender: number, age: number, variant: number): number;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  set_range(range: number): void;
  synthesize(text: string, callback: (audio: Int16Array | null) => boolean): void;
}

const PACKAGE = '@echogarden/espeak-ng-emscripten';
const NORMAL_RATE = 175;
const NORMAL_PITCH = 50;

/** espeak-ng's names for what Twilio's languages are called. */
const ALIASES: Readonly<Record<string, string>> = {
  'zh-cn': 'cmn',
  'zh-tw': 'cmn',
  'cmn-cn': 'cmn',
  'zh-hk': 'yue',
  'en-au': 'en-gb',
  'en-in': 'en-gb',
  'no-no': 'nb',
  'es-mx': 'es-419',
  'es-us': 'es-419',
  arb: 'ar',
};

async function start(): Promise<void> {
  const reply = (message: SpeechReply): boolean | undefined => process.send?.(message);
  let engine: Engine;
  try {
    const module: { default: () => Promise<{ eSpeakNGWorker: new () => Engine }> } = await import(PACKAGE);
    engine = new (await module.default()).eSpeakNGWorker();
  } catch {
    reply({ type: 'missing' });
    return;
  }
  const voices = new Set(engine.list_voices().map(voice => voice.languages[0]?.name ?? ''));
  process.on('message', (request: SpeechRequest) => {
    reply({ type: 'spoken', id: request.id, samples: speak(engine, voices, request) });
  });
  reply({ type: 'ready' });
}

function speak(engine: Engine, voices: ReadonlySet<string>, request: SpeechRequest): Int16Array {
  const tag = request.language.toLowerCase();
  const base = tag.split('-')[0] ?? tag;
  const voice = [ALIASES[tag] ?? tag, ALIASES[base] ?? base].find(name => voices.has(name)) ?? 'en-us';
  engine.set_voice(voice, voice, 0, 0, 0);
  engine.set_rate(Math.round(Math.max(80, Math.min(450, NORMAL_RATE * request.rate))));
  engine.set_pitch(Math.round(Math.max(0, Math.min(100, NORMAL_PITCH * request.pitch))));
  engine.set_range(NORMAL_PITCH);
  const parts: Int16Array[] = [];
  // The program reads markup: everything that could be some is escaped.
  const text = request.text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  engine.synthesize(text, audio => {
    if (audio) parts.push(audio);
    return false;
  });
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return resample(whole, engine.samplerate, TELEPHONE_RATE);
}

process.on('disconnect', () => process.exit(0));
await start();
