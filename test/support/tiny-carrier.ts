import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';

import { WebSocket } from 'ws';

import { signature } from '../../sip-sim/signature.ts';
import { bodyServer, signedForm, twilioEntry, urlOf } from './carrier-wire.ts';

/**
 * The carrier's side of Twilio's wire at its smallest, under the test's control: it takes texts and call requests, and the test
 * sends each webhook and opens each media socket by hand, with a right or a wrong signature.
 */
export class TinyCarrier {
  readonly accountSid = `AC${'b'.repeat(32)}`;
  readonly authToken = 'tiny-carrier-token';
  /** Placed calls by destination. */
  readonly placed = new Map<string, PlacedCall>();
  /** Texts by destination, the latest. */
  readonly texts = new Map<string, TakenText>();
  #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TinyCarrier> {
    const server = await bodyServer((request, response, body) => {
      response.setHeader('content-type', 'application/json');
      const form = new URLSearchParams(body);
      const answerUrl = form.get('Url');
      const to = form.get('To');
      if (to && request.url?.endsWith('/Messages.json')) {
        const sid = `SM${randomBytes(16).toString('hex')}`;
        const statusUrl = form.get('StatusCallback') ?? '';
        carrier.texts.set(to, { sid, to, statusUrl, body: form.get('Body') ?? '' });
        response.statusCode = 201;
        response.end(JSON.stringify({ sid, status: 'queued' }));
        return;
      }
      if (!answerUrl || !to) {
        response.end('{}');
        return;
      }
      const sid = `CA${randomBytes(16).toString('hex')}`;
      carrier.placed.set(to, { answerUrl, statusUrl: form.get('StatusCallback') ?? '', sid, to });
      response.statusCode = 201;
      response.end(JSON.stringify({ sid, status: 'queued' }));
    });
    const carrier = new TinyCarrier(server);
    return carrier;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  /** What goes into SAYPIN_CONFIG to use it. */
  get config(): Record<string, unknown> {
    const { accountSid, authToken, url: baseUrl } = this;
    return twilioEntry({ accountSid, authToken, baseUrl });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** X-Twilio-Signature of a form POST (or, without parameters, of an upgrade). */
  sign(url: string, parameters: Readonly<Record<string, string>> = {}): string {
    return signature(this.authToken, url, new URLSearchParams(parameters));
  }

  async webhook(
    url: string,
    call: PlacedCall,
    more: Record<string, string>,
    signed?: string,
  ): Promise<Response> {
    const parameters = {
      AccountSid: this.accountSid,
      ApiVersion: '2010-04-01',
      CallSid: call.sid,
      Direction: 'outbound-api',
      From: '+15005550006',
      To: call.to,
      ...more,
    };
    return await fetch(url, {
      method: 'POST',
      ...signedForm(this.authToken, url, parameters, signed),
    });
  }

  /** What became of a text: `delivered`, `undelivered`. */
  async report({ sid, to, statusUrl }: TakenText, status: string): Promise<Response> {
    const parameters = {
      AccountSid: this.accountSid,
      MessageSid: sid,
      MessageStatus: status,
      From: '+15005550006',
      To: to,
    };
    return await fetch(statusUrl, {
      method: 'POST',
      ...signedForm(this.authToken, statusUrl, parameters),
    });
  }

  /** Sends the answer webhook and returns the media URL of the document. */
  async answer(call: PlacedCall): Promise<string> {
    const reply = await this.webhook(call.answerUrl, call, { CallStatus: 'in-progress' });
    const document = await reply.text();
    const url = /<Stream[^>]* url="([^"]+)"/.exec(document)?.[1];
    if (!url) throw new Error(`no stream in the answer: ${reply.status} ${document}`);
    return url;
  }

  /** Opens the media socket; rejects with `upgrade <status>` when it is refused. */
  async openMedia(url: string, signed = this.sign(url)): Promise<WebSocket> {
    const socket = new WebSocket(url, {
      headers: { 'x-twilio-signature': signed },
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', reject);
      socket.on('unexpected-response', (_, response) => {
        reject(new Error(`upgrade ${response.statusCode}`));
        socket.terminate();
      });
    });
    return socket;
  }

  /** Keys of the phone, once the stream began. */
  press(socket: WebSocket, streamSid: string, keys: string): void {
    for (const digit of keys) {
      const dtmf = { track: 'inbound_track', digit };
      socket.send(JSON.stringify({ event: 'dtmf', streamSid, sequenceNumber: '2', dtmf }));
    }
  }

  /** `connected` and `start`, as the carrier opens a stream. */
  startStream(socket: WebSocket, callSid: string): string {
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    socket.send(
      JSON.stringify({
        event: 'start',
        sequenceNumber: '1',
        start: {
          accountSid: this.accountSid,
          streamSid,
          callSid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: {},
        },
        streamSid,
      }),
    );
    return streamSid;
  }
}

export interface TakenText {
  readonly sid: string;
  readonly to: string;
  readonly statusUrl: string;
  readonly body: string;
}

export interface PlacedCall {
  readonly answerUrl: string;
  readonly statusUrl: string;
  readonly sid: string;
  readonly to: string;
}
