/**
 * Listening by looking: a PIN message in six languages, with its duration, levels, clipped samples and waveform. WAVs go to
 * out/. Exits 1 when one is silent, clipped or off its level.
 *
 *   node test/bench/languages.ts [language …]
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createLogger } from '../../src/log.ts';
import { activeLevelDbm0, TARGET_ACTIVE_DBM0 } from '../../src/speech/loudness.ts';
import { createSpeech } from '../../src/speech/speech-service.ts';
import { encodeWav } from '../../src/speech/wav.ts';
import { renderMessage } from './render-message.ts';
import { soundSpans } from './digit-groups.ts';

const MESSAGES: Readonly<Record<string, string>> = {
  en: 'Hello, your code is,, {{pin}}',
  de: 'Guten Tag, Ihr Code lautet,, {{pin}}',
  fr: 'Bonjour, votre code est,, {{pin}}',
  es: 'Hola, su código es,, {{pin}}',
  hr: 'Dobar dan, vaš kod je,, {{pin}}',
  ja: 'こんにちは。認証コードは,, {{pin}}',
  pt_br: 'Olá, o seu código é,, {{pin}}',
};
const PIN = '584203';
const COLUMNS = 100;
const BARS = ' ▁▂▃▄▅▆▇█';

function waveform(samples: Int16Array): string {
  const width = Math.ceil(samples.length / COLUMNS);
  const peaks = Array.from({ length: COLUMNS }, (_, column) =>
    samples
      .subarray(column * width, (column + 1) * width)
      .reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0),
  );
  const largest = Math.max(...peaks, 1);
  return peaks.map(peak => BARS[Math.ceil((peak / largest) * (BARS.length - 1))]).join('');
}

const languages = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(MESSAGES);
const dataDir = await mkdtemp(join(tmpdir(), 'saypin-bench-'));
const speech = createSpeech({ dataDir, clock: systemClock, log: createLogger('warn') });
await mkdir('out', { recursive: true });
console.log(`node ${process.version}, PIN ${PIN}, rate 1`);
for (const language of languages) {
  const start = performance.now();
  const text = MESSAGES[language] ?? '{{pin}}';
  const samples = await renderMessage(speech, { text, pin: PIN, language, rate: 1 });
  const ms = performance.now() - start;
  const peak = samples.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0);
  const clipped = samples.filter(sample => Math.abs(sample) >= 32_124).length;
  const level = activeLevelDbm0(samples);
  const sounds = soundSpans(samples).length;
  await writeFile(join('out', `message-${language}.wav`), encodeWav({ sampleRate: 8000, samples }));
  console.log(
    `${language.padEnd(6)} ${(samples.length / 8000).toFixed(2)} s  active ${level.toFixed(1)} dBm0  peak ${(20 * Math.log10(peak / 32_768)).toFixed(1)} dBFS` +
      `  clipped ${clipped}  sounds ${sounds}  made in ${ms.toFixed(0)} ms\n|${waveform(samples)}|`,
  );
  if (clipped > 0 || sounds < PIN.length + 1 || Math.abs(level - TARGET_ACTIVE_DBM0) > 2)
    process.exitCode = 1;
}
await speech.close();
await rm(dataDir, { recursive: true });
