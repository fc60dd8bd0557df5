import type { RawData, WebSocket } from 'ws';

import type { Clock, Timer } from '../../clock.ts';
import { assertNever } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { MediaStream, MediaStreamEvents } from '../carrier.ts';
import {
  decodeInbound,
  encodeOutbound,
  type InboundFrame,
  looksLikeMedia,
  MAX_FRAME_BYTES,
  type OutboundFrame,
} from './codec.ts';

/** From the upgrade to `start`. */
const START_DEADLINE_MS = 10_000;
/** Twilio sends audio every 20 ms while a call lives. */
const IDLE_MS = 30_000;
/** How long the peer has to answer our close frame before the socket is cut. */
const CLOSE_GRACE_MS = 2_000;
/**
 * Seconds' worth of the frame limit that may come at once: at 200 frames a second and 50 from a live call, what a
 * network held back for eight seconds.
 */
const BURST_SECONDS = 2;
/** 18 s of audio: 192 KB of base64. One frame for nearly every prompt, and none that a proxy would refuse. */
const CHUNK_BYTES = 144_000;
/** A peer that reads nothing: minutes of audio waiting in our memory. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** Events held for a listener that has not come yet. */
const MAX_HELD_EVENTS = 256;
const MULAW_BYTES_PER_MS = 8;

/** WebSocket close codes (RFC 6455 7.4.1). */
const NORMAL = 1000;
const UNSUPPORTED = 1003;
const BAD_DATA = 1007;
const POLICY = 1008;
const TOO_BIG = 1009;

type Phase = 'starting' | 'live' | 'closing' | 'closed';
type ClosedBy = Parameters<MediaStreamEvents['closed']>[0];

interface MediaDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxFramesPerSecond: number;
}

/** Takes over an upgraded socket that speaks Twilio's media-stream wire (carrier-protocols.md 1.4). */
export function openTwilioMedia(socket: WebSocket, deps: MediaDeps): MediaStream {
  return new TwilioMediaStream(socket, deps);
}

class TwilioMediaStream implements MediaStream {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #openedAt: number;
  #phase: Phase = 'starting';
  #closedBy: ClosedBy = 'network';
  #streamSid = '';
  #listener: Partial<MediaStreamEvents> | undefined;
  #held: ((listener: Partial<MediaStreamEvents>) => void)[] = [];
  /** Asked for before `start` told the stream's name; a string is a mark. */
  #early: (Uint8Array | string)[] = [];
  /** Name on the wire to the caller's name, in the order asked for. */
  readonly #pending = new Map<string, string>();
  #markCount = 0;
  /** Monotonic instant at which everything sent will have been played. */
  #playedOutAt = 0;
  #lastFrameAt: number;
  readonly #framesPerSecond: number;
  #frameCredit: number;
  #watchdog: Timer;
  #graceTimer: Timer | undefined;

  constructor(socket: WebSocket, deps: MediaDeps) {
    this.#socket = socket;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#framesPerSecond = deps.maxFramesPerSecond;
    this.#frameCredit = deps.maxFramesPerSecond * BURST_SECONDS;
    this.#openedAt = deps.clock.monotonic();
    this.#lastFrameAt = this.#openedAt;
    this.#watchdog = deps.clock.after(START_DEADLINE_MS, () => this.#watch());
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    // ws closes the socket by itself after an error; without a listener it would end the process.
    socket.on('error', error => deps.log.debug({ err: error }, 'twilio: media socket error'));
    socket.on('close', () => this.#finish());
    if (socket.readyState === socket.CLOSED) this.#finish();
  }

  listen(events: Partial<MediaStreamEvents>): void {
    this.#listener = events;
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) this.#deliver(deliver);
  }

