import { MPEGDecoder } from 'mpg123-decoder';

import { encodeMulaw } from '../../speech/g711.ts';
import { createResampler } from '../../speech/resample.ts';
import type { Pcm } from '../../speech/speech.ts';
import { decodeWav } from '../../speech/wav.ts';

/** Longest sound; 4 MB of MP3 can hold more than an hour. */
const MAX_SECONDS = 600;
/** An MP3 is decoded in pieces, so that a small file cannot become any amount of memory. */
const MP3_PIECE = 64 * 1024;

/** A WAV (PCM, A-law, mu-law) or MP3 file as 8 kHz mu-law, cut at ten minutes; undefined: neither. */
export async function decodeRecording(file: Uint8Array): Promise<Uint8Array | undefined> {
  const pcm = decodeWav(file) ?? (await decodeMp3(file));
  if (!pcm || pcm.samples.length === 0) return undefined;
  const resample = createResampler(pcm.sampleRate);
  return encodeMulaw(resample(pcm.samples.subarray(0, pcm.sampleRate * MAX_SECONDS)));
}

async function decodeMp3(file: Uint8Array): Promise<Pcm | undefined> {
  if (!looksLikeMp3(file)) return undefined;
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const pieces: Int16Array[] = [];
    let sampleRate = 0;
    let length = 0;
    for (let at = 0; at < file.length && length <= sampleRate * MAX_SECONDS; at += MP3_PIECE) {
      const decoded = decoder.decode(file.subarray(at, at + MP3_PIECE));
      if (decoded.samplesDecoded === 0) continue;
      sampleRate = decoded.sampleRate;
      pieces.push(toMono(decoded.channelData, decoded.samplesDecoded));
      length += decoded.samplesDecoded;
    }
    if (length === 0) return undefined;
    const samples = new Int16Array(length);
    let at = 0;
    for (const piece of pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    return { sampleRate, samples };
  } finally {
    decoder.free();
  }
}

/** An ID3 tag, or a frame's sync word of MPEG audio layer III (ISO 11172-3 2.4.1.3). */
function looksLikeMp3(file: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0] = file;
  if (a === 0x49 && b === 0x44 && c === 0x33) return true;
  return a === 0xff && (b & 0xe0) === 0xe0 && (b & 0x06) === 0x02;
}

function toMono(channels: readonly Float32Array[], length: number): Int16Array {
  const [left, right = left] = channels;
  return Int16Array.from({ length }, (_, index) => {
    const value = ((left?.[index] ?? 0) + (right?.[index] ?? 0)) / 2;
    return Math.round(Math.max(-1, Math.min(1, value)) * 32_767);
  });
}
