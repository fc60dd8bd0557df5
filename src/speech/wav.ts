import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './g711.ts';
import type { Pcm } from './speech.ts';

/**
 * RIFF/WAVE, the three encodings of telephony: 16-bit PCM, A-law and mu-law.
 *
 *     "RIFF" size "WAVE"  "fmt " 16|18|40 …  ["fact" 4 samples]  "data" size …     sizes little-endian, chunks even
 *
 *     52 49 46 46 | 26 00 00 00 | 57 41 56 45 | 66 6d 74 20 | 10 00 00 00 | 01 00 01 00 40 1f 00 00 …
 */
export type WavEncoding = 'pcm16' | 'alaw' | 'mulaw';

const FORMAT_TAGS = { pcm16: 1, alaw: 6, mulaw: 7 } as const;
const EXTENSIBLE = 0xfffe;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_CHUNKS = 64;

interface Format {
  readonly encoding: WavEncoding;
  readonly channels: number;
  readonly sampleRate: number;
}

/**
 * A WAV file to mono PCM (two channels are averaged); undefined for anything that is not such a file or is over
 * `maxBytes`. A data chunk that claims more than there is ends with the file, as streamed files need.
 */
export function decodeWav(raw: Uint8Array, { maxBytes = MAX_BYTES } = {}): Pcm | undefined {
  if (raw.length < 12 || raw.length > maxBytes) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (tagAt(view, 0) !== 'RIFF' || tagAt(view, 8) !== 'WAVE') return undefined;
  let format: Format | undefined;
  let at = 12;
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 8 <= raw.length; chunk++) {
    const tag = tagAt(view, at);
    const start = at + 8;
    const size = Math.min(view.getUint32(at + 4, true), raw.length - start);
    if (tag === 'fmt ') format = readFormat(view, start, size);
    if (tag === 'data') return format && readData(raw.subarray(start, start + size), format);
    at = start + size + (size & 1);
  }
  return undefined;
}

function readFormat(view: DataView, at: number, size: number): Format | undefined {
  if (size < 16) return undefined;
  const declared = view.getUint16(at, true);
  const tag = declared === EXTENSIBLE && size >= 40 ? view.getUint16(at + 24, true) : declared;
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  const encoding = (['pcm16', 'alaw', 'mulaw'] as const).find(name => FORMAT_TAGS[name] === tag);
  if (!encoding || bits !== (encoding === 'pcm16' ? 16 : 8)) return undefined;
  if (channels < 1 || channels > 2 || sampleRate < 4000 || sampleRate > 192_000) return undefined;
  return { encoding, channels, sampleRate };
}

function readData(data: Uint8Array, { encoding, channels, sampleRate }: Format): Pcm {
  const interleaved = toSamples(data, encoding);
  if (channels === 1) return { sampleRate, samples: interleaved };
  const samples = Int16Array.from(
    { length: interleaved.length >> 1 },
    (_, index) => (interleaved[index * 2]! + interleaved[index * 2 + 1]!) >> 1,
  );
  return { sampleRate, samples };
}

function toSamples(data: Uint8Array, encoding: WavEncoding): Int16Array {
  if (encoding === 'alaw') return decodeAlaw(data);
  if (encoding === 'mulaw') return decodeMulaw(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Int16Array.from({ length: data.length >> 1 }, (_, index) => view.getInt16(index * 2, true));
}

/** Mono PCM to a WAV file in the given encoding. */
export function encodeWav(pcm: Pcm, encoding: WavEncoding = 'pcm16'): Uint8Array {
  const data = toBytes(pcm.samples, encoding);
  const bytesPerSample = encoding === 'pcm16' ? 2 : 1;
  // Non-PCM formats carry an empty extension and a fact chunk (Microsoft's "New Multimedia Data Types").
  const formatSize = encoding === 'pcm16' ? 16 : 18;
  const factSize = encoding === 'pcm16' ? 0 : 12;
  const padded = data.length + (data.length & 1);
  const out = new Uint8Array(12 + 8 + formatSize + factSize + 8 + padded);
  const view = new DataView(out.buffer);
  writeTag(view, 0, 'RIFF');
  view.setUint32(4, out.length - 8, true);
  writeTag(view, 8, 'WAVE');
  writeTag(view, 12, 'fmt ');
  view.setUint32(16, formatSize, true);
  view.setUint16(20, FORMAT_TAGS[encoding], true);
  view.setUint16(22, 1, true);
  view.setUint32(24, pcm.sampleRate, true);
  view.setUint32(28, pcm.sampleRate * bytesPerSample, true);
  view.setUint16(32, bytesPerSample, true);
  view.setUint16(34, bytesPerSample * 8, true);
  let at = 20 + formatSize;
  if (factSize > 0) {
    writeTag(view, at, 'fact');
    view.setUint32(at + 4, 4, true);
    view.setUint32(at + 8, pcm.samples.length, true);
    at += factSize;
  }
  writeTag(view, at, 'data');
  view.setUint32(at + 4, data.length, true);
  out.set(data, at + 8);
  return out;
}

function toBytes(samples: Int16Array, encoding: WavEncoding): Uint8Array {
  if (encoding === 'alaw') return encodeAlaw(samples);
  if (encoding === 'mulaw') return encodeMulaw(samples);
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [index, sample] of samples.entries()) view.setInt16(index * 2, sample, true);
  return new Uint8Array(view.buffer);
}

function tagAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map(offset => view.getUint8(at + offset)));
}

function writeTag(view: DataView, at: number, tag: string): void {
  for (let index = 0; index < 4; index++) view.setUint8(at + index, tag.charCodeAt(index));
}
