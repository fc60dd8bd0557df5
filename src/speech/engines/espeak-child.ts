/**
 * A process that runs eSpeak NG (GPL-3.0-or-later, an optional dependency) and speaks espeak-protocol on its
 * standard input and output: the pipe keeps that program apart from the service, in licence and in faults.
 * It ends when its input ends.
 */
import { readFileSync } from 'node:fs';
import { encodeFrame, FrameReader, type EspeakFrame, type EspeakRequest } from './espeak-protocol.ts';

interface EspeakWorker {
  set_voice(name: string): number;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  set_range(range: number): void;
  get_samplerate(): number;
  synthesize(text: string, onAudio: (samples: Int16Array | undefined) => void): void;
}

interface EspeakModule {
  readonly eSpeakNGWorker: new () => EspeakWorker;
}

type CreateModule = (options: object) => Promise<EspeakModule>;

/** Both on a scale of 0..100, and 50 is a voice's own. */
const PITCH = 50;
const RANGE = 50;

/** The voices, dictionaries and phonemes, 24 MB, read once for all instances. */
async function loadEspeak(): Promise<() => Promise<EspeakModule>> {
  const script = import.meta.resolve('@echogarden/espeak-ng-emscripten');
  const { default: create } = (await import(script)) as { default: CreateModule };
  const file = readFileSync(new URL('espeak-ng.data', script));
  const whole = file.byteLength === file.buffer.byteLength;
  const data = whole ? file.buffer : new Uint8Array(file).buffer;
  // Its chatter must not get between the frames, and could repeat the text.
  const options = { getPreloadedPackage: () => data, print: () => undefined, printErr: () => undefined };
  return () => create({ ...options });
}

/**
 * One clip from a fresh instance (20..50 ms): a used one carries its oscillators' phase and its noise generator
 * over, and the same text then gives other samples, which no cache could tell from a fault.
 */
function synthesise({ eSpeakNGWorker }: EspeakModule, request: EspeakRequest): EspeakFrame {
  const espeak = new eSpeakNGWorker();
  if (espeak.set_voice(request.voice) !== 0) return { type: 'failed' };
  espeak.set_rate(request.wordsPerMinute);
  espeak.set_pitch(PITCH);
  espeak.set_range(RANGE);
  const chunks: Int16Array[] = [];
  espeak.synthesize(request.text, samples => {
    if (samples && samples.length > 0) chunks.push(samples);
  });
  const samples = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    samples.set(chunk, at);
    at += chunk.length;
  }
  return { type: 'audio', sampleRate: espeak.get_samplerate(), samples };
}

async function afterCollection<T>(make: () => Promise<T>): Promise<T> {
  await new Promise(resolve => setImmediate(resolve));
  globalThis.gc?.();
  return make();
}

const createInstance = await loadEspeak();
let instance = createInstance();
const reader = new FrameReader();
for await (const chunk of process.stdin) {
  const frames = reader.push(chunk as Buffer);
  if (!frames) process.exit(1);
  for (const frame of frames) {
    if (frame.type !== 'request') process.exit(1);
    process.stdout.write(encodeFrame(synthesise(await instance, frame)));
    // While nobody waits: the used instance is let go before the next is made, else the garbage of a burst of
    // clips reaches 400 MB before the collector sees a reason.
    instance = afterCollection(createInstance);
  }
}
