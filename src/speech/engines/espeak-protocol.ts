/**
 * The pipe between us and the process that runs eSpeak NG. Frames both ways, integers big-endian:
 *
 *     +-----------------+------+---------------------------------------------+
 *     | length (4)      | type | payload, `length - 1` bytes                 |
 *     +-----------------+------+---------------------------------------------+
 *     request  1: words per minute (2) | length of voice (1) | voice | text, UTF-8
 *     audio    2: sample rate (4) | 16-bit little-endian samples
 *     failed   3: nothing; the child is fit for the next request
 *
 *     00 00 00 0a | 01 | 00 af | 02 64 65 | 66 c3 bc 6e …        "fü" in German at 175 words a minute
 */
export interface EspeakRequest {
  readonly wordsPerMinute: number;
  readonly voice: string;
  readonly text: string;
}

export type EspeakFrame =
  | ({ readonly type: 'request' } & EspeakRequest)
  | { readonly type: 'audio'; readonly sampleRate: number; readonly samples: Int16Array }
  | { readonly type: 'failed' };

/** Five minutes of 22.05 kHz audio. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const HEADER = 5;

export function encodeFrame(frame: EspeakFrame): Buffer {
  if (frame.type === 'failed') return join(3, []);
  if (frame.type === 'audio') return join(2, [encodeAudio(frame)]);
  const voice = Buffer.from(frame.voice);
  const fixed = Buffer.from([frame.wordsPerMinute >> 8, frame.wordsPerMinute & 0xff, voice.length]);
  return join(1, [fixed, voice, Buffer.from(frame.text)]);
}

function encodeAudio({ sampleRate, samples }: { sampleRate: number; samples: Int16Array }): Buffer {
  const payload = Buffer.alloc(4 + samples.length * 2);
  payload.writeUInt32BE(sampleRate);
  for (let index = 0; index < samples.length; index++) payload.writeInt16LE(samples[index]!, 4 + index * 2);
  return payload;
}

function join(type: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(HEADER);
  head.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 1));
  head[4] = type;
  return Buffer.concat([head, ...parts]);
}

/** Cuts a byte stream into frames; undefined once anything was no frame: then nothing after it can be trusted. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #broken = false;

  push(chunk: Buffer): EspeakFrame[] | undefined {
    if (this.#broken) return undefined;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: EspeakFrame[] = [];
    while (this.#size >= HEADER) {
      const length = this.#peek(HEADER).readUInt32BE();
      if (length < 1 || length > MAX_FRAME_BYTES) return this.#break();
      if (this.#size < 4 + length) break;
      const frame = decodePayload(this.#take(4 + length).subarray(4));
      if (!frame) return this.#break();
      frames.push(frame);
    }
    return frames;
  }

  #break(): undefined {
    this.#broken = true;
    this.#chunks = [];
    return undefined;
  }

  /** The first `size` bytes in one piece; chunks are joined only when a frame needs it, not on every arrival. */
  #peek(size: number): Buffer {
    if (this.#chunks[0]!.length < size) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  #take(size: number): Buffer {
    const whole = this.#peek(size);
    this.#size -= size;
    this.#chunks[0] = whole.subarray(size);
    if (this.#chunks[0].length === 0) this.#chunks.shift();
    return whole.subarray(0, size);
  }
}

/** Type and payload of one frame; undefined for what is none. */
export function decodePayload(raw: Buffer): EspeakFrame | undefined {
  const payload = raw.subarray(1);
  switch (raw[0]) {
    case 1:
      return decodeRequest(payload);
    case 2:
      return decodeAudio(payload);
    case 3:
      return payload.length === 0 ? { type: 'failed' } : undefined;
    default:
      return undefined;
  }
}

function decodeRequest(payload: Buffer): EspeakFrame | undefined {
  if (payload.length < 3) return undefined;
  const textAt = 3 + payload[2]!;
  if (payload.length < textAt) return undefined;
  return {
    type: 'request',
    wordsPerMinute: payload.readUInt16BE(0),
    voice: payload.toString('utf8', 3, textAt),
    text: payload.toString('utf8', textAt),
  };
}

function decodeAudio(payload: Buffer): EspeakFrame | undefined {
  if (payload.length < 4 || payload.length % 2 !== 0) return undefined;
  const samples = new Int16Array((payload.length - 4) / 2);
  for (let index = 0; index < samples.length; index++) samples[index] = payload.readInt16LE(4 + index * 2);
  return { type: 'audio', sampleRate: payload.readUInt32BE(0), samples };
}
