import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { SAMPLES } from '../../scripts/samples-list.ts';
import { DOCUMENT, makeSample, SOUNDS, withTable } from '../../scripts/samples.ts';
import { decodeWav, Ear } from '../../sip-sim/ear.ts';
import { findEspeak } from '../../src/speech/engines/espeak.ts';

/** Below the noise of G.711 itself: what another machine's arithmetic may round differently. */
const MAX_DIFFERENCE = 0.01;

const page = readFileSync(DOCUMENT, 'utf8');
const kept = (file: string): Buffer => readFileSync(join(SOUNDS, file));
/** Languages other than English need eSpeak NG, whose package is optional; another version sounds otherwise. */
const speakable = SAMPLES.filter(
  ({ made }) => !('say' in made && made.say.includes('--lang')) || findEspeak()?.kind === 'package',
);

describe('the sound samples of docs/VOICE-TEMPLATES.md', () => {
  it('are all in the folder, and nothing else is', () => {
    expect(readdirSync(SOUNDS).toSorted()).toStrictEqual(SAMPLES.map(({ file }) => file).toSorted());
  });

  it('are listed in the page with their lengths and the command that makes them', () => {
    expect(withTable(page)).toBe(page);
  });

  it('are small', () => {
    const sizes = SAMPLES.map(({ file }) => kept(file).length);
    expect(Math.max(...sizes)).toBeLessThan(150_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000_000);
  });

  it.each(speakable)('$file is what the script makes now', async sample => {
    const [old, now] = [decodeWav(kept(sample.file)), decodeWav(await makeSample(sample))];
    expect(now.length).toBe(old.length);
    const worst = now.reduce((most, value, at) => Math.max(most, Math.abs(value - old[at]!)), 0);
    expect(worst).toBeLessThan(MAX_DIFFERENCE);
    expect(Math.max(...old)).toBeGreaterThan(0.1);
  });

  describe('to an ear that knows nothing of the service', () => {
    let ear: Ear;
    beforeAll(async () => {
      ear = await Ear.create();
    });

    it.each(SAMPLES.filter(({ digits }) => digits))('$file says its digits in order', ({ file, digits }) => {
      expect(ear.listen(kept(file)).readings).toStrictEqual(digits);
    });
  });
});