  send(mulaw: Uint8Array): void {
    if (this.#phase === 'starting') {
      this.#early.push(mulaw.slice()); // the caller may reuse its buffer
      return;
    }
    if (this.#phase !== 'live') return;
    for (let from = 0; from < mulaw.byteLength; from += CHUNK_BYTES) {
      const streamSid = this.#streamSid;
      this.#write({ event: 'media', streamSid, mulaw: mulaw.subarray(from, from + CHUNK_BYTES) });
    }
    const now = this.#clock.monotonic();
    this.#playedOutAt = Math.max(this.#playedOutAt, now) + mulaw.byteLength / MULAW_BYTES_PER_MS;
  }

  mark(name: string): void {
    if (this.#phase === 'starting') {
      this.#early.push(name);
      return;
    }
    if (this.#phase !== 'live') return;
    // A name of our own: never used twice, so an echo can only mean one mark.
    const wireName = `m${++this.#markCount}`;
    this.#pending.set(wireName, name);
    this.#write({ event: 'mark', streamSid: this.#streamSid, name: wireName });
  }

  clear(): void {
    if (this.#phase !== 'starting' && this.#phase !== 'live') return;
    if (this.#phase === 'live') this.#write({ event: 'clear', streamSid: this.#streamSid });
    this.#playedOutAt = this.#clock.monotonic();
    // Twilio returns the marks of what it threw away; forgotten here, their echoes mean nothing (0.1.2).
    const cleared = [...this.#pending.values(), ...this.#early.filter(item => typeof item === 'string')];
    this.#pending.clear();
    this.#early = [];
    for (const name of cleared) this.#emit(listener => listener.marked?.(name, 'cleared'));
  }

  get bufferedMs(): number {
    return Math.max(0, this.#playedOutAt - this.#clock.monotonic());
  }

  close(): void {
    this.#end('us', NORMAL);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    if (!this.#admit()) return this.#refuse(POLICY, 'too many frames');
    if (isBinary) return this.#refuse(UNSUPPORTED, 'a binary frame');
    const raw = toBuffer(data);
    if (raw.length > MAX_FRAME_BYTES) return this.#refuse(TOO_BIG, 'a frame too big');
    if (looksLikeMedia(raw) && !this.#wantsAudio()) return undefined;
    const frame = decodeInbound(raw);
    if (!frame) return this.#refuse(BAD_DATA, 'a frame that is not the protocol');
    return this.#handle(frame);
  }

  #handle(frame: InboundFrame): void {
    switch (frame.event) {
      case 'connected':
      case 'unknown':
        return;
      case 'start':
        return this.#start(frame);
      case 'media':
        if (this.#isOurs(frame) && frame.track === 'inbound' && this.#wantsAudio()) {
          this.#emit(listener => listener.audio?.(frame.mulaw));
        }
        return;
      case 'dtmf':
        if (this.#isOurs(frame)) this.#emit(listener => listener.digit?.(frame.digit));
        return;
      case 'mark':
        if (this.#isOurs(frame)) this.#marked(frame.name);
        return;
      case 'stop':
        if (this.#isOurs(frame)) this.#end('carrier', NORMAL);
        return;
      default:
        assertNever(frame);
    }
  }

  #start(frame: Extract<InboundFrame, { event: 'start' }>): void {
    if (this.#phase !== 'starting') return this.#refuse(BAD_DATA, 'a second start');
    if (frame.encoding !== 'audio/x-mulaw' || frame.sampleRate !== 8000) {
      return this.#refuse(UNSUPPORTED, 'a codec that is not mu-law at 8 kHz');
    }
    this.#phase = 'live';
    this.#streamSid = frame.streamSid;
    const early = this.#early;
    this.#early = [];
    for (const item of early) {
      if (typeof item === 'string') this.mark(item);
      else this.send(item);
    }
    const { callSid, parameters } = frame;
    this.#emit(listener => listener.ready?.({ carrierCallId: callSid, parameters }));
    return undefined;
  }

  /** An echo of a forgotten or invented mark finds no entry. */
  #marked(wireName: string): void {
    const name = this.#pending.get(wireName);
    if (name === undefined) return;
    this.#pending.delete(wireName);
    this.#emit(listener => listener.marked?.(name, 'played'));
  }

  /** Frames before `start`, or of another stream, are nobody's. */
  #isOurs(frame: { readonly streamSid: string }): boolean {
    return this.#phase === 'live' && frame.streamSid === this.#streamSid;
  }

  #wantsAudio(): boolean {
    return this.#phase === 'live' && this.#listener?.audio !== undefined;
  }

  /** Token bucket, filled by the time since the last frame. */
  #admit(): boolean {
    const now = this.#clock.monotonic();
    const earned = ((now - this.#lastFrameAt) * this.#framesPerSecond) / 1000;
    this.#lastFrameAt = now;
    this.#frameCredit = Math.min(this.#framesPerSecond * BURST_SECONDS, this.#frameCredit + earned) - 1;
    return this.#frameCredit >= 0;
  }

  /** One timer for both deadlines, re-armed when it fires rather than at every frame. */
  #watch(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    const now = this.#clock.monotonic();
    const due = this.#phase === 'starting' ? this.#openedAt + START_DEADLINE_MS : this.#lastFrameAt + IDLE_MS;
    if (now >= due) return this.#refuse(POLICY, this.#phase === 'starting' ? 'no start' : 'silence');
    this.#watchdog = this.#clock.after(due - now, () => this.#watch());
    return undefined;
  }

  #write(frame: OutboundFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(encodeOutbound(frame));
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#refuse(POLICY, 'a peer that does not read');
  }

  /** What arrived is not Twilio's: the leg is as good as lost. */
  #refuse(code: number, reason: string): void {
    this.#log.warn({ reason }, 'twilio: media socket refused');
    this.#end('network', code);
  }

  #end(by: ClosedBy, code: number): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#closedBy = by;
    this.#watchdog.cancel();
    this.#graceTimer = this.#clock.after(CLOSE_GRACE_MS, () => this.#socket.terminate());
    this.#socket.close(code);
  }

  #finish(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#watchdog.cancel();
    this.#graceTimer?.cancel();
    this.#pending.clear();
    this.#early = [];
    const by = this.#closedBy;
    this.#emit(listener => listener.closed?.(by));
  }

  #emit(deliver: (listener: Partial<MediaStreamEvents>) => void): void {
    if (this.#listener) this.#deliver(deliver);
    else if (this.#held.length < MAX_HELD_EVENTS || this.#phase === 'closed') this.#held.push(deliver);
  }

  /** A listener that throws breaks its own call's step, not the socket's reader. */
  #deliver(deliver: (listener: Partial<MediaStreamEvents>) => void): void {
    try {
      deliver(this.#listener ?? {});
    } catch (error) {
      this.#log.error({ err: error }, 'twilio: a media listener failed');
    }
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
