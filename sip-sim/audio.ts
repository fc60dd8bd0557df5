import { MULAW_SILENCE, encodeMulaw } from './g711.ts';
import { decodeWav } from './wav.ts';

export const TELEPHONE_RATE = 8_000;

/** Low and high frequency of each key, ITU-T Q.23. */
const DTMF: Readonly<Record<string, readonly [number, number]>> = {
  1: [697, 1209],
  2: [697, 1336],
  3: [697, 1477],
  A: [697, 1633],
  4: [770, 1209],
  5: [770, 1336],
  6: [770, 1477],
  B: [770, 1633],
  7: [852, 1209],
  8: [852, 1336],
  9: [852, 1477],
  C: [852, 1633],
  '*': [941, 1209],
  0: [941, 1336],
  '#': [941, 1477],
  D: [941, 1633],
};

const RAMP_SAMPLES = 16;

/** A sum of sines, each at `level` of full scale, with 2 ms ramps against clicks; mu-law at 8 kHz. */
export function tone(frequencies: readonly number[], ms: number, level = 0.25): Uint8Array {
  const length = Math.round((ms * TELEPHONE_RATE) / 1000);
  const samples = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const ramp = Math.min(1, (i + 1) / RAMP_SAMPLES, (length - i) / RAMP_SAMPLES);
    let value = 0;
    for (const frequency of frequencies) value += Math.sin((2 * Math.PI * frequency * i) / TELEPHONE_RATE);
    samples[i] = Math.round(value * level * ramp * 32_767);
  }
  return encodeMulaw(samples);
}

/** The tone of one key; silence for a character that is no key. */
export function keyTone(key: string, ms: number): Uint8Array {
  const pair = DTMF[key];
  return pair ? tone(pair, ms, 0.2) : silence(ms);
}

export function silence(ms: number): Uint8Array {
  return new Uint8Array(Math.round((ms * TELEPHONE_RATE) / 1000)).fill(MULAW_SILENCE);
}

const ZERO_CROSSINGS = 16;

/** Band-limited resampling (Hann-windowed sinc); same length in seconds. */
export function resample(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples;
  const length = Math.round((samples.length * to) / from);
  const cutoff = Math.min(1, to / from) * 0.95;
  const reach = ZERO_CROSSINGS / cutoff;
  const out = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const center = (i * from) / to;
    let sum = 0;
    let weight = 0;
    const last = Math.min(samples.length - 1, Math.floor(center + reach));
    for (let j = Math.max(0, Math.ceil(center - reach)); j <= last; j++) {
      const x = (j - center) * cutoff;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const tap = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / ZERO_CROSSINGS));
      sum += (samples[j] ?? 0) * tap;
      weight += tap;
    }
    out[i] = weight === 0 ? 0 : Math.max(-32_768, Math.min(32_767, Math.round(sum / weight)));
  }
  return out;
}

/** A WAV file as 8 kHz mu-law; undefined when it is none that can be read. */
export function wavToTelephone(file: Buffer): Uint8Array | undefined {
  const wav = decodeWav(file);
  return wav && encodeMulaw(resample(wav.samples, wav.rate, TELEPHONE_RATE));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
