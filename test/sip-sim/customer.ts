import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import twilio from 'twilio';
import { WebSocketServer, type WebSocket } from 'ws';

import { createSimulator, type Simulator, type SimulatorOptions } from '../../sip-sim/index.ts';

/** One webhook as it arrived, its signature already judged by Twilio's own library. */
export interface Webhook {
  readonly path: string;
  readonly method: string;
  readonly params: Record<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly valid: boolean;
  readonly atMs: number;
}

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string | Buffer;
  /** Real ms before the answer; Infinity for never. */
  readonly afterMs?: number;
}

/** A message of the media socket and when it came, in ms since the socket opened. */
export interface MediaMessage {
  readonly event: string;
  readonly atMs: number;
  readonly raw: Record<string, unknown> & {
    mark?: { name: string };
    media?: { payload: string; timestamp: string; chunk: string; track: string };
    dtmf?: { digit: string; track: string };
    start?: { customParameters: Record<string, string> };
    streamSid?: string;
    sequenceNumber?: string;
  };
}

export interface Media {
  readonly socket: WebSocket;
  readonly path: string;
  readonly valid: boolean;
  readonly messages: MediaMessage[];
  readonly streamSid: string;
  send(message: Record<string, unknown>): void;
  /** Mu-law of this many ms, any byte. */
  audio(ms: number, byte?: number): void;
  audioBytes(bytes: Uint8Array): void;
  mark(name: string): void;
  of(event: string): MediaMessage[];
  closed: boolean;
}

