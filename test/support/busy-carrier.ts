import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { LeanClient } from './lean-client.ts';

/** Between taking a call and saying that its number is busy. */
const BUSY_AFTER_MS = 100;
const SOCKETS = 128;

/**
 * Twilio's wire at its cheapest, for crowds: it takes every call, says a moment later that the number is busy, and remembers nothing of
 * either but how many there were.
 */
export class BusyCarrier {
  readonly accountSid = `AC${'c'.repeat(32)}`;
  readonly authToken = 'busy-carrier-token';
  /** Callbacks that were answered 2xx, and those that were not. */
  answered = 0;
  refused = 0;
  readonly #server: Server;
  readonly #under = new Set<Promise<void>>();
  #client: LeanClient | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<BusyCarrier> {
    const server = createServer();
    const carrier = new BusyCarrier(server);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', chunk => (body += String(chunk)));
      request.on('end', () => carrier.#answer(request, response, body));
    });
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return carrier;
  }

  /** An entry of `carriers` in SAYPIN_CONFIG. */
  get config(): Record<string, unknown> {
    const { accountSid, authToken } = this;
    const baseUrl = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    return { type: 'twilio', accountSid, authToken, mode: 'media', from: '+15005550006', baseUrl };
  }

  /** Resolves when it has told everything. */
  async quiet(): Promise<void> {
    while (this.#under.size > 0) await Promise.all(this.#under);
  }

  close(): void {
    this.#client?.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    response.setHeader('content-type', 'application/json');
    const form = new URLSearchParams(body);
    const [to, statusUrl] = [form.get('To'), form.get('StatusCallback')];
    if (request.method === 'GET' || !to || !statusUrl) {
      response.end(request.method === 'GET' ? '{"calls":[]}' : '{}');
      return;
    }
    const sid = `CA${randomBytes(16).toString('hex')}`;
    response.statusCode = 201;
    response.end(JSON.stringify({ sid, status: 'queued' }));
    const told = this.#tell(statusUrl, sid, to).finally(() => this.#under.delete(told));
    this.#under.add(told);
  }

  async #tell(statusUrl: string, sid: string, to: string): Promise<void> {
    await new Promise(resolve => {
      setTimeout(resolve, BUSY_AFTER_MS);
    });
    const parameters: Record<string, string> = {
      AccountSid: this.accountSid,
      CallSid: sid,
      CallStatus: 'busy',
      From: '+15005550006',
      To: to,
      SequenceNumber: '1',
    };
    const text = Object.keys(parameters)
      .toSorted()
      .reduce((sum, name) => sum + name + parameters[name]!, statusUrl);
    const { port, pathname } = new URL(statusUrl);
    this.#client ??= new LeanClient(Number(port), SOCKETS);
    const { status } = await this.#client.post(pathname, new URLSearchParams(parameters).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': createHmac('sha1', this.authToken).update(text).digest('base64'),
    });
    if (status >= 200 && status < 300) this.answered++;
    else this.refused++;
  }
}
