import { lazily } from '../lazily.ts';

/**
 * ITU-T G.711 (11/88), 16-bit linear to 8-bit companded and back, exactly as the reference code of G.191's
 * Software Tools Library does it: negative values are taken in one's complement, so that +0 and -1 differ only
 * in the sign bit.
 *
 *     mu-law, bits inverted        A-law, even bits inverted (^ 0x55)
 *     +---+-------+---------+      +---+-------+---------+
 *     | S | EEE   | MMMM    |      | S | EEE   | MMMM    |     S = 1: positive
 *     +---+-------+---------+      +---+-------+---------+
 */

/** The idle code of each law: linear 0 (mu-law) or the smallest positive value (A-law has no zero). */
export const MULAW_SILENCE = 0xff;
export const ALAW_SILENCE = 0xd5;

/** A full-scale mu-law sine (amplitude 32124 of 16 bits) is +3.17 dBm0: G.711 section 4. */
export const MULAW_FULL_SCALE = { amplitude: 32_124, dbm0: 3.17 } as const;

const MULAW_BIAS = 33;
const MULAW_CLIP = 0x1fff;

function compressMulaw(sample: number): number {
  const magnitude = Math.min(((sample < 0 ? ~sample : sample) >> 2) + MULAW_BIAS, MULAW_CLIP);
  let segment = 1;
  for (let rest = magnitude >> 6; rest !== 0; rest >>= 1) segment++;
  const code = ((8 - segment) << 4) | (0xf - ((magnitude >> segment) & 0xf));
  return sample >= 0 ? code | 0x80 : code;
}

function expandMulaw(code: number): number {
  const exponent = (~code >> 4) & 0x7;
  const step = 4 << (exponent + 1);
  const magnitude = (0x80 << exponent) + step * (~code & 0xf) + step / 2 - 4 * MULAW_BIAS;
  return code < 0x80 && magnitude !== 0 ? -magnitude : magnitude;
}

function compressAlaw(sample: number): number {
  let magnitude = (sample < 0 ? ~sample : sample) >> 4;
  if (magnitude > 15) {
    let exponent = 1;
    for (; magnitude > 31; magnitude >>= 1) exponent++;
    magnitude += (exponent << 4) - 16;
  }
  return (sample >= 0 ? magnitude | 0x80 : magnitude) ^ 0x55;
}

function expandAlaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 0x7;
  const mantissa = (bits & 0xf) + (exponent > 0 ? 16 : 0);
  const magnitude = ((mantissa << 4) + 8) << Math.max(exponent - 1, 0);
  return bits & 0x80 ? magnitude : -magnitude;
}

const codes = Array.from({ length: 256 }, (_, code) => code);
const fromMulaw = Int16Array.from(codes, expandMulaw);
const fromAlaw = Int16Array.from(codes, expandAlaw);
/** Indexed by the sample's 16 bits read as unsigned. */
const toMulaw = lazily(() =>
  Uint8Array.from({ length: 65_536 }, (_, bits) => compressMulaw((bits << 16) >> 16)),
);
const toAlaw = lazily(() =>
  Uint8Array.from({ length: 65_536 }, (_, bits) => compressAlaw((bits << 16) >> 16)),
);

export function encodeMulaw(samples: Int16Array): Uint8Array {
  return compress(samples, toMulaw());
}

export function decodeMulaw(codes: Uint8Array): Int16Array {
  return expand(codes, fromMulaw);
}

export function encodeAlaw(samples: Int16Array): Uint8Array {
  return compress(samples, toAlaw());
}

export function decodeAlaw(codes: Uint8Array): Int16Array {
  return expand(codes, fromAlaw);
}

function compress(samples: Int16Array, table: Uint8Array): Uint8Array {
  const out = new Uint8Array(samples.length);
  for (let index = 0; index < samples.length; index++) out[index] = table[samples[index]! & 0xffff]!;
  return out;
}

function expand(codes: Uint8Array, table: Int16Array): Int16Array {
  const out = new Int16Array(codes.length);
  for (let index = 0; index < codes.length; index++) out[index] = table[codes[index]!]!;
  return out;
}
