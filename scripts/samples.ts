import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { gateUtterances, toSegments } from '../ivr/index.ts';
import { run } from '../src/cli/run.ts';
import { systemClock } from '../src/clock.ts';
import { createLogger } from '../src/log.ts';
import { decodeMulaw } from '../src/speech/g711.ts';
import { createSpeech } from '../src/speech/speech-service.ts';
import { encodeWav } from '../src/speech/wav.ts';
import { SAMPLES, type Sample } from './samples-list.ts';

/**
 * `npm run samples`: makes the sounds of docs/VOICE-TEMPLATES.md, by `saypin say` and the speech that calls have, and
 * writes the table of them into that page. The voices are bit-exact: where nothing has changed, nothing changes.
 */

const DOCS = join(import.meta.dirname, '../docs');
export const SOUNDS = join(DOCS, 'sounds');
export const DOCUMENT = join(DOCS, 'VOICE-TEMPLATES.md');
const BEGIN = '<!-- samples: written by npm run samples -->';
const END = '<!-- samples: end -->';
const RATE = 8_000;
/** The samples are in everybody's clone. */
const MAX_BYTES = 150_000;
const MAX_TOTAL_BYTES = 1_000_000;

/** The WAV of a sample, as it is now. @throws Error when it cannot be spoken here */
export async function makeSample({ made }: Sample): Promise<Uint8Array> {
  return 'say' in made ? await said(made.say) : await gate(made.gate, made.language);
}

async function said(argv: readonly string[]): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-samples-'));
  try {
    const file = join(folder, 'sample.wav');
    let errors = '';
    const code = await run(['say', ...argv, '-o', file], {
      // A folder that is not there: no clip of an earlier version is taken.
      environment: { DATA_DIR: join(folder, 'none') },
      input: Readable.from([]),
      out: () => {},
      error: text => void (errors += text),
    });
    if (code !== 0) throw new Error(errors);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function gate(keys: string, language: 'en'): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-samples-'));
  const speech = createSpeech({ dataDir: folder, clock: systemClock, log: createLogger('silent') });
  try {
    const segments = toSegments(gateUtterances(language, keys), { language, rate: 1, spelling: 'letters' });
    const parts = await speech.render(segments, speech.chooseVoice({ language }).voice);
    const samples = decodeMulaw(Buffer.concat(parts.map(({ mulaw }) => mulaw)));
    return encodeWav({ sampleRate: RATE, samples });
  } finally {
    await speech.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The table of the page; how long each lasts is read from the files. */
export function sampleTable(): string {
  const rows = SAMPLES.map(sample => {
    const seconds = ((statSync(join(SOUNDS, sample.file)).size - 44) / 2 / RATE).toFixed(1);
    return `| [${sample.file}](sounds/${sample.file}) | ${seconds} s | ${sample.shows} | ${howMade(sample)} |`;
  });
  return [BEGIN, '| sound | | what it shows | made by |', '|---|---|---|---|', ...rows, END].join('\n');
}

/** As one would type it; `|` would end the cell. */
function howMade({ made }: Sample): string {
  if (!('say' in made)) return `the call itself: key ${made.gate} is asked for`;
  const words = made.say.map(word => (/^[A-Za-z0-9=.-]+$/.test(word) ? word : `'${word}'`));
  return `\`npx saypin say ${words.join(' ')} --play\``;
}

/** @throws Error when the page has lost the marks between which the table stands */
export function withTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no "${BEGIN}" … "${END}"`);
  return page.slice(0, begin) + sampleTable() + page.slice(end + END.length);
}

if (process.argv[1] === import.meta.filename) {
  let total = 0;
  for (const sample of SAMPLES) {
    const wav = await makeSample(sample);
    total += wav.length;
    if (wav.length > MAX_BYTES) throw new Error(`${sample.file} has ${wav.length} bytes`);
    writeFileSync(join(SOUNDS, sample.file), wav);
    process.stdout.write(`${sample.file.padEnd(14)} ${(wav.length / 1_000).toFixed(0).padStart(4)} kB\n`);
  }
  if (total > MAX_TOTAL_BYTES) throw new Error(`${total} bytes together`);
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8')));
}
