import { describe, expect, test } from 'vitest';
import { createResampler } from '../../src/speech/resample.ts';
import { tone } from './support.ts';

/** Power of the best-fitting sine at `hz`, and of all the rest, over the middle of the signal (no edges). */
function analyse(samples: Int16Array, hz: number, rate: number): { signal: number; rest: number } {
  const middle = samples.subarray(800, samples.length - 800);
  let [sine, cosine, total] = [0, 0, 0];
  for (const [index, sample] of middle.entries()) {
    const angle = (2 * Math.PI * hz * index) / rate;
    sine += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
    total += sample * sample;
  }
  const signal = (2 * (sine ** 2 + cosine ** 2)) / middle.length ** 2;
  return { signal, rest: total / middle.length - signal };
}

const decibel = (ratio: number): number => 10 * Math.log10(ratio);
const AMPLITUDE = 16_000;

describe.each([16_000, 22_050, 24_000, 44_100, 48_000])('%i Hz to 8 kHz', inputRate => {
  const resample = createResampler(inputRate);

  test.each([300, 1_000, 2_500, 3_400])('keeps a tone of %i Hz: level within 0.1 dB, SNR over 70 dB', hz => {
    const out = resample(tone({ hz, ms: 1_000, rate: inputRate, amplitude: AMPLITUDE }));
    const { signal, rest } = analyse(out, hz, 8_000);
    expect(Math.abs(decibel(signal / (AMPLITUDE ** 2 / 2)))).toBeLessThan(0.1);
    expect(decibel(signal / rest)).toBeGreaterThan(70);
  });

  test.each([4_050, 5_000, 6_500, 7_900])('a tone of %i Hz leaves no alias above -70 dB', hz => {
    const out = resample(tone({ hz, ms: 1_000, rate: inputRate, amplitude: AMPLITUDE }));
    const middle = out.subarray(800, out.length - 800);
    const power = middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length;
    expect(decibel(power / (AMPLITUDE ** 2 / 2))).toBeLessThan(-70);
  });

  test('keeps the duration and a constant', () => {
    const out = resample(new Int16Array(inputRate).fill(1_000));
    expect(out.length).toBe(8_000);
    expect(new Set(out.subarray(400, 7_600))).toEqual(new Set([1_000]));
  });
});

test('a rate that is already right changes nothing, and an empty signal stays empty', () => {
  const samples = Int16Array.of(1, -2, 3);
  expect(createResampler(8_000)(samples)).toBe(samples);
  expect(createResampler(16_000)(new Int16Array(0))).toHaveLength(0);
});

test('full-scale input does not wrap around', () => {
  const square = Int16Array.from({ length: 16_000 }, (_, index) => (index % 40 < 20 ? 32_767 : -32_768));
  const out = createResampler(16_000)(square);
  const jumps = out.subarray(1).filter((sample, index) => Math.abs(sample - out[index]!) > 50_000);
  expect(jumps).toHaveLength(0);
});

test.each([0, -8_000, 3_999, 192_001, 8_000.5, Number.NaN])('%d is no sample rate', rate => {
  expect(() => createResampler(rate)).toThrow(RangeError);
});
