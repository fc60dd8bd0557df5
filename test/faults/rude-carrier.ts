import { once } from 'node:events';
import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/**
 * How a carrier's REST side can be rude. `lost`: it does what it was asked for, and its answer gets lost; `reset` and `hang`: it does
 * nothing.
 */
export type Manner = 'well' | '500' | '503' | '429' | 'reset' | 'hang' | 'garbage' | 'lost';

/** Between the service and a carrier: passes on, or not, as the test says; lists (GET) are passed on always. */
export class RudeCarrier {
  manner: Manner = 'well';
  /** To whom; absent: to all requests for texts and calls. */
  only: 'Messages' | 'Calls' | undefined;
  readonly counts: Record<string, number> = {};
  /** When it first was: ms of `performance.now()`. */
  rudeAt: number | undefined;
  readonly #server: Server;
  readonly #target: string;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
  }

  static async before(target: string): Promise<RudeCarrier> {
    const server = createServer();
    const carrier = new RudeCarrier(server, target);
    server.on('request', (request, response) => carrier.#take(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return carrier;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const concerned = this.only === undefined || request.url?.endsWith(`/${this.only}.json`);
    const manner = request.method === 'GET' || !concerned ? 'well' : this.manner;
    if (request.method !== 'GET') this.counts[manner] = (this.counts[manner] ?? 0) + 1;
    if (manner !== 'well') this.rudeAt ??= performance.now();
    switch (manner) {
      case 'well':
      case 'lost':
        this.#passOn(request, response, manner === 'lost');
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'hang':
        return;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' }).end('<html>it works!</html>');
        return;
      default:
        response.writeHead(Number(manner), { 'content-type': 'application/json' }).end('{"message":"no"}');
    }
  }

  #passOn(request: IncomingMessage, response: ServerResponse, lose: boolean): void {
    const options = { method: request.method, headers: request.headers, agent: false };
    const onward = ask(`${this.#target}${request.url ?? ''}`, options, answer => {
      if (lose) {
        answer.resume();
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  }
}
