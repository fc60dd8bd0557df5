import { z } from 'zod';

import { assertNever } from '../../errors.ts';

/**
 * Twilio's media-stream wire (carrier-protocols.md 1.4): one JSON object a text frame. `decode…` gives undefined for
 * whatever is not a documented frame; the size limit is the caller's and the socket's.
 */

/** Largest frame taken, bytes; also the socket's maxPayload. */
export const MAX_FRAME_BYTES = 256 * 1024;

export type InboundFrame =
  /** {"event":"connected","protocol":"Call","version":"1.0.0"} */
  | { readonly event: 'connected' }
  /**
   * {"event":"start","sequenceNumber":"1","streamSid":"MZ…","start":{"accountSid":"AC…","streamSid":"MZ…","callSid":"CA…",
   *  "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
   *  "customParameters":{"callRef":"…"}}}
   */
  | {
      readonly event: 'start';
      readonly streamSid: string;
      readonly callSid: string;
      readonly encoding: string;
      readonly sampleRate: number;
      readonly parameters: Readonly<Record<string, string>>;
    }
  /** {"event":"media","sequenceNumber":"3","streamSid":"MZ…","media":{"track":"inbound","chunk":"1","timestamp":"160","payload":"…"}} */
  | { readonly event: 'media'; readonly streamSid: string; readonly track: string; readonly mulaw: Buffer }
  /** {"event":"dtmf","streamSid":"MZ…","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}} */
  | { readonly event: 'dtmf'; readonly streamSid: string; readonly digit: string }
  /** {"event":"mark","sequenceNumber":"4","streamSid":"MZ…","mark":{"name":"m-1"}} */
  | { readonly event: 'mark'; readonly streamSid: string; readonly name: string }
  /** {"event":"stop","sequenceNumber":"5","streamSid":"MZ…","stop":{"accountSid":"AC…","callSid":"CA…"}} */
  | { readonly event: 'stop'; readonly streamSid: string }
  /** A well-formed frame of an event that this version does not know. */
  | { readonly event: 'unknown' };

export type OutboundFrame =
  /** {"event":"media","streamSid":"MZ…","media":{"payload":"<base64 mu-law>"}} */
  | { readonly event: 'media'; readonly streamSid: string; readonly mulaw: Uint8Array }
  /** {"event":"mark","streamSid":"MZ…","mark":{"name":"m1"}} */
  | { readonly event: 'mark'; readonly streamSid: string; readonly name: string }
  /** {"event":"clear","streamSid":"MZ…"} */
  | { readonly event: 'clear'; readonly streamSid: string };

/** Written into JSON without escaping, so nothing but these characters. */
const streamSid = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const parameters = z
  .record(z.string().max(500), z.string().max(500))
  .refine(record => Object.keys(record).length <= 100);

const inbound = {
  connected: z.object({}),
  start: z.object({
    streamSid,
    start: z.object({
      callSid: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
      mediaFormat: z.object({ encoding: z.string().max(50), sampleRate: z.number(), channels: z.literal(1) }),
      customParameters: parameters.default({}),
    }),
  }),
  media: z.object({ streamSid, media: z.object({ track: z.string().max(20), payload: base64 }) }),
  dtmf: z.object({ streamSid, dtmf: z.object({ digit: z.string().min(1).max(16) }) }),
  mark: z.object({ streamSid, mark: z.object({ name: z.string().max(200) }) }),
  stop: z.object({ streamSid }),
};

/** A frame from Twilio. Sequence numbers, chunks and timestamps are not read: the socket keeps the order. */
export function decodeInbound(raw: Buffer): InboundFrame | undefined {
  const json = parse(raw);
  switch (eventOf(json)) {
    case undefined:
      return undefined;
    case 'connected':
      return { event: 'connected' };
    case 'start': {
      const frame = inbound.start.safeParse(json).data;
      if (!frame) return undefined;
      const { callSid, mediaFormat, customParameters } = frame.start;
      const { encoding, sampleRate } = mediaFormat;
      return {
        event: 'start',
        streamSid: frame.streamSid,
        callSid,
        encoding,
        sampleRate,
        parameters: customParameters,
      };
    }
    case 'media': {
      const frame = inbound.media.safeParse(json).data;
      if (!frame) return undefined;
      const mulaw = Buffer.from(frame.media.payload, 'base64');
      return { event: 'media', streamSid: frame.streamSid, track: frame.media.track, mulaw };
    }
    case 'dtmf': {
      const frame = inbound.dtmf.safeParse(json).data;
      return frame && { event: 'dtmf', streamSid: frame.streamSid, digit: frame.dtmf.digit };
    }
    case 'mark': {
      const frame = inbound.mark.safeParse(json).data;
      return frame && { event: 'mark', streamSid: frame.streamSid, name: frame.mark.name };
    }
    case 'stop': {
      const frame = inbound.stop.safeParse(json).data;
      return frame && { event: 'stop', streamSid: frame.streamSid };
    }
    default:
      return { event: 'unknown' };
  }
}

