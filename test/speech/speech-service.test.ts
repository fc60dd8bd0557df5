import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createConditioner } from '../../src/speech/conditioner-worker.ts';
import { MULAW_SILENCE, decodeMulaw } from '../../src/speech/g711.ts';
import { activeLevelDbm0, MAX_PEAK_DBM0, peakDbm0, TARGET_ACTIVE_DBM0 } from '../../src/speech/loudness.ts';
import { SpeechError } from '../../src/speech/speech.ts';
import { createSpeech, type SpeechDeps } from '../../src/speech/speech-service.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { captureLog, createToneEngine, pause, speech, temporaryFolder } from './support.ts';

async function setUp(deps: Partial<SpeechDeps> = {}) {
  const engine = createToneEngine({ languages: ['en', 'de'] });
  const dataDir = deps.dataDir ?? (await temporaryFolder());
  const { log, lines } = captureLog();
  // The worker has its test in real-voices.test.ts.
  const makeClip = createConditioner();
  const condition: SpeechDeps['condition'] = async raw => makeClip(raw);
  const clock = new FakeClock();
  const service = createSpeech({ dataDir, log, clock, engines: [engine], condition, ...deps });
  onTestFinished(() => service.close());
  const { voice } = service.chooseVoice({ language: 'en' });
  return { engine, service, voice, dataDir, lines };
}

const clipNames = (dataDir: string): Promise<string[]> => readdir(join(dataDir, 'clips')).catch(() => []);

const message = [
  speech('Your code is'),
  pause(500),
  speech('five', { pin: true }),
  pause(400),
  speech('eight', { pin: true }),
  pause(400),
  speech('Goodbye'),
];

describe('rendering', () => {
  test('a part ends where a PIN symbol ends, and the pause after it opens the next part', async () => {
    const { service, voice } = await setUp();
    const parts = await service.render(message, voice);
    expect(parts.map(part => part.pin)).toEqual([true, true, false]);
    const [first, second, third] = parts;
    // The symbol's sound runs up to the cut; the next part begins with 400 ms of silence.
    expect(first!.mulaw.subarray(-400, -200).some(code => code !== MULAW_SILENCE)).toBe(true);
    for (const part of [second!, third!]) {
      expect(part.mulaw.subarray(0, 3_200).every(code => code === MULAW_SILENCE)).toBe(true);
      expect(part.mulaw.subarray(3_200, 3_600).some(code => code !== MULAW_SILENCE)).toBe(true);
    }
    for (const part of parts) expect(part.ms).toBe(part.mulaw.length / 8);
  });

  test('pauses keep their length at every rate, speech does not', async () => {
    const { service, voice } = await setUp();
    const lengths: number[] = [];
    for (const rate of [0.5, 1, 2]) {
      const parts = await service.render([speech('Your code', { rate }), pause(1_000)], voice);
      expect(parts[0]!.mulaw.subarray(-8_000).every(code => code === MULAW_SILENCE)).toBe(true);
      lengths.push(parts[0]!.ms - 1_000);
    }
    expect(lengths[0]! / lengths[2]!).toBeGreaterThan(3);
  });

  test('is even, and peaks stay below the ceiling', async () => {
    const { service, voice } = await setUp();
    const [part] = await service.render([speech('Your code is')], voice);
    const samples = decodeMulaw(part!.mulaw);
    expect(Math.abs(activeLevelDbm0(samples) - TARGET_ACTIVE_DBM0)).toBeLessThan(0.5);
    expect(peakDbm0(samples)).toBeLessThanOrEqual(MAX_PEAK_DBM0);
  });

  test('nothing to say is no part; a pause alone is one', async () => {
    const { service, voice } = await setUp();
    expect(await service.render([], voice)).toEqual([]);
    expect((await service.render([pause(250)], voice)).map(part => [part.ms, part.pin])).toEqual([
      [250, false],
    ]);
  });

  test.each([-5, Number.NaN, Infinity])('a pause of %d ms is none', async ms => {
    const { service, voice } = await setUp();
    expect(await service.render([pause(ms)], voice)).toEqual([]);
  });

  test('the words of another language are spoken by its own voice', async () => {
    const { service, voice, engine } = await setUp();
    await service.render([speech('hello'), speech('hallo', { language: 'de-AT' })], voice);
    // They are asked for side by side.
    const asked = engine.asked.map(({ text, voice: name }) => `${text} by ${name}`);
    expect(asked.toSorted()).toEqual(['hallo by tone-de', 'hello by tone-en']);
  });

  test('a language that nobody speaks is refused', async () => {
    const { service, voice } = await setUp();
    const refused = { name: 'SpeechError', reason: 'unsupported-language' };
    await expect(service.render([speech('hei', { language: 'fi' })], voice)).rejects.toMatchObject(refused);
    expect(() => service.chooseVoice({ language: 'fi' })).toThrow(expect.objectContaining(refused));
  });

  test('an engine that fails is one failed render, not an outage', async () => {
    const { service, voice, engine } = await setUp();
    engine.failNext(new SpeechError('timeout', 'late'));
    await expect(service.render([speech('a')], voice)).rejects.toMatchObject({ reason: 'timeout' });
    expect(await service.render([speech('a')], voice)).toHaveLength(1);
  });
});

