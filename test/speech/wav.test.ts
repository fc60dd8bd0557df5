import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../src/speech/g711.ts';
import { decodeWav, encodeWav } from '../../src/speech/wav.ts';

const samplesOf = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 200 });

/** A canonical header by hand, from the format's definition and not from our encoder. */
function wav(fields: {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  data: number[];
  size?: number;
}): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + fields.data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(fields.tag ?? 1, 20);
  header.writeUInt16LE(fields.channels ?? 1, 22);
  header.writeUInt32LE(fields.rate ?? 8_000, 24);
  header.writeUInt16LE(fields.bits ?? 16, 34);
  header.write('data', 36);
  header.writeUInt32LE(fields.size ?? fields.data.length, 40);
  return Buffer.concat([header, Buffer.from(fields.data)]);
}

describe('WAV', () => {
  test('16-bit PCM comes back as it was, at any rate', () => {
    fc.assert(
      fc.property(samplesOf, fc.constantFrom(8_000, 16_000, 22_050, 48_000), (values, sampleRate) => {
        const samples = Int16Array.from(values);
        expect(decodeWav(encodeWav({ sampleRate, samples }))).toEqual({ sampleRate, samples });
      }),
    );
  });

  test('A-law and mu-law come back as those codecs have them', () => {
    fc.assert(
      fc.property(samplesOf, values => {
        const samples = Int16Array.from(values);
        const pcm = { sampleRate: 8_000, samples };
        expect(decodeWav(encodeWav(pcm, 'alaw'))?.samples).toEqual(decodeAlaw(encodeAlaw(samples)));
        expect(decodeWav(encodeWav(pcm, 'mulaw'))?.samples).toEqual(decodeMulaw(encodeMulaw(samples)));
      }),
    );
  });

  test('a canonical file is written byte for byte', () => {
    const ours = Buffer.from(encodeWav({ sampleRate: 8_000, samples: Int16Array.of(1, -2) }));
    const expected = wav({ data: [1, 0, 0xfe, 0xff] });
    expected.writeUInt32LE(16_000, 28);
    expected.writeUInt16LE(2, 32);
    expect(ours.equals(expected)).toBe(true);
  });

  test('two channels are averaged', () => {
    const stereo = wav({ channels: 2, data: [100, 0, 200, 0, 0, 0, 10, 0] });
    expect([...decodeWav(stereo)!.samples]).toEqual([150, 5]);
  });

  test('other chunks are passed over, odd ones with their padding', () => {
    const plain = wav({ data: [7, 0] });
    const extra = Buffer.from([...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    const raw = Buffer.concat([plain.subarray(0, 36), extra, plain.subarray(36)]);
    expect([...decodeWav(raw)!.samples]).toEqual([7]);
  });

  test('a streamed file, whose header claims more than there is, ends with the file', () => {
    expect([...decodeWav(wav({ data: [7, 0, 9, 0], size: 0x7fff_f000 }))!.samples]).toEqual([7, 9]);
  });

  test.each([
    ['no RIFF', Buffer.from('RIFX....WAVE')],
    ['nothing', Buffer.alloc(0)],
    ['no data chunk', wav({ data: [] }).subarray(0, 36)],
    ['8-bit PCM', wav({ bits: 8, data: [1] })],
    ['16-bit A-law', wav({ tag: 6, bits: 16, data: [1, 0] })],
    ['MP3 inside', wav({ tag: 85, data: [1, 0] })],
    ['no channel', wav({ channels: 0, data: [1, 0] })],
    ['many channels', wav({ channels: 6, data: [1, 0] })],
    ['an absurd rate', wav({ rate: 4_000_000_000, data: [1, 0] })],
  ])('%s is refused', (_, raw) => {
    expect(decodeWav(raw)).toBeUndefined();
  });

  test('a file over the limit is refused before it is read', () => {
    expect(decodeWav(wav({ data: [1, 0] }), { maxBytes: 45 })).toBeUndefined();
  });

  test('is total: damaged files are decoded or refused, never thrown at', () => {
    const good = wav({ data: Array.from({ length: 64 }, (_, index) => index) });
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (bytes, length) => {
        const raw = Buffer.from(good);
        for (const [at, value] of bytes) raw[at] = value;
        const decoded = decodeWav(raw.subarray(0, length));
        expect(decoded === undefined || decoded.samples.length <= 64).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), raw => void decodeWav(raw)));
  });
});