/** The other end's half: what Twilio would send. */
export function encodeInbound(frame: InboundFrame): string {
  switch (frame.event) {
    case 'connected':
      return JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    case 'start': {
      const { streamSid, callSid, encoding, sampleRate, parameters } = frame;
      const mediaFormat = { encoding, sampleRate, channels: 1 };
      const start = { streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters: parameters };
      return JSON.stringify({ event: 'start', sequenceNumber: '1', start, streamSid });
    }
    case 'media': {
      const payload = frame.mulaw.toString('base64');
      return JSON.stringify({
        event: 'media',
        media: { track: frame.track, payload },
        streamSid: frame.streamSid,
      });
    }
    case 'dtmf': {
      const dtmf = { track: 'inbound_track', digit: frame.digit };
      return JSON.stringify({ event: 'dtmf', streamSid: frame.streamSid, dtmf });
    }
    case 'mark':
      return JSON.stringify({ event: 'mark', streamSid: frame.streamSid, mark: { name: frame.name } });
    default:
      return JSON.stringify(frame);
  }
}

/** A frame to Twilio. Audio is the hot path: no JSON pass over the payload. */
export function encodeOutbound(frame: OutboundFrame): string {
  switch (frame.event) {
    case 'media': {
      const { buffer, byteOffset, byteLength } = frame.mulaw;
      const payload = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
      return `{"event":"media","streamSid":"${frame.streamSid}","media":{"payload":"${payload}"}}`;
    }
    case 'mark':
      return JSON.stringify({ event: 'mark', streamSid: frame.streamSid, mark: { name: frame.name } });
    case 'clear':
      return JSON.stringify({ event: 'clear', streamSid: frame.streamSid });
    default:
      return assertNever(frame);
  }
}

const outbound = {
  media: z.object({ streamSid, media: z.object({ payload: base64 }) }),
  mark: inbound.mark,
  clear: z.object({ streamSid }),
};

/** The other end's half: what Twilio would read. */
export function decodeOutbound(raw: Buffer): OutboundFrame | undefined {
  const json = parse(raw);
  switch (eventOf(json)) {
    case 'media': {
      const frame = outbound.media.safeParse(json).data;
      if (!frame) return undefined;
      return {
        event: 'media',
        streamSid: frame.streamSid,
        mulaw: Buffer.from(frame.media.payload, 'base64'),
      };
    }
    case 'mark': {
      const frame = outbound.mark.safeParse(json).data;
      return frame && { event: 'mark', streamSid: frame.streamSid, name: frame.mark.name };
    }
    case 'clear': {
      const frame = outbound.clear.safeParse(json).data;
      return frame && { event: 'clear', streamSid: frame.streamSid };
    }
    default:
      return undefined;
  }
}

const MEDIA_PREFIX = Buffer.from('{"event":"media",');

/** Recognises Twilio's audio frames without parsing them: fifty a second a call that nobody wants to hear. */
export function looksLikeMedia(raw: Buffer): boolean {
  return raw.length > MEDIA_PREFIX.length && raw.subarray(0, MEDIA_PREFIX.length).equals(MEDIA_PREFIX);
}

function parse(raw: Buffer): unknown {
  if (raw.length > MAX_FRAME_BYTES) return undefined;
  try {
    const json: unknown = JSON.parse(raw.toString('utf8'));
    return json;
  } catch {
    return undefined;
  }
}

function eventOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('event' in json)) return undefined;
  return typeof json.event === 'string' ? json.event : undefined;
}
