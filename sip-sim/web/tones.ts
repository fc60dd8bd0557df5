/** Low and high frequency of each key, ITU-T Q.23. */
export const KEY_TONES: Readonly<Record<string, readonly [number, number]>> = {
  1: [697, 1209],
  2: [697, 1336],
  3: [697, 1477],
  4: [770, 1209],
  5: [770, 1336],
  6: [770, 1477],
  7: [852, 1209],
  8: [852, 1336],
  9: [852, 1477],
  '*': [941, 1209],
  0: [941, 1336],
  '#': [941, 1477],
};

/** One ring: a short rising figure, twice, then a rest. Seconds, Hz. */
export const RING: readonly { readonly at: number; readonly frequency: number }[] = [
  { at: 0, frequency: 659.3 },
  { at: 0.14, frequency: 880 },
  { at: 0.28, frequency: 1108.7 },
  { at: 0.62, frequency: 659.3 },
  { at: 0.76, frequency: 880 },
  { at: 0.9, frequency: 1108.7 },
];
export const RING_SECONDS = 2.4;
export const RING_NOTE_SECONDS = 0.5;
