/** ITU-T G.711. Samples are 16-bit linear; silence is 0xff in mu-law. */

const BIAS = 0x84;
const CLIP = 32_635;

export const MULAW_SILENCE = 0xff;

/** Linear value of each mu-law byte. */
export const MULAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + BIAS) << ((value & 0x70) >> 4)) - BIAS;
  return value & 0x80 ? -magnitude : magnitude;
});

/** Linear value of each A-law byte. */
export const ALAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const value = byte ^ 0x55;
  const segment = (value & 0x70) >> 4;
  const step = ((value & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return value & 0x80 ? magnitude : -magnitude;
});

function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

const LINEAR_TO_MULAW = Uint8Array.from({ length: 65_536 }, (_, index) => encodeSample(index - 32_768));

export function encodeMulaw(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = LINEAR_TO_MULAW[(samples[i] ?? 0) + 32_768] ?? 0;
  return bytes;
}

export function decodeMulaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = MULAW_TO_LINEAR[bytes[i] ?? 0] ?? 0;
  return samples;
}

const SQUARES = Float64Array.from(MULAW_TO_LINEAR, value => value * value);
/** About -50 dB below full scale: under speech, over the noise of an 8-bit pause. */
const SOUND_MEAN_SQUARE = 100 ** 2;

/** Whether a frame would be heard as sound rather than as a pause. */
export function isSound(mulaw: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < mulaw.length; i++) sum += SQUARES[mulaw[i] ?? 0] ?? 0;
  return sum > SOUND_MEAN_SQUARE * mulaw.length;
}
