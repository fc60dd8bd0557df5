import { expect, it } from 'vitest';

import { decodeRecording } from '../../../src/delivery/messages/decode-recording.ts';
import { createRecordings } from '../../../src/delivery/messages/recordings.ts';
import { encodeWav } from '../../../src/speech/wav.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const tone = (rate: number, seconds: number) =>
  Int16Array.from({ length: rate * seconds }, (_, at) => 8_000 * Math.sin((2 * Math.PI * 440 * at) / rate));

/** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo: frames that hold silence (ISO 11172-3). */
function silentMp3(frames: number): Uint8Array {
  const frame = new Uint8Array(417);
  frame.set([0xff, 0xfb, 0x90, 0x00]);
  return Uint8Array.from({ length: frames * frame.length }, (_, at) => frame[at % frame.length] ?? 0);
}

it('makes telephone sound of WAV files', async () => {
  for (const encoding of ['pcm16', 'alaw', 'mulaw'] as const) {
    const mulaw = await decodeRecording(
      encodeWav({ sampleRate: 44_100, samples: tone(44_100, 2) }, encoding),
    );
    expect(mulaw?.length).toBe(16_000);
    expect(new Set(mulaw).size).toBeGreaterThan(20);
  }
});

it('makes telephone sound of MP3 files', async () => {
  const mulaw = await decodeRecording(silentMp3(200));
  // 1,152 samples a frame; a decoder may swallow one at the beginning.
  expect(Math.abs((mulaw?.length ?? 0) / 8_000 - (200 * 1_152) / 44_100)).toBeLessThan(0.1);
});

it('is cut at ten minutes, however small the file is', async () => {
  const samples = new Int16Array(8_000 * 700);
  expect((await decodeRecording(encodeWav({ sampleRate: 8_000, samples }, 'mulaw')))?.length).toBe(
    8_000 * 600,
  );
});

it.each([
  ['nothing', new Uint8Array()],
  ['a page', new TextEncoder().encode('<html>not found</html>')],
  ['an MP3 of noise', Uint8Array.from({ length: 5_000 }, (_, at) => (at === 0 ? 0xff : (at * 7) & 0xff))],
  ['half a WAV header', encodeWav({ sampleRate: 8_000, samples: new Int16Array(10) }).subarray(0, 30)],
])('refuses %s', async (_, file) => {
  expect(await decodeRecording(file)).toBeUndefined();
});

it('fetches once for all who ask, keeps it for an hour, and does not hammer what fails', async () => {
  const clock = new FakeClock();
  let fetched = 0;
  let broken = false;
  const recordings = createRecordings({
    clock,
    decode: async file => file,
    async fetchGuarded(_url, limits) {
      fetched++;
      expect(limits.maxBytes).toBe(4 * 1024 * 1024);
      if (broken) throw new Error('gone');
      return new Uint8Array(80);
    },
  });
  const url = 'https://files.example/a.wav';
  expect(recordings.known(url)).toBeUndefined();
  const parts = await Promise.all([recordings.get(url), recordings.get(url), recordings.get(url)]);
  expect(parts.every(({ ms }) => ms === 10)).toBe(true);
  expect(fetched).toBe(1);
  expect(recordings.known(url)?.ms).toBe(10);
  clock.advance(3_601_000);
  broken = true;
  for (let time = 0; time < 3; time++)
    await expect(recordings.get(url)).rejects.toMatchObject({ reason: 'audio-download' });
  expect(fetched).toBe(2);
  broken = false;
  clock.advance(31_000);
  expect((await recordings.get(url)).ms).toBe(10);
});
