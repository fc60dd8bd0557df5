import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { Webhook } from 'standardwebhooks';

import { bodyServer, urlOf } from '../support/carrier-wire.ts';
import type { Journal } from './journal.ts';

interface CustomerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly verificationId?: string };
}

/** The customer's server for events: it checks each signature and writes down what it got. */
export class Customer {
  /** With a signature that is none of ours. */
  forged = 0;
  #secret = '';
  readonly #server: Server;
  readonly #journal: Journal;

  private constructor(server: Server, journal: Journal) {
    this.#server = server;
    this.#journal = journal;
  }

  static async start(journal: Journal): Promise<Customer> {
    const server = await bodyServer((...exchange) => customer.#take(...exchange));
    const customer = new Customer(server, journal);
    return customer;
  }

  get url(): string {
    return `${urlOf(this.#server)}/events`;
  }

  /** What the service gave when it was told of this server. */
  use(secret: string): void {
    this.#secret = secret;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(request: IncomingMessage, response: ServerResponse, body: string): void {
    try {
      const headers = request.headers as Record<string, string>;
      const id = headers['webhook-id'] ?? '';
      const signedAt = new Date(Number(headers['webhook-timestamp']) * 1_000);
      // Not by `verify`: the service's clock may be an hour off on purpose.
      const signature = new Webhook(this.#secret).sign(id, signedAt, body);
      if (!headers['webhook-signature']?.split(' ').includes(signature)) throw new Error('forged');
      const event = JSON.parse(body) as CustomerEvent;
      this.#journal.note({
        what: 'event',
        webhookId: id,
        type: event.type,
        id: event.id,
        verificationId: event.data.verificationId ?? '',
      });
    } catch {
      this.forged++;
      response.writeHead(400).end();
      return;
    }
    response.writeHead(204).end();
  }
}
