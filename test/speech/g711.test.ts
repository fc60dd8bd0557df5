import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ALAW_SILENCE,
  decodeAlaw,
  decodeMulaw,
  encodeAlaw,
  encodeMulaw,
  MULAW_SILENCE,
} from '../../src/speech/g711.ts';

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);

/** Code, linear value: the ends and segment borders of ITU-T G.711 tables 1 and 2, in 16 bits. */
const MULAW = [
  [0x00, -32124],
  [0x80, 32124],
  [0x8f, 16764],
  [0x90, 15996],
  [0xef, 132],
  [0xf0, 120],
  [0xfe, 8],
  [0xff, 0],
  [0x7e, -8],
] as const;

const ALAW = [
  [0xaa, 32256],
  [0x2a, -32256],
  [0xa5, 16896],
  [0xba, 16128],
  [0xd5, 8],
  [0x55, -8],
  [0xd4, 24],
  [0x54, -24],
] as const;

/** Exact ties and one's complement, from the reference code of G.191. */
const ENCODINGS = [
  { sample: 0, mulaw: 0xff, alaw: 0xd5 },
  { sample: -1, mulaw: 0x7f, alaw: 0x55 },
  { sample: 3, mulaw: 0xff, alaw: 0xd5 },
  { sample: 4, mulaw: 0xfe, alaw: 0xd5 },
  { sample: -4, mulaw: 0x7f, alaw: 0x55 },
  { sample: -5, mulaw: 0x7e, alaw: 0x55 },
  { sample: 1000, mulaw: 0xce, alaw: 0xfa },
  { sample: 32767, mulaw: 0x80, alaw: 0xaa },
  { sample: -32768, mulaw: 0x00, alaw: 0x2a },
];

describe('G.711', () => {
  test.each(MULAW)('mu-law code %i is %i', (code, value) => {
    expect([...decodeMulaw(Uint8Array.of(code))]).toEqual([value]);
  });

  test.each(ALAW)('A-law code %i is %i', (code, value) => {
    expect([...decodeAlaw(Uint8Array.of(code))]).toEqual([value]);
  });

  test.each(ENCODINGS)('$sample is encoded as the reference does', ({ sample, mulaw, alaw }) => {
    expect([...encodeMulaw(Int16Array.of(sample))]).toEqual([mulaw]);
    expect([...encodeAlaw(Int16Array.of(sample))]).toEqual([alaw]);
  });

  test('every code survives decoding and encoding, but mu-law minus zero', () => {
    const expected = everyCode.map(code => (code === 0x7f ? MULAW_SILENCE : code));
    expect([...encodeMulaw(decodeMulaw(everyCode))]).toEqual([...expected]);
    expect([...encodeAlaw(decodeAlaw(everyCode))]).toEqual([...everyCode]);
  });

  test('no sample is further from its code than half the quantising step', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_767 }), sample => {
        const bounded = Math.max(-32_124, Math.min(32_124, sample));
        const size = Math.abs(bounded);
        const mulaw = decodeMulaw(encodeMulaw(Int16Array.of(sample)))[0]!;
        const alaw = decodeAlaw(encodeAlaw(Int16Array.of(sample)))[0]!;
        // Half a step is at most 1/32 of the segment's start, mu-law's segments being shifted by 132.
        expect(Math.abs(mulaw - bounded)).toBeLessThanOrEqual((size + 132) / 32 + 4);
        expect(Math.abs(alaw - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 32 + 1));
      }),
    );
  });

  test('both silences are the smallest values there are', () => {
    expect(decodeMulaw(Uint8Array.of(MULAW_SILENCE))[0]).toBe(0);
    expect(decodeAlaw(Uint8Array.of(ALAW_SILENCE))[0]).toBe(8);
  });
});
