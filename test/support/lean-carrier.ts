import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { bodyServer, signedForm, twilioEntry, urlOf } from './carrier-wire.ts';

/** A text or call that the carrier took; times in ms of `performance.now()`. */
export interface Taken {
  readonly kind: 'text' | 'call';
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly statusUrl: string;
  /** Of a text. */
  readonly body: string;
  readonly at: number;
  readonly date: number;
  /** When it was hung up. */
  hungUpAt: number | undefined;
}

/**
 * Twilio's wire for texts and calls at its smallest, made for races and kills: it lives on while the service dies, keeps a
 * journal of what it took, lists it as Twilio does, and sends the callbacks that a test asks for. No media: calls end busy
 * or are left alone.
 */
export class LeanCarrier {
  readonly accountSid = `AC${'d'.repeat(32)}`;
  readonly authToken = 'lean-carrier-token';
  /** In the order in which they came. */
  readonly taken: Taken[] = [];
  /** Does what a carrier would do next, without being waited for. */
  onTaken: (taken: Taken) => void = () => undefined;
  /** Instead of an answer (by kind): the request is taken, and the socket closed. */
  loseReply: (taken: Taken) => boolean = () => false;
  readonly #byTo = new Map<string, Taken[]>();
  readonly #bySid = new Map<string, Taken>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<LeanCarrier> {
    const server = await bodyServer((...exchange) => carrier.#answer(...exchange));
    const carrier = new LeanCarrier(server);
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

  of(to: string, kind: Taken['kind']): readonly Taken[] {
    return (this.#byTo.get(to) ?? []).filter(taken => taken.kind === kind);
  }

  /** A callback on a text or call; false: nobody took it. */
  async report(taken: Taken, status: string, more: Record<string, string> = {}): Promise<boolean> {
    const { kind, sid, to, from, statusUrl } = taken;
    const parameters: Record<string, string> =
      kind === 'text'
        ? { MessageSid: sid, SmsSid: sid, MessageStatus: status, SmsStatus: status }
        : { CallSid: sid, CallStatus: status, Direction: 'outbound-api', SequenceNumber: '1' };
    Object.assign(parameters, { AccountSid: this.accountSid, To: to, From: from, ...more });
    try {
      const reply = await fetch(statusUrl, {
        method: 'POST',
        ...signedForm(this.authToken, statusUrl, parameters),
      });
      await reply.arrayBuffer();
      return reply.status < 300;
    } catch {
      // The service is dead at this moment.
      return false;
    }
  }

  /** As `report`, until somebody takes it, as carriers do where they try again. */
  async insist(taken: Taken, status: string, more: Record<string, string> = {}): Promise<void> {
    for (let tries = 0; tries < 1_200; tries++) {
      if (await this.report(taken, status, more)) return;
      await pause(50);
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    response.setHeader('content-type', 'application/json');
    const url = new URL(request.url ?? '', 'http://carrier');
    const kind = url.pathname.endsWith('/Messages.json') ? 'text' : 'call';
    if (request.method === 'GET') {
      const list = kind === 'text' ? 'messages' : 'calls';
      response.end(JSON.stringify({ [list]: this.#list(url.searchParams.get('To') ?? '', kind) }));
      return;
    }
    const form = new URLSearchParams(body);
    const to = form.get('To');
    if (!to) {
      this.#update(url.pathname, response);
      return;
    }
    const taken = this.#take(kind, to, form);
    if (this.loseReply(taken)) request.socket.destroy();
    else {
      response.statusCode = 201;
      response.end(JSON.stringify({ sid: taken.sid, status: 'queued' }));
    }
    this.onTaken(taken);
  }

  #take(kind: Taken['kind'], to: string, form: URLSearchParams): Taken {
    const taken: Taken = {
      kind,
      sid: `${kind === 'text' ? 'SM' : 'CA'}${randomBytes(16).toString('hex')}`,
      to,
      from: form.get('From') ?? '',
      statusUrl: form.get('StatusCallback') ?? '',
      body: form.get('Body') ?? '',
      at: performance.now(),
      date: Date.now(),
      hungUpAt: undefined,
    };
    this.taken.push(taken);
    this.#byTo.set(to, [...(this.#byTo.get(to) ?? []), taken]);
    this.#bySid.set(taken.sid, taken);
    return taken;
  }

  #list(to: string, kind: Taken['kind']): unknown[] {
    return this.of(to, kind).map(({ sid, date }) => ({
      sid,
      to,
      direction: 'outbound-api',
      date_created: new Date(date).toUTCString(),
    }));
  }

  /** A hang-up. */
  #update(path: string, response: ServerResponse): void {
    const call = this.#bySid.get(/(CA[0-9a-f]{32})\.json$/.exec(path)?.[1] ?? '');
    if (call) call.hungUpAt ??= performance.now();
    response.end('{}');
    if (call) void this.report(call, 'canceled');
  }
}
