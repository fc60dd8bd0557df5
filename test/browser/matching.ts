/** Where a piece of sound is found in another, and how well it fits. */
export interface Match {
  /** Where the piece begins in the original, in samples. */
  readonly at: number;
  /** Where it was found. */
  readonly foundAt: number;
  /** Normalised correlation, 1 for the same waveform. */
  readonly fit: number;
}

const WINDOW = 1_600;
const LOUD_MEAN_SQUARE = 0.01 ** 2;

/** Where the sound is when no pause before it was lengthened or shortened: looked for first. */
const NEAR = 40;
const GOOD_FIT = 0.99;

/**
 * Looks for each loud 200 ms of `original` in `heard` (both of one rate), by normalised cross-correlation: near where the last
 * piece says, else everywhere. Pauses may have changed their length between the pieces; inside a piece every sample must be in
 * its place.
 */
export function matchPieces(original: Float32Array, heard: Float32Array): Match[] {
  const matches: Match[] = [];
  const energies = runningEnergy(heard);
  let shift: number | undefined;
  for (let at = 0; at + WINDOW <= original.length; at += WINDOW) {
    const piece = original.subarray(at, at + WINDOW);
    const energy = energyOf(piece);
    if (energy < LOUD_MEAN_SQUARE * WINDOW) continue;
    const search = (from: number, to: number): Match => {
      let best: Match = { at, foundAt: 0, fit: 0 };
      for (let place = Math.max(0, from); place < to && place + WINDOW <= heard.length; place++) {
        const here = (energies[place + WINDOW] ?? 0) - (energies[place] ?? 0);
        if (here < energy / 4) continue;
        let product = 0;
        for (let i = 0; i < WINDOW; i++) product += (piece[i] ?? 0) * (heard[place + i] ?? 0);
        const fit = product / Math.sqrt(energy * here);
        if (fit > best.fit) best = { at, foundAt: place, fit };
      }
      return best;
    };
    const near = shift === undefined ? undefined : search(at + shift - NEAR, at + shift + NEAR);
    const found = near && near.fit > GOOD_FIT ? near : search(0, heard.length);
    if (found.fit > GOOD_FIT) shift = found.foundAt - at;
    matches.push(found);
  }
  return matches;
}

export function energyOf(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0);
}

function runningEnergy(samples: Float32Array): Float64Array {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = (sums[i] ?? 0) + (samples[i] ?? 0) ** 2;
  return sums;
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
