const BIAS = 0x84;

/** ITU-T G.711 mu-law as samples of -1 to 1. */
const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + BIAS) << ((value & 0x70) >> 4)) - BIAS;
  return (value & 0x80 ? -magnitude : magnitude) / 32_768;
});

export function decodeMulaw(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, byte => LEVELS[byte] ?? 0);
}

/** The loudest sample, 0 to 1. */
export function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}
