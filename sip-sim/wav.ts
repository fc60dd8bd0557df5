import { ALAW_TO_LINEAR, MULAW_TO_LINEAR } from './g711.ts';

export interface Wav {
  readonly rate: number;
  /** Mono, 16-bit linear; further channels are mixed down. */
  readonly samples: Int16Array;
}

const PCM = 1;
const ALAW = 6;
const MULAW = 7;
const EXTENSIBLE = 0xfffe;
const MAX_RATE = 192_000;

/** RIFF/WAVE with 16-bit mono PCM. */
export function encodeWav(samples: Int16Array, rate: number): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([wavHeader(data.length, rate), data]);
}

function wavHeader(dataBytes: number, rate: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** Reads PCM of 8 to 32 bits, mu-law and A-law; undefined for anything else, however broken. */
export function decodeWav(file: Buffer): Wav | undefined {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  if (file.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let format: Format | undefined;
  for (let at = 12; at + 8 <= file.length;) {
    const id = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, Math.min(at + 8 + length, file.length));
    if (id === 'fmt ') format = readFormat(body);
    if (id === 'data') return format && readSamples(body, format);
    at += 8 + length + (length % 2);
  }
  return undefined;
}

function readFormat(body: Buffer): Format | undefined {
  if (body.length < 16) return undefined;
  const outer = body.readUInt16LE(0);
  const tag = outer === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : outer;
  const format = {
    tag,
    channels: body.readUInt16LE(2),
    rate: body.readUInt32LE(4),
    bits: body.readUInt16LE(14),
  };
  const known = tag === PCM ? [8, 16, 24, 32] : [8];
  const valid = [PCM, ALAW, MULAW].includes(tag) && known.includes(format.bits);
  const shaped =
    format.channels >= 1 && format.channels <= 8 && format.rate >= 1_000 && format.rate <= MAX_RATE;
  return valid && shaped ? format : undefined;
}

function readSamples(data: Buffer, format: Format): Wav {
  const width = format.bits / 8;
  const frame = width * format.channels;
  const samples = new Int16Array(Math.floor(data.length / frame));
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < format.channels; channel++) {
      sum += readSample(data, i * frame + channel * width, format);
    }
    samples[i] = Math.round(sum / format.channels);
  }
  return { rate: format.rate, samples };
}

function readSample(data: Buffer, at: number, format: Format): number {
  if (format.tag === MULAW) return MULAW_TO_LINEAR[data[at] ?? 0] ?? 0;
  if (format.tag === ALAW) return ALAW_TO_LINEAR[data[at] ?? 0] ?? 0;
  // 8-bit PCM is unsigned, the wider ones signed: the RIFF specification's own rule.
  if (format.bits === 8) return ((data[at] ?? 128) - 128) << 8;
  return data.readIntLE(at, format.bits / 8) >> (format.bits - 16);
}
