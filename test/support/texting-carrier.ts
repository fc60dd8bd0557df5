import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { bodyServer, signedForm, twilioEntry, urlOf } from './carrier-wire.ts';
import { LeanClient } from './lean-client.ts';

const SOCKETS = 64;

/** A text that arrived. */
export interface Arrived {
  readonly body: string;
}

/**
 * Twilio's wire for texts at its cheapest, for benches: it takes every text, tells of it `sent` and then `delivered`, as Twilio does, and
 * remembers of it only the words, until somebody has read them.
 */
export class TextingCarrier {
  readonly accountSid = `AC${'e'.repeat(32)}`;
  readonly authToken = 'texting-carrier-token';
  /** Callbacks that were not answered 2xx. */
  refused = 0;
  readonly #server: Server;
  readonly #arrived = new Map<string, Promise<Arrived>>();
  /** By port: it may be used by one service after another. */
  readonly #clients = new Map<string, LeanClient>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TextingCarrier> {
    const server = await bodyServer((...exchange) => carrier.#answer(...exchange));
    const carrier = new TextingCarrier(server);
    return carrier;
  }

  /** An entry of `carriers` in SAYPIN_CONFIG. */
  get config(): Record<string, unknown> {
    const { accountSid, authToken } = this;
    return twilioEntry({ accountSid, authToken, baseUrl: urlOf(this.#server) });
  }

  /** The text that was taken for this number, once it is delivered and its callbacks are answered. */
  async read(to: string): Promise<Arrived> {
    const arriving = this.#arrived.get(to);
    if (!arriving) throw new Error('no text came');
    this.#arrived.delete(to);
    return await arriving;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(_request: IncomingMessage, response: ServerResponse, body: string): void {
    const form = new URLSearchParams(body);
    const [to = '', statusUrl = ''] = [form.get('To') ?? undefined, form.get('StatusCallback') ?? undefined];
    const sid = `SM${randomBytes(16).toString('hex')}`;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid, status: 'queued' }));
    const arrived = { body: form.get('Body') ?? '' };
    this.#arrived.set(
      to,
      (async () => {
        for (const status of ['sent', 'delivered']) await this.#tell(statusUrl, { sid, to, status });
        return arrived;
      })(),
    );
  }

  async #tell(url: string, { sid, to, status }: { sid: string; to: string; status: string }): Promise<void> {
    const { headers, body } = signedForm(this.authToken, url, {
      AccountSid: this.accountSid,
      ApiVersion: '2010-04-01',
      From: '+15005550006',
      MessageSid: sid,
      MessageStatus: status,
      SmsSid: sid,
      SmsStatus: status,
      To: to,
    });
    const { port, pathname } = new URL(url);
    const client = this.#clients.get(port) ?? new LeanClient(Number(port), SOCKETS);
    this.#clients.set(port, client);
    const answer = await client.post(pathname, body, headers);
    if (answer.status < 200 || answer.status >= 300) this.refused++;
  }
}