describe('warm clips', () => {
  test('cold: undefined; warm: the same audio at once, without a synthesis', async () => {
    const { service, voice, engine } = await setUp();
    expect(service.renderWarm(message, voice)).toBeUndefined();
    expect(engine.asked).toEqual([]);
    const cold = await service.render(message, voice);
    const syntheses = engine.asked.length;
    expect(service.renderWarm(message, voice)).toEqual(cold);
    expect(service.renderWarm([...message, speech('more')], voice)).toBeUndefined();
    expect(engine.asked).toHaveLength(syntheses);
  });

  test('a warm render resolves in the same turn', async () => {
    const { service, voice } = await setUp();
    await service.render(message, voice);
    const order: string[] = [];
    setImmediate(() => order.push('next turn'));
    await service.render(message, voice).then(() => order.push('rendered'));
    expect(order).toEqual(['rendered']);
  });

  test('rates within a step share a clip', async () => {
    const { service, voice, engine } = await setUp();
    await service.render([speech('five', { rate: 1.01 })], voice);
    await service.render([speech('five', { rate: 0.99 })], voice);
    expect(engine.asked).toEqual([{ text: 'five', rate: 1, voice: 'tone-en' }]);
  });

  test('parallel calls for the same words share one synthesis', async () => {
    const { service, voice, engine } = await setUp();
    await Promise.all(Array.from({ length: 20 }, () => service.render(message, voice)));
    expect(engine.asked.map(({ text }) => text).toSorted()).toEqual([
      'Goodbye',
      'Your code is',
      'eight',
      'five',
    ]);
  });

  test('prewarming makes the clips, goes on after a failure, and logs it without the words', async () => {
    const { service, voice, engine, lines } = await setUp();
    engine.failNext(new SpeechError('engine-failed', 'crashed'));
    await service.prewarm([speech('Geheimwort'), speech('five')], voice);
    expect(service.renderWarm([speech('five')], voice)).toHaveLength(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('engine-failed');
    expect(lines[0]).not.toContain('Geheimwort');
  });

  test('prewarming takes one clip at a time, so that a call waits for one at most', async () => {
    const { service, voice, engine } = await setUp();
    const words = Array.from({ length: 30 }, (_, index) => speech(`word ${index}`));
    const prewarmed = Promise.all([service.prewarm(words, voice), service.prewarm([speech('late')], voice)]);
    await service.render([speech('live')], voice);
    expect(engine.asked.length).toBeLessThan(10);
    await prewarmed;
    expect(engine.asked.at(-1)?.text).toBe('late');
  });
});

describe('the disk', () => {
  test('fixed words are on it after a render and need no synthesis after a restart', async () => {
    const first = await setUp();
    await first.service.render([speech('Your code is')], first.voice);
    await expect.poll(() => clipNames(first.dataDir)).toHaveLength(1);
    const second = await setUp({ dataDir: first.dataDir });
    expect(await second.service.render([speech('Your code is')], second.voice)).toHaveLength(1);
    expect(second.engine.asked).toEqual([]);
  });

  test('placeholder values and PIN symbols leave no file behind, prewarmed digits do', async () => {
    const { service, voice, dataDir } = await setUp();
    const said = [
      speech('Maria', { cache: 'transient' }),
      speech('five', { pin: true }),
      speech('Your code is'),
    ];
    await service.render(said, voice);
    await service.prewarm([speech('Maria', { cache: 'transient' })], voice);
    await expect.poll(() => clipNames(dataDir)).toHaveLength(1);
    await service.prewarm(
      ['four', 'five', 'six'].map(text => speech(text)),
      voice,
    );
    await expect.poll(() => clipNames(dataDir)).toHaveLength(4);
  });

  test('no text is in a file name, a file or the log', async () => {
    const { service, voice, dataDir, lines } = await setUp();
    await service.render([speech('Geheimwort')], voice);
    await expect.poll(() => clipNames(dataDir)).toHaveLength(1);
    const [name] = await clipNames(dataDir);
    const raw = await readFile(join(dataDir, 'clips', name!));
    expect([name, raw.toString('latin1'), ...lines].join('\n')).not.toContain('Geheimwort');
  });
});

test('closing ends the engines, and prewarming with them', async () => {
  const { service, voice, engine } = await setUp();
  const prewarmed = service.prewarm(
    Array.from({ length: 50 }, (_, index) => speech(`word ${index}`)),
    voice,
  );
  await service.close();
  await prewarmed;
  expect(engine.asked.length).toBeLessThan(5);
});
