import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { decodeMessage, MessageWriter } from '../../sip-sim/media-codec.ts';
import { signature } from '../../sip-sim/signature.ts';
import { bodyServer, signedForm, twilioEntry, urlOf } from './carrier-wire.ts';
import { LeanClient } from './lean-client.ts';

const FRAME_MS = 20;
const BYTES_PER_MS = 8;
const SILENCE = Buffer.alloc(FRAME_MS * BYTES_PER_MS, 0xff).toString('base64');
const ANSWERED_AFTER_MS = 500;
const SOCKETS = 256;

/** A call that is over. */
export interface Heard {
  /** Mu-law, as it came between one mark and the next. */
  readonly pieces: readonly Buffer[];
  readonly frames: number;
}

interface Placed {
  readonly sid: string;
  readonly to: string;
  readonly answerUrl: string;
  readonly statusUrl: string;
  sequence: number;
  /** The service hangs up. */
  readonly over: PromiseWithResolvers<void>;
}

/**
 * Twilio's wire for calls at its cheapest, for benches with hundreds of them at a time: everybody answers, hears all that is said, in real time, sends
 * silence, and is hung up on. It knows no other document than one that opens a media socket.
 */
export class CallingCarrier {
  readonly accountSid = `AC${'f'.repeat(32)}`;
  readonly authToken = 'calling-carrier-token';
  /** Callbacks that were not answered 2xx. */
  refused = 0;
  readonly #server: Server;
  readonly #calls = new Map<string, Promise<Heard>>();
  readonly #live = new Map<string, Placed>();
  /** By port: it may be used by one service after another. */
  readonly #clients = new Map<string, LeanClient>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<CallingCarrier> {
    const server = await bodyServer((...exchange) => carrier.#answer(...exchange));
    const carrier = new CallingCarrier(server);
    return carrier;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  /** An entry of `carriers` in SAYPIN_CONFIG. */
  get config(): Record<string, unknown> {
    const { accountSid, authToken, url: baseUrl } = this;
    return twilioEntry({ accountSid, authToken, baseUrl });
  }

  /** The call to this number, which may not have been placed yet, once it is over and its callbacks are answered. */
  async listen(to: string): Promise<Heard> {
    while (!this.#calls.has(to)) await pause(FRAME_MS);
    const call = this.#calls.get(to)!;
    this.#calls.delete(to);
    return await call;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const form = new URLSearchParams(body);
    const known = this.#live.get(/(CA[0-9a-f]{32})\.json$/.exec(request.url ?? '')?.[1] ?? '');
    const sid = known?.sid ?? `CA${randomBytes(16).toString('hex')}`;
    response.writeHead(known ? 200 : 201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid, status: known ? 'completed' : 'queued' }));
    if (known) return known.over.resolve();
    const to = form.get('To') ?? '';
    const call: Placed = {
      sid,
      to,
      answerUrl: form.get('Url') ?? '',
      statusUrl: form.get('StatusCallback') ?? '',
      sequence: 0,
      over: Promise.withResolvers(),
    };
    this.#live.set(sid, call);
    const life = this.#lead(call).finally(() => this.#live.delete(sid));
    // Whoever listens is told.
    life.catch(() => undefined);
    this.#calls.set(to, life);
    return undefined;
  }

  async #lead(call: Placed): Promise<Heard> {
    await this.#tell(call, 'initiated');
    await this.#tell(call, 'ringing');
    await pause(ANSWERED_AFTER_MS);
    const [document] = await Promise.all([
      this.#post(call.answerUrl, call, 'in-progress'),
      this.#tell(call, 'in-progress'),
    ]);
    const url = /<Stream url="([^"]+)"/.exec(document)?.[1];
    if (url === undefined) throw new Error('no media socket was asked for');
    const heard = await this.#talk(call, url);
    await this.#tell(call, 'completed');
    return heard;
  }

  async #talk(call: Placed, url: string): Promise<Heard> {
    const { accountSid, authToken } = this;
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    const writer = new MessageWriter({ accountSid, callSid: call.sid, streamSid });
    const socket = new WebSocket(url, {
      headers: { 'x-twilio-signature': signature(authToken, url) },
      perMessageDeflate: false,
    });
    const pieces: Buffer[] = [];
    let piece: Buffer[] = [];
    let [frames, playedAt] = [0, 0];
    socket.on('message', (data: Buffer, isBinary) => {
      const message = decodeMessage(data, isBinary, streamSid);
      const now = performance.now();
      if (message.type === 'media') {
        piece.push(Buffer.from(message.audio));
        playedAt = Math.max(playedAt, now) + message.audio.length / BYTES_PER_MS;
      } else if (message.type === 'mark') {
        pieces.push(Buffer.concat(piece));
        piece = [];
        setTimeout(() => socket.send(writer.mark(message.name)), Math.max(0, playedAt - now));
      }
    });
    await new Promise((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', reject);
    });
    socket.send(writer.connected());
    socket.send(writer.start({}));
    const microphone = setInterval(() => socket.send(writer.media(frames++ * FRAME_MS, SILENCE)), FRAME_MS);
    await call.over.promise;
    clearInterval(microphone);
    socket.send(writer.stop());
    socket.close(1000);
    return { pieces, frames };
  }

  async #tell(call: Placed, status: string): Promise<void> {
    await this.#post(call.statusUrl, call, status);
  }

  async #post(url: string, call: Placed, status: string): Promise<string> {
    const { headers, body } = signedForm(this.authToken, url, {
      AccountSid: this.accountSid,
      ApiVersion: '2010-04-01',
      CallSid: call.sid,
      CallStatus: status,
      Direction: 'outbound-api',
      From: '+15005550006',
      SequenceNumber: String(call.sequence++),
      To: call.to,
    });
    const { port, pathname } = new URL(url);
    const client = this.#clients.get(port) ?? new LeanClient(Number(port), SOCKETS);
    this.#clients.set(port, client);
    const answer = await client.post(pathname, body, headers);
    if (answer.status < 200 || answer.status >= 300) this.refused++;
    return answer.text;
  }
}
