/**
 * Can a person make out the PIN? Twenty seeded 6-digit PINs at speech rates 0.7, 1 and 1.5, cut at the pauses and
 * recognised digit by digit by pocketsphinx (recognise.py). Exits 1 under 97 %.
 *
 *   node test/bench/intelligibility.ts [--count 20] [--seed 1] [--voice rms]      rendered by createSpeech
 *   node test/bench/intelligibility.ts --recordings dir                          recorded by a phone
 *
 * `dir/manifest.json`: [{"file": "a.wav", "pin": "123456", "rate": 1}], 8 kHz 16-bit mono WAV, any number of readings
 * a file; every reading found counts, and a file without one counts as all wrong.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock.ts';
import { createLogger } from '../../src/log.ts';
import { createSpeech } from '../../src/speech/speech-service.ts';
import { decodeWav } from '../../src/speech/wav.ts';
import { digitGroups } from './digit-groups.ts';
import { renderMessage } from './render-message.ts';

interface Recording {
  readonly pin: string;
  readonly rate: number;
  readonly samples: Int16Array;
}

interface Heard {
  readonly expected: string;
  readonly rate: number;
  readonly pcm: Int16Array;
}

const REQUIRED = 0.97;
const RATES = [0.7, 1, 1.5];

/** mulberry32: small, seeded, good enough to draw digits. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function renderAll(count: number, seed: number, voiceName: string | undefined): Promise<Recording[]> {
  const random = seededRandom(seed);
  const pins = Array.from({ length: count }, () =>
    Array.from({ length: 6 }, () => Math.floor(random() * 10)).join(''),
  );
  const dataDir = await mkdtemp(join(tmpdir(), 'saypin-bench-'));
  const speech = createSpeech({ dataDir, clock: systemClock, log: createLogger('warn') });
  try {
    const recordings: Recording[] = [];
    for (const rate of RATES) {
      for (const pin of pins) {
        const text = 'Your code is,, {{pin}}';
        recordings.push({
          pin,
          rate,
          samples: await renderMessage(speech, { text, pin, language: 'en', rate, voiceName }),
        });
      }
    }
    return recordings;
  } finally {
    await speech.close();
    await rm(dataDir, { recursive: true });
  }
}

async function readRecordings(folder: string): Promise<Recording[]> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
    file: string;
    pin: string;
    rate: number;
  }[];
  return Promise.all(
    manifest.map(async ({ file, pin, rate }) => {
      const wav = decodeWav(await readFile(join(folder, file)));
      if (!wav || wav.sampleRate !== 8000) throw new Error(`${file} is no 8 kHz WAV`);
      return { pin, rate, samples: wav.samples };
    }),
  );
}

/** Every digit of every reading; a recording in which no reading was found gives digits of no sound. */
function cut({ pin, rate, samples }: Recording): Heard[] {
  const groups = digitGroups(samples, pin.length);
  if (groups.length === 0) return [...pin].map(expected => ({ expected, rate, pcm: new Int16Array(0) }));
  return groups.flatMap(group =>
    group.map((span, index) => ({ expected: pin[index]!, rate, pcm: samples.slice(span.start, span.end) })),
  );
}

async function recognise(
  heard: readonly Heard[],
): Promise<{ versions: Record<string, string>; digits: Map<number, string> }> {
  const script = new URL('recognise.py', import.meta.url).pathname;
  const child = spawn('/usr/bin/python3', ['-W', 'ignore', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  for (const [id, { pcm }] of heard.entries()) {
    if (pcm.length === 0) continue;
    const base64 = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
    child.stdin.write(`${JSON.stringify({ id, pcm: base64 })}\n`);
  }
  child.stdin.end();
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const lines = output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { id?: number; digit?: string; versions?: Record<string, string> });
  const versions = lines.find(line => line.versions)?.versions ?? {};
  const digits = new Map(
    lines.flatMap(({ id, digit }) => (id === undefined || !digit ? [] : [[id, digit] as const])),
  );
  return { versions, digits };
}

const { values } = parseArgs({
  options: {
    recordings: { type: 'string' },
    count: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    voice: { type: 'string' },
  },
});
const seed = Number(values.seed);
const recordings = values.recordings
  ? await readRecordings(values.recordings)
  : await renderAll(Number(values.count), seed, values.voice);
const heard = recordings.flatMap(cut);
const { versions, digits } = await recognise(heard);

console.log(
  `node ${process.version}, ${Object.entries(versions)
    .map(entry => entry.join(' '))
    .join(', ')}`,
);
console.log(
  values.recordings ? `recordings: ${recordings.length}` : `seed ${seed}, ${values.count} PINs a rate`,
);
console.log('rate   digits  right  accuracy  mistaken (said>heard)');
let right = 0;
for (const rate of [...new Set(heard.map(one => one.rate))].toSorted((a, b) => a - b)) {
  const rows = [...heard.entries()].filter(([, one]) => one.rate === rate);
  const wrong = rows.filter(([id, one]) => digits.get(id) !== one.expected);
  const mistaken = new Set(wrong.map(([id, one]) => `${one.expected}>${digits.get(id) ?? 'nothing'}`));
  const good = rows.length - wrong.length;
  right += good;
  const accuracy = `${((100 * good) / rows.length).toFixed(1)} %`;
  console.log(
    `${String(rate).padEnd(6)} ${String(rows.length).padStart(6)} ${String(good).padStart(6)}  ${accuracy.padStart(8)}  ${[...mistaken].join(' ')}`,
  );
}
const total = heard.length === 0 ? 0 : right / heard.length;
console.log(
  `total  ${String(heard.length).padStart(6)} ${String(right).padStart(6)}  ${`${(100 * total).toFixed(1)} %`.padStart(8)}`,
);
if (total < REQUIRED) {
  console.log(`under ${100 * REQUIRED} %`);
  process.exitCode = 1;
}
