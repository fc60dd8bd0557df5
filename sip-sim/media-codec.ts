import { z } from 'zod';

/** The customer's messages on a media socket (carrier-protocols.md 1.4). Unknown extra fields are let pass. */
const message = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('media'),
    streamSid: z.string(),
    media: z.object({ payload: z.string().refine(isBase64) }),
  }),
  z.object({
    event: z.literal('mark'),
    streamSid: z.string(),
    mark: z.object({ name: z.string().min(1).max(1_000) }),
  }),
  z.object({ event: z.literal('clear'), streamSid: z.string() }),
]);

export type CustomerMessage =
  | { type: 'media'; audio: Buffer }
  | { type: 'mark'; name: string }
  | { type: 'clear' }
  /** 31950: no JSON text. 31951: JSON, but none of the three messages of this stream. */
  | { type: 'invalid'; code: 31950 | 31951 };

export function decodeMessage(data: Buffer, isBinary: boolean, streamSid: string): CustomerMessage {
  if (isBinary) return { type: 'invalid', code: 31950 };
  let json: unknown;
  try {
    json = JSON.parse(data.toString('utf8'));
  } catch {
    return { type: 'invalid', code: 31950 };
  }
  const parsed = message.safeParse(json);
  if (!parsed.success || parsed.data.streamSid !== streamSid) return { type: 'invalid', code: 31951 };
  switch (parsed.data.event) {
    case 'media':
      return { type: 'media', audio: Buffer.from(parsed.data.media.payload, 'base64') };
    case 'mark':
      return { type: 'mark', name: parsed.data.mark.name };
    case 'clear':
      return { type: 'clear' };
    default:
      throw new TypeError(`no such message: ${String(parsed.data satisfies never)}`);
  }
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/**
 * Our messages. `sequenceNumber`, `chunk` and `timestamp` are strings; media is put together by hand, since every call sends
 * fifty a second.
 */
export class MessageWriter {
  readonly #ids: { readonly accountSid: string; readonly callSid: string; readonly streamSid: string };
  #sequence = 0;
  #chunk = 0;

  constructor(ids: { accountSid: string; callSid: string; streamSid: string }) {
    this.#ids = ids;
  }

  connected(): string {
    return JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' });
  }

  start(customParameters: Readonly<Record<string, string>>, encoding = 'audio/x-mulaw'): string {
    const { accountSid, callSid, streamSid } = this.#ids;
    return JSON.stringify({
      event: 'start',
      sequenceNumber: this.#next(),
      start: {
        accountSid,
        streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding, sampleRate: 8000, channels: 1 },
        customParameters,
      },
      streamSid,
    });
  }

  /** `timestamp`: ms since the stream's start; `payload`: base64. */
  media(timestamp: number, payload: string): string {
    return `{"event":"media","sequenceNumber":"${this.#next()}","media":{"track":"inbound","chunk":"${++this.#chunk}","timestamp":"${timestamp}","payload":"${payload}"},"streamSid":"${this.#ids.streamSid}"}`;
  }

  dtmf(digit: string): string {
    return JSON.stringify({
      event: 'dtmf',
      streamSid: this.#ids.streamSid,
      sequenceNumber: this.#next(),
      dtmf: { track: 'inbound_track', digit },
    });
  }

  mark(name: string): string {
    return JSON.stringify({
      event: 'mark',
      sequenceNumber: this.#next(),
      streamSid: this.#ids.streamSid,
      mark: { name },
    });
  }

  stop(): string {
    const { accountSid, callSid, streamSid } = this.#ids;
    return JSON.stringify({
      event: 'stop',
      sequenceNumber: this.#next(),
      stop: { accountSid, callSid },
      streamSid,
    });
  }

  #next(): string {
    return String(++this.#sequence);
  }
}
