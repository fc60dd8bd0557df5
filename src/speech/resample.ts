/** Telephony's rate. */
export const TELEPHONE_RATE = 8000;

/**
 * Kaiser window for about 80 dB of stop-band attenuation (beta = 0.1102 (A - 8.7)), so that aliases of a
 * fricative's energy above 4 kHz stay below G.711's own quantising noise.
 */
const ATTENUATION_DB = 80;
const KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7);
/** The band from here to the Nyquist frequency of the slower side is the filter's transition: 3600..4000 Hz. */
const PASSBAND = 0.9;

export type Resampler = (samples: Int16Array) => Int16Array;

/**
 * Band-limited polyphase resampling by the exact ratio of the two rates; nothing at or above half the slower
 * rate passes. Making one computes its filter (some 10 ms for 22.05 kHz): keep it. Using it takes about 100 ms
 * of one core for a minute of speech: stay off the main thread.
 * @throws RangeError when a rate is no whole number within 4000..192000 Hz.
 */
export function createResampler(inputRate: number, rate: number = TELEPHONE_RATE): Resampler {
  assertRate(inputRate);
  assertRate(rate);
  if (inputRate === rate) return samples => samples;
  const divisor = greatestCommonDivisor(inputRate, rate);
  const up = rate / divisor;
  const down = inputRate / divisor;
  const filter = designFilter(inputRate, rate, up);
  return source => {
    const samples = new Int16Array(Math.round((source.length * up) / down));
    for (let index = 0; index < samples.length; index++) {
      // Output `index` lies at `index * down / up` input samples: a whole part and one of `up` phases.
      const position = index * down;
      const phase = position % up;
      const first = (position - phase) / up - filter.half + 1;
      samples[index] = toInt16(convolve(source, first, filter.taps[phase]!));
    }
    return samples;
  };
}

function convolve(source: Int16Array, first: number, taps: Float64Array): number {
  const from = Math.max(0, -first);
  const to = Math.min(taps.length, source.length - first);
  let sum = 0;
  for (let tap = from; tap < to; tap++) sum += taps[tap]! * source[first + tap]!;
  return sum;
}

/** `taps[phase]` reaches from `half - 1` input samples before an output instant to `half` after it. */
function designFilter(
  inputRate: number,
  outputRate: number,
  phases: number,
): { half: number; taps: readonly Float64Array[] } {
  const nyquist = Math.min(inputRate, outputRate) / 2;
  const transition = (nyquist * (1 - PASSBAND)) / inputRate;
  const cutoff = (nyquist * (1 + PASSBAND)) / 2 / inputRate;
  const length = (ATTENUATION_DB - 8) / (2.285 * 2 * Math.PI * transition);
  const half = Math.ceil(length / 2);
  const taps = Array.from({ length: phases }, (_, phase) => {
    const kernel = Float64Array.from({ length: 2 * half }, (_, tap) => {
      const distance = tap - half + 1 - phase / phases;
      return 2 * cutoff * sinc(2 * cutoff * distance) * kaiser(distance / half);
    });
    // Each phase passes a constant unchanged: otherwise a phase-dependent gain would modulate the signal.
    const gain = kernel.reduce((sum, tap) => sum + tap, 0);
    return kernel.map(tap => tap / gain);
  });
  return { half, taps };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function toInt16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

function assertRate(rate: number): void {
  if (!Number.isInteger(rate) || rate < 4000 || rate > 192_000) throw new RangeError('unusable sample rate');
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