/** A customer's application in a few lines: answers documents, keeps webhooks, takes media sockets. */
export class Customer {
  readonly sim: Simulator;
  readonly client: ReturnType<typeof twilio>;
  readonly webhooks: Webhook[] = [];
  readonly media: Media[] = [];
  readonly documents = new Map<string, string | Reply | ((webhook: Webhook) => string | Reply)>();
  onMedia: (media: Media) => void = () => {};
  readonly #sids = new Set<string>();
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  private constructor(sim: Simulator, server: Server) {
    this.sim = sim;
    this.#server = server;
    this.client = twilio(sim.accountSid, sim.authToken);
    this.client.api.baseUrl = sim.url;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', this.url);
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        const body = Object.fromEntries(form);
        const webhook: Webhook = {
          path: url.pathname,
          method: request.method ?? '',
          params: { ...Object.fromEntries(url.searchParams), ...body },
          headers: request.headers,
          valid: twilio.validateRequest(
            sim.authToken,
            String(request.headers['x-twilio-signature']),
            `${this.url}${request.url}`,
            body,
          ),
          atMs: performance.now(),
        };
        this.webhooks.push(webhook);
        const found = this.documents.get(url.pathname) ?? '';
        const given = typeof found === 'function' ? found(webhook) : found;
        const reply = typeof given === 'string' ? { body: given } : given;
        if (reply.afterMs === Infinity) return;
        setTimeout(() => {
          response.writeHead(reply.status ?? 200, { 'content-type': reply.type ?? 'text/xml' });
          response.end(reply.body ?? '');
        }, reply.afterMs ?? 0);
      });
    });
    this.#sockets = new WebSocketServer({ server });
    this.#sockets.on('connection', (socket, request) => {
      const opened = performance.now();
      const messages: MediaMessage[] = [];
      const media: Media = {
        socket,
        path: request.url ?? '',
        valid: twilio.validateRequest(
          sim.authToken,
          String(request.headers['x-twilio-signature']),
          `${this.wsUrl}${request.url}`,
          {},
        ),
        messages,
        closed: false,
        get streamSid() {
          return messages.find(message => message.event === 'start')?.raw.streamSid ?? '';
        },
        send: message => socket.send(JSON.stringify({ ...message, streamSid: media.streamSid })),
        audio: (ms, byte = 0xff) => media.audioBytes(Buffer.alloc(ms * 8, byte)),
        audioBytes: bytes =>
          media.send({ event: 'media', media: { payload: Buffer.from(bytes).toString('base64') } }),
        mark: name => media.send({ event: 'mark', mark: { name } }),
        of: event => messages.filter(message => message.event === event),
      };
      socket.on('message', data => {
        const raw = JSON.parse((data as Buffer).toString()) as MediaMessage['raw'] & { event: string };
        messages.push({ event: raw.event, atMs: performance.now() - opened, raw });
        if (raw.event === 'start') this.onMedia(media);
      });
      socket.on('close', () => (media.closed = true));
      this.media.push(media);
    });
  }

  static async start(options: SimulatorOptions = {}): Promise<Customer> {
    const sim = await createSimulator({ speed: 20, ...options });
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Customer(sim, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  get wsUrl(): string {
    return this.url.replace('http', 'ws');
  }

  /** Forgets what came and what is answered; resets the simulator. */
  async clear(): Promise<void> {
    await this.control('DELETE', '/');
    this.webhooks.length = 0;
    this.#sids.clear();
    this.media.length = 0;
    this.documents.clear();
    this.onMedia = () => {};
  }

  async close(): Promise<void> {
    await this.sim.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The control API. */
  async control<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await fetch(`${this.sim.url}${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  async phone(number: string, behaviour: Record<string, unknown>): Promise<void> {
    await this.control('PUT', `/phones/${number}`, behaviour);
  }

  /** Places a call with the real client; all events are asked for. */
  async call(to: string, more: Record<string, unknown> = {}): Promise<string> {
    const call = await this.client.calls.create({
      to,
      from: '+15005550006',
      url: `${this.url}/answer`,
      statusCallback: `${this.url}/status`,
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      ...more,
    });
    this.#sids.add(call.sid);
    return call.sid;
  }

  /** The call as the control API tells it. */
  async get(id: string): Promise<SimCall> {
    return await this.control<SimCall>('GET', `/calls/${id}`);
  }

  /** The same, once it is over and its last callback has come. */
  async ended(id: string): Promise<SimCall> {
    return await eventually('the call to end', async () => {
      const call = await this.get(id);
      return call.state === 'ended' && call;
    });
  }

  async recording(id: string): Promise<Int16Array> {
    const answer = await fetch(`${this.sim.url}/calls/${id}/audio.wav`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length));
  }

  callbacks(path = '/status'): Webhook[] {
    // A call of the test before may still be telling of its end.
    const mine = ({ params }: Webhook): boolean =>
      params.CallSid === undefined || this.#sids.has(params.CallSid);
    return this.webhooks.filter(webhook => webhook.path === path && mine(webhook));
  }
}

export interface SimCall {
  id: string;
  state: string;
  status: string;
  outcome: string | null;
  endedBy: string | null;
  sipCode: number | null;
  answeredBy: string | null;
  states: { state: string; ms: number; at: string }[];
  keysPressed: string;
  keys: { key: string; ms: number }[];
  firstAudioAt: string | null;
  firstAudioMs: number | null;
  secondsHeard: number;
  secondsRecorded: number;
  notices: { code: number; message: string }[];
}

/** Polls until `probe` gives something; fails by name. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  timeoutMs = 10_000,
): Promise<Value> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`timed out waiting for ${what}`);
    await pause(10);
  }
}

/** Stretches of sound in a recording, in ms: louder than about -40 dB in windows of 20 ms. */
export function sounds(samples: Int16Array): { startMs: number; endMs: number }[] {
  const found: { startMs: number; endMs: number }[] = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    let peak = 0;
    for (let i = at; i < at + 160; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
    if (peak < 300) continue;
    const startMs = at / 8;
    const last = found.at(-1);
    if (last && last.endMs === startMs) last.endMs = startMs + 20;
    else found.push({ startMs, endMs: startMs + 20 });
  }
  return found;
}

/** Power of one frequency in a piece of 8 kHz samples, as a part of its whole power (Goertzel). */
export function share(samples: Int16Array, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / 8_000);
  let before = 0;
  let beforeThat = 0;
  let total = 0;
  for (const sample of samples) {
    const value = sample + coefficient * before - beforeThat;
    beforeThat = before;
    before = value;
    total += sample * sample;
  }
  const power = before ** 2 + beforeThat ** 2 - coefficient * before * beforeThat;
  return total === 0 ? 0 : (2 * power) / (samples.length * total);
}

/** A sine as 16-bit samples, made without the simulator's own code. */
export function sine(frequency: number, ms: number, rate = 8_000, amplitude = 10_000): Int16Array {
  return Int16Array.from({ length: (ms * rate) / 1_000 }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequency * i) / rate)),
  );
}

/** RIFF/WAVE by hand: format 1 is 16-bit PCM, 7 is mu-law. */
export function wavFile(data: Uint8Array, format: 1 | 7, rate: number, channels = 1): Buffer {
  const width = format === 1 ? 2 : 1;
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * width * channels, 28);
  header.writeUInt16LE(width * channels, 32);
  header.writeUInt16LE(width * 8, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/** Mu-law of a sample, from the definition in ITU-T G.711 (decision levels), not from the simulator's table. */
export function mulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = Math.floor(Math.log2(biased)) - 7;
  const mantissa = (biased >> (exponent + 3)) & 15;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

export function mulawSine(frequency: number, ms: number): Uint8Array {
  return Uint8Array.from(sine(frequency, ms), sample => mulaw(sample));
}

export function pcmBytes(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
