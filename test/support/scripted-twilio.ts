import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import twilio from 'twilio';
import { WebSocket } from 'ws';

import type { RawWebhook } from '../../src/carriers/carrier.ts';

/** How the API answers one request, where it is not as usual. */
export type ScriptedReply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Reads the request, then cuts the connection. */
  | 'reset'
  /** Reads the request, and says nothing. */
  | 'silence';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

/**
 * Twilio's REST API on loopback, answering as documented (carrier-protocols.md 1.1) or as a test scripts it, and
 * signing webhooks with Twilio's own library. `scripted-twilio` is itself checked with Twilio's client.
 */
export class ScriptedTwilio {
  readonly accountSid = `AC${'a'.repeat(32)}`;
  readonly authToken = 'scripted-auth-token';
  readonly requests: RecordedRequest[] = [];
  /** Call id to its status. */
  readonly calls = new Map<string, string>();
  /** What the lists hold, newest first. */
  readonly listed: { calls: unknown[]; messages: unknown[] } = { calls: [], messages: [] };
  readonly #script: ScriptedReply[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<ScriptedTwilio> {
    const scripted = new ScriptedTwilio();
    scripted.#server.listen(0, '127.0.0.1');
    await once(scripted.#server, 'listening');
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  next(...replies: ScriptedReply[]): void {
    this.#script.push(...replies);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A form POST as Twilio sends it, signed by Twilio's library. */
  webhook(url: string, fields: Readonly<Record<string, string>>): RawWebhook {
    return {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(this.authToken, url, fields),
      },
      rawBody: Buffer.from(new URLSearchParams(fields).toString()),
    };
  }

  /** The upgrade request of a media socket. */
  upgrade(url: string): RawWebhook {
    const signature = twilio.getExpectedTwilioSignature(this.authToken, url, {});
    return { method: 'GET', url, headers: { 'x-twilio-signature': signature }, rawBody: Buffer.alloc(0) };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers, form });
    const reply =
      this.#script.shift() ?? (method === 'GET' ? this.#list(url) : undefined) ?? this.#usual(url, form);
    if (reply === 'silence') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  }

  #list(url: string): ScriptedReply | undefined {
    const list = /\/(Calls|Messages)\.json\?/.exec(url)?.[1]?.toLowerCase();
    if (list !== 'calls' && list !== 'messages') return undefined;
    const page = { page: 0, page_size: 50, next_page_uri: null, [list]: this.listed[list] };
    return { status: 200, body: page };
  }

  #usual(path: string, form: URLSearchParams): ScriptedReply {
    const account = `/2010-04-01/Accounts/${this.accountSid}`;
    if (path === `${account}/Calls.json`) {
      const sid = `CA${randomBytes(16).toString('hex')}`;
      this.calls.set(sid, 'queued');
      return { status: 201, body: this.#resource(sid, form.get('To'), form.get('From')) };
    }
    if (path === `${account}/Messages.json`) {
      const sid = `SM${randomBytes(16).toString('hex')}`;
      const numbers = { to: form.get('To'), from: form.get('From') };
      const body = { sid, status: 'queued', direction: 'outbound-api', body: form.get('Body'), ...numbers };
      return { status: 201, body };
    }
    const sid = new RegExp(`^${account}/Calls/(CA[0-9a-f]{32})\\.json$`).exec(path)?.[1];
    const status = sid && this.calls.get(sid);
    if (!sid || !status) return { status: 404, body: errorBody(20404, 404) };
    if (status === 'completed') return { status: 400, body: errorBody(21220, 400) };
    this.calls.set(sid, form.get('Status') ?? status);
    return { status: 200, body: this.#resource(sid, null, null) };
  }

  #resource(sid: string, to: string | null, from: string | null): Record<string, unknown> {
    return {
      account_sid: this.accountSid,
      api_version: '2010-04-01',
      date_created: 'Mon, 16 Aug 2021 03:45:01 +0000',
      direction: 'outbound-api',
      from,
      sid,
      status: this.calls.get(sid),
      to,
      uri: `/2010-04-01/Accounts/${this.accountSid}/Calls/${sid}.json`,
    };
  }
}

export function errorBody(code: number, status: number, message = 'as documented'): Record<string, unknown> {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
}

/** What the carrier's end of a media stream received, in order. */
export type PeerFrame =
  | { readonly type: 'audio'; readonly mulaw: Buffer }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' };

/** Twilio's end of a media stream, by hand. */
export class TwilioMediaPeer {
  readonly streamSid = `MZ${'c'.repeat(32)}`;
  readonly received: PeerFrame[] = [];
  readonly rawSizes: number[] = [];
  #sequence = 0;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.rawSizes.push(data.length);
      const frame = JSON.parse(data.toString()) as Record<string, never> & {
        event: string;
        streamSid: string;
      };
      if (frame.streamSid !== this.streamSid) throw new Error('a frame for another stream');
      this.received.push(read(frame));
    });
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  start(callSid: string, customParameters: Record<string, string> = {}): void {
    this.raw({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    this.send('start', {
      accountSid: `AC${'a'.repeat(32)}`,
      streamSid: this.streamSid,
      callSid,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters,
    });
  }

  key(digit: string): void {
    this.send('dtmf', { track: 'inbound_track', digit });
  }

  echo(name: string): void {
    this.send('mark', { name });
  }

  audio(mulaw: Uint8Array): void {
    const payload = Buffer.from(mulaw).toString('base64');
    this.send('media', { track: 'inbound', chunk: '1', timestamp: '20', payload });
  }

  stop(): void {
    this.send('stop', { accountSid: `AC${'a'.repeat(32)}`, callSid: `CA${'1'.repeat(32)}` });
  }

  drop(): void {
    this.#socket.terminate();
  }

  send(event: string, detail: Record<string, unknown>, streamSid = this.streamSid): void {
    this.raw({ event, sequenceNumber: String(++this.#sequence), [event]: detail, streamSid });
  }

  raw(frame: unknown): void {
    this.#socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }
}

function read(frame: { event: string; media?: { payload: string }; mark?: { name: string } }): PeerFrame {
  if (frame.event === 'clear') return { type: 'clear' };
  if (frame.event === 'mark' && frame.mark) return { type: 'mark', name: frame.mark.name };
  if (frame.event === 'media' && frame.media) {
    return { type: 'audio', mulaw: Buffer.from(frame.media.payload, 'base64') };
  }
  throw new Error(`not a frame that Twilio takes: ${frame.event}`);
}
