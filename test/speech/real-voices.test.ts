import { afterAll, beforeAll, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { findEspeak } from '../../src/speech/engines/espeak.ts';
import { decodeMulaw } from '../../src/speech/g711.ts';
import { activeLevelDbm0, MAX_PEAK_DBM0, peakDbm0, TARGET_ACTIVE_DBM0 } from '../../src/speech/loudness.ts';
import type { Speech } from '../../src/speech/speech.ts';
import { createSpeech } from '../../src/speech/speech-service.ts';
import { digitGroups } from '../bench/digit-groups.ts';
import { captureLog, pause, speech } from './support.ts';

const MESSAGES = [
  ['en', 'Hello, your code is', 'five eight four'],
  ['de', 'Ihr Code lautet', 'fünf acht vier'],
  ['fr', 'Votre code est', 'cinq huit quatre'],
  ['es', 'Su código es', 'cinco ocho cuatro'],
  ['hr', 'Vaš kod je', 'pet osam četiri'],
  ['ja', '認証コードは', 'ご はち よん'],
  ['pt_br', 'Seu código é', 'cinco oito quatro'],
] as const;

let dataDir: string;
let service: Speech;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'saypin-speech-'));
  service = createSpeech({ dataDir, log: captureLog().log, clock: systemClock });
});

afterAll(async () => {
  await service.close();
  await rm(dataDir, { recursive: true });
});

test.for(MESSAGES)(
  '%s: "%s" is spoken, even, unclipped, and the digits stand apart',
  async ([language, words, digits], context) => {
    context.skip(language !== 'en' && !findEspeak(), 'eSpeak NG is not installed');
    const { voice } = service.chooseVoice({ language });
    const segments = [
      speech(words, { language }),
      pause(1_000),
      ...digits.split(' ').flatMap(digit => [speech(digit, { language, pin: true }), pause(400)]),
    ];
    const parts = await service.render(segments, voice);
    expect(parts.map(part => part.pin)).toEqual([true, true, true, false]);
    const samples = decodeMulaw(Buffer.concat(parts.map(part => part.mulaw)));
    expect(Math.abs(activeLevelDbm0(samples) - TARGET_ACTIVE_DBM0)).toBeLessThan(1);
    // Quantising may lift a peak by half a step of its segment.
    expect(peakDbm0(samples)).toBeLessThan(MAX_PEAK_DBM0 + 0.2);
    const groups = digitGroups(samples, 3);
    expect(groups).toHaveLength(1);
    for (const { start, end } of groups[0]!) {
      expect((end - start) / 8).toBeGreaterThan(200);
      expect((end - start) / 8).toBeLessThan(1_000);
    }
  },
);
