import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createFliteEngine } from '../../src/speech/engines/flite.ts';

const engine = createFliteEngine({ clock: systemClock });
const [rms] = engine.voices();
const say = (text: string, rate = 1, voice = rms!) => engine.synthesise({ text, voice, rate });

const named = (name: string) => engine.voices().find(voice => voice.name === name)!;

afterAll(() => engine.close());

describe('flite', () => {
  test('offers rms first, then the others', () => {
    expect(engine.voices().map(voice => voice.name)).toEqual(['rms', 'awb-f', 'slt', 'awb', 'kal16']);
    expect(engine.voices().filter(voice => voice.isDefault)).toEqual([rms]);
  });

  test('speaks to the same samples every time', async () => {
    const first = await say('five');
    await say('Hello, your code is');
    expect(await say('five')).toEqual(first);
    expect(first.sampleRate).toBe(16_000);
    expect(Math.max(...first.samples)).toBeGreaterThan(2_000);
  });

  test.each(engine.voices())('voice $name makes a sound of its own', async voice => {
    const { samples } = await say('seven', 1, voice);
    expect(samples.length / 16_000).toBeGreaterThan(0.3);
    expect(Math.max(...samples)).toBeGreaterThan(2_000);
    if (voice !== rms) expect(samples).not.toEqual((await say('seven')).samples);
    // A raised pitch must not be taken for the plain voice.
    if (voice.name !== 'awb') expect(samples).not.toEqual((await say('seven', 1, named('awb'))).samples);
  });

  test('rate divides the duration', async () => {
    const normal = (await say('Hello, your code is')).samples.length;
    expect((await say('Hello, your code is', 0.5)).samples.length / normal).toBeCloseTo(2, 1);
    expect((await say('Hello, your code is', 2)).samples.length / normal).toBeCloseTo(0.5, 1);
  });

  test.each(['', ' ', '...', '日本', '\u0000'])(
    'a text without a word (%j) is silence, not an error',
    async text => {
      expect((await say(text)).samples).toHaveLength(0);
    },
  );

  test('accents and typographer\u2019s quotes are read as plain letters', async () => {
    expect((await say('José')).samples).toEqual((await say('Jose')).samples);
    expect((await say('don’t')).samples).toEqual((await say("don't")).samples);
  });

  test('text that looks like an option or markup is only text', async () => {
    expect((await say('-voice slt five')).samples.length).toBeGreaterThan(10_000);
    expect((await say('<five>')).samples).toEqual((await say('five')).samples);
  });

  test('a text over the limit is refused', async () => {
    await expect(say('a '.repeat(701))).rejects.toMatchObject({ name: 'SpeechError', reason: 'too-long' });
  });

  test('parallel calls all get their own clip', async () => {
    const words = ['one', 'two', 'three', 'four', 'five', 'six'];
    const together = await Promise.all(words.map(word => say(word)));
    for (const [index, word] of words.entries()) expect(await say(word)).toEqual(together[index]);
  });
});
