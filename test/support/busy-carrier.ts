import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { bodyServer, signedForm, twilioEntry, urlOf } from './carrier-wire.ts';
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
    const server = await bodyServer((...exchange) => carrier.#answer(...exchange));
    const carrier = new BusyCarrier(server);
    return carrier;
  }

  /** An entry of `carriers` in SAYPIN_CONFIG. */
  get config(): Record<string, unknown> {
    const { accountSid, authToken } = this;
    return twilioEntry({ accountSid, authToken, baseUrl: urlOf(this.#server) });
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
    await pause(BUSY_AFTER_MS);
    const parameters: Record<string, string> = {
      AccountSid: this.accountSid,
      CallSid: sid,
      CallStatus: 'busy',
      From: '+15005550006',
      To: to,
      SequenceNumber: '1',
    };
    const { headers, body } = signedForm(this.authToken, statusUrl, parameters);
    const { port, pathname } = new URL(statusUrl);
    this.#client ??= new LeanClient(Number(port), SOCKETS);
    const { status } = await this.#client.post(pathname, body, headers);
    if (status >= 200 && status < 300) this.answered++;
    else this.refused++;
  }
}
