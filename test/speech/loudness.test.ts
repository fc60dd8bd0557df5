import { describe, expect, test } from 'vitest';
import {
  activeLevelDbm0,
  condition,
  MAX_PEAK_DBM0,
  peakDbm0,
  TARGET_ACTIVE_DBM0,
  trimSilence,
} from '../../src/speech/loudness.ts';
import { tone } from './support.ts';

function join(...pieces: Int16Array[]): Int16Array {
  return Int16Array.from(pieces.flatMap(piece => [...piece]));
}

const silence = (ms: number): Int16Array => new Int16Array(ms * 8);
const burst = (ms: number, amplitude: number): Int16Array => tone({ hz: 500, ms, rate: 8_000, amplitude });

describe('levels', () => {
  test('a full-scale mu-law sine is +3.17 dBm0, in level and in peak', () => {
    const sine = burst(500, 32_124);
    expect(activeLevelDbm0(sine)).toBeCloseTo(3.17, 1);
    expect(peakDbm0(sine)).toBeCloseTo(3.17, 1);
  });

  test('pauses do not lower the active level', () => {
    const speech = join(burst(300, 5_000), silence(2_000), burst(300, 5_000));
    expect(activeLevelDbm0(speech)).toBeCloseTo(activeLevelDbm0(burst(300, 5_000)), 1);
  });

  test('silence has no level', () => {
    expect(activeLevelDbm0(silence(100))).toBe(-Infinity);
    expect(activeLevelDbm0(new Int16Array(0))).toBe(-Infinity);
  });
});

describe('trimming', () => {
  test('leaves 10 ms before and 20 ms after the sound', () => {
    const trimmed = trimSilence(join(silence(500), burst(300, 5_000), silence(700)));
    expect(trimmed.length / 8).toBe(330);
  });

  test('keeps a soft fricative, 30 dB under the vowel', () => {
    const trimmed = trimSilence(join(silence(200), burst(100, 160), burst(300, 5_000), silence(200)));
    expect(trimmed.length / 8).toBe(430);
  });

  test('pauses inside stay', () => {
    const trimmed = trimSilence(join(burst(100, 5_000), silence(400), burst(100, 5_000)));
    expect(trimmed.length / 8).toBe(600);
  });

  test.each([0, 1, 50, 1_000])('nothing but silence (%i samples) is nothing', length => {
    expect(condition(new Int16Array(length))).toHaveLength(0);
  });
});

describe('evenness', () => {
  test.each([300, 3_000, 20_000, 32_000])('a tone of amplitude %i comes out at the target', amplitude => {
    const evened = condition(burst(500, amplitude));
    expect(activeLevelDbm0(evened)).toBeCloseTo(TARGET_ACTIVE_DBM0, 0);
  });

  test('peaks stay under the ceiling, bent and not cut', () => {
    // A soft voice with bursts 13 dB above it: over the ceiling after the gain.
    const samples = join(burst(400, 700), burst(3, 3_300), burst(400, 700));
    const evened = condition(samples);
    expect(peakDbm0(evened)).toBeLessThanOrEqual(MAX_PEAK_DBM0);
    const peak = Math.max(...evened);
    expect(evened.filter(sample => sample === peak).length).toBeLessThan(4);
  });

  test('a hiss is not made into a roar', () => {
    expect(peakDbm0(condition(burst(200, 3)))).toBeLessThan(-45);
  });

  test('both ends fade to nothing, so that joints do not click', () => {
    const evened = condition(tone({ hz: 333, ms: 200, rate: 8_000, amplitude: 9_000 }));
    expect(Math.abs(evened[0]!)).toBeLessThan(200);
    expect(Math.abs(evened.at(-1)!)).toBeLessThan(200);
  });

  test('the input is left alone', () => {
    const samples = burst(200, 5_000);
    const copy = samples.slice();
    condition(samples);
    expect(samples).toEqual(copy);
  });
});
