import { MULAW_FULL_SCALE } from './g711.ts';

/**
 * Levels of 8 kHz telephone speech. dBm0 here is the level of a sine of the same RMS (or, for peaks, of the same
 * peak), with a full-scale mu-law sine at +3.17 dBm0.
 */
export const TARGET_ACTIVE_DBM0 = -16;
export const MAX_PEAK_DBM0 = -3;

const FRAME = 80; // 10 ms
/** ITU-T P.56: frames this far below the active level are pauses, not speech. */
const P56_MARGIN_DB = 15.9;
/** A frame is silence when this far below the active level; the softest fricatives (three, four) lie at -30 dB. */
const SILENCE_DB = -38;
const LEAD = 80; // 10 ms kept before the first sound
const TAIL = 160; // 20 ms kept after the last one
const FADE = 32; // 4 ms, so that a joint never clicks
/** Never amplify by more: a clip of nothing but noise stays quiet. */
const MAX_GAIN = 30;
/** The soft limiter is linear up to this share of the ceiling. */
const KNEE = 0.7;

/** Silence at both ends cut off, the active level evened, the peaks held: what every clip goes through. */
export function condition(samples: Int16Array): Int16Array {
  const trimmed = trimSilence(samples);
  return fadeEnds(evenLevel(trimmed));
}

/** Samples without the silence around them; all-silent input gives an empty result. */
export function trimSilence(samples: Int16Array): Int16Array {
  const active = activeRms(samples);
  if (active === 0) return samples.subarray(0, 0);
  const threshold = active * 10 ** (SILENCE_DB / 20);
  const loud = frameRms(samples).map(rms => rms > threshold);
  const start = Math.max(0, loud.indexOf(true) * FRAME - LEAD);
  const end = Math.min(samples.length, (loud.lastIndexOf(true) + 1) * FRAME + TAIL);
  return samples.subarray(start, end);
}

/** Gain to the target level, then a soft limit; loud passages give way smoothly instead of clipping. */
export function evenLevel(samples: Int16Array): Int16Array {
  const active = activeRms(samples);
  if (active === 0) return samples.slice();
  const gain = Math.min(MAX_GAIN, rmsOfDbm0(TARGET_ACTIVE_DBM0) / active);
  const ceiling = peakOfDbm0(MAX_PEAK_DBM0);
  return samples.map(sample => Math.round(softLimit(sample * gain, ceiling)));
}

function softLimit(value: number, ceiling: number): number {
  const knee = ceiling * KNEE;
  const size = Math.abs(value);
  if (size <= knee) return value;
  const room = ceiling - knee;
  return Math.sign(value) * (knee + room * Math.tanh((size - knee) / room));
}

function fadeEnds(samples: Int16Array): Int16Array {
  const length = Math.min(FADE, samples.length >> 1);
  for (let index = 0; index < length; index++) {
    const weight = (index + 1) / (length + 1);
    const last = samples.length - 1 - index;
    samples[index] = Math.round(samples[index]! * weight);
    samples[last] = Math.round(samples[last]! * weight);
  }
  return samples;
}

/** Level of the speech itself, pauses left out, in the manner of ITU-T P.56; -Infinity for silence. */
export function activeLevelDbm0(samples: Int16Array): number {
  return dbm0OfRms(activeRms(samples));
}

/** Level of a sine with the same peak; -Infinity for silence. */
export function peakDbm0(samples: Int16Array): number {
  const peak = samples.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0);
  return 20 * Math.log10(peak / MULAW_FULL_SCALE.amplitude) + MULAW_FULL_SCALE.dbm0;
}

function activeRms(samples: Int16Array): number {
  const frames = frameRms(samples);
  const margin = 10 ** (-P56_MARGIN_DB / 20);
  let active = rootMeanSquare(frames);
  // Leaving out pauses raises the level, which may leave out more; it settles in a few rounds.
  for (let round = 0; round < 10; round++) {
    const next = rootMeanSquare(frames.filter(rms => rms >= active * margin));
    if (next === active) break;
    active = next;
  }
  return active;
}

function frameRms(samples: Int16Array): number[] {
  const frames: number[] = [];
  for (let start = 0; start < samples.length; start += FRAME) {
    const end = Math.min(start + FRAME, samples.length);
    let energy = 0;
    for (let index = start; index < end; index++) energy += samples[index]! ** 2;
    frames.push(Math.sqrt(energy / (end - start)));
  }
  return frames;
}

function rootMeanSquare(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

const FULL_SCALE_RMS = MULAW_FULL_SCALE.amplitude / Math.SQRT2;

function dbm0OfRms(rms: number): number {
  return 20 * Math.log10(rms / FULL_SCALE_RMS) + MULAW_FULL_SCALE.dbm0;
}

function rmsOfDbm0(level: number): number {
  return FULL_SCALE_RMS * 10 ** ((level - MULAW_FULL_SCALE.dbm0) / 20);
}

function peakOfDbm0(level: number): number {
  return MULAW_FULL_SCALE.amplitude * 10 ** ((level - MULAW_FULL_SCALE.dbm0) / 20);
}
