/**
 * Thousands of syntheses in one process: time, memory, and that equal texts stay equal to the bit.
 *
 *   node test/bench/speech-soak.ts [count=5000] [flite|espeak]
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import { createEspeakEngine, findEspeak } from '../../src/speech/engines/espeak.ts';
import { startChildHelper } from '../../src/speech/engines/espeak-processes.ts';
import { createFliteEngine } from '../../src/speech/engines/flite.ts';

const count = Number(process.argv[2] ?? 5_000);
const kind = process.argv[3] ?? 'flite';
const words = { flite: 'zero one two three four five', espeak: 'null eins zwei drei vier fünf' };

/** The child's pid, to read its memory; flite's worker is in this process. */
let pid = process.pid;
const start = (): ReturnType<typeof startChildHelper> => {
  const helper = startChildHelper();
  pid = helper.pid ?? pid;
  return helper;
};
const engine =
  kind === 'espeak'
    ? createEspeakEngine({ clock: systemClock, source: findEspeak(), start })
    : createFliteEngine({ clock: systemClock });
const language = kind === 'espeak' ? 'de' : 'en';
const texts = words[kind === 'espeak' ? 'espeak' : 'flite'].split(' ');
const voice = engine.voices().find(one => one.language === language && one.isDefault);
if (!voice) throw new Error(`${kind} has no voice here`);

function residentMegabytes(): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

const seen = new Map<string, string>();
const times: number[] = [];
let different = 0;
let highest = 0;
for (let call = 0; call < count; call++) {
  const text = texts[call % texts.length]!;
  const began = performance.now();
  const { samples } = await engine.synthesise({ text, voice, rate: 1 });
  times.push(performance.now() - began);
  const print = createHash('sha256').update(samples).digest('hex');
  if ((seen.get(text) ?? print) !== print) different++;
  seen.set(text, print);
  highest = Math.max(highest, residentMegabytes());
  if ((call + 1) % Math.ceil(count / 10) === 0)
    console.log(`${call + 1} calls, resident ${residentMegabytes()} MB`);
}
times.sort((a, b) => a - b);
const percentile = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
console.log(
  `${kind} ${engine.version}, node ${process.version}: ${count} calls, p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms, ` +
    `highest ${highest} MB, ${different} differed`,
);
await engine.close();
if (different > 0) process.exitCode = 1;
