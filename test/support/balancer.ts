import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';

/** What went where. `upgrade` is a media socket. */
export interface Balanced {
  readonly node: string;
  readonly method: string;
  readonly path: string;
  readonly upgrade: boolean;
}

/**
 * A load balancer as it stands in front of many nodes: each request to the next node in turn, so that no two of a call
 * meet by luck. One that a node did not take, or did not answer because it died, goes to the next, since everything that
 * carriers send may come twice. */
export class Balancer {
  readonly url: string;
  readonly journal: Balanced[] = [];
  /** Requests that more than one node was asked for. */
  retried = 0;
  readonly #nodes: () => readonly string[];
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #agent = new Agent({ keepAlive: false });
  #turn = 0;

  private constructor(nodes: () => readonly string[], server: ReturnType<typeof createServer>) {
    this.#nodes = nodes;
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#forward(request, response).catch(() => response.destroy());
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#tunnel(request, socket, head);
    });
    server.on('connection', (socket: Socket) => this.#keep(socket));
  }

  /** @param nodes base URLs of the nodes that may be asked at this moment */
  static async start(nodes: () => readonly string[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Balancer(nodes, server);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  /** All of them, the next in turn first. */
  #order(): string[] {
    const nodes = this.#nodes();
    const first = this.#turn++ % Math.max(1, nodes.length);
    return [...nodes.slice(first), ...nodes.slice(0, first)];
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const order = this.#order();
    for (const [index, node] of order.entries()) {
      if (index > 0) this.retried++;
      this.#note(node, request, false);
      if (await this.#try(node, request, body, response)) return;
    }
    response.writeHead(502).end();
  }

  /** False: it did not answer, and nothing was passed on. */
  async #try(node: string, from: IncomingMessage, body: Buffer, to: ServerResponse): Promise<boolean> {
    const { hostname, port } = new URL(node);
    return await new Promise<boolean>(resolve => {
      const { method, url: path, headers } = from;
      const upstream = httpRequest(
        { hostname, port, method, path, headers: { ...headers, connection: 'close' }, agent: this.#agent },
        answer => {
          to.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.on('error', () => to.destroy());
          answer.pipe(to);
          resolve(true);
        },
      );
      upstream.on('error', () => resolve(to.headersSent));
      upstream.end(body);
    });
  }

  /** Byte for byte: the node answers the upgrade itself. */
  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer, order = this.#order()): void {
    const [node, ...rest] = order;
    if (node === undefined) {
      socket.destroy();
      return;
    }
    const { hostname, port } = new URL(node);
    const upstream = connect(Number(port), hostname);
    this.#keep(upstream);
    let open = false;
    upstream.on('connect', () => {
      open = true;
      this.#note(node, request, true);
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2)
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => {
      if (open) socket.destroy();
      else this.#tunnel(request, socket, head, rest);
    });
    upstream.on('close', () => open && socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  }

  #note(node: string, { method = '', url: path = '' }: IncomingMessage, upgrade: boolean): void {
    this.journal.push({ node, method, path, upgrade });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}
