import { connect, type Socket } from 'node:net';

export interface LeanAnswer {
  /** 0: none came. */
  readonly status: number;
  /** Its status line and headers, in lower case. */
  readonly head: string;
  readonly text: string;
}

const NONE: LeanAnswer = { status: 0, head: '', text: '' };

interface Asked {
  readonly bytes: string;
  readonly resolve: (answer: LeanAnswer) => void;
}

/**
 * HTTP/1.1 POSTs over kept connections for benches whose own work must not weigh on what they measure: Node's client takes
 * five times as long. It knows answers with a Content-Length, and nothing else.
 */
export class LeanClient {
  readonly #port: number;
  readonly #most: number;
  readonly #idle: Socket[] = [];
  readonly #all = new Set<Socket>();
  readonly #queue: Asked[] = [];
  readonly #under = new Map<Socket, Asked>();

  constructor(port: number, sockets: number) {
    this.#port = port;
    this.#most = sockets;
  }

  async post(path: string, body: string, headers: Readonly<Record<string, string>>): Promise<LeanAnswer> {
    let head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${this.#port}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    const bytes = `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return await new Promise(resolve => {
      const socket = this.#idle.pop();
      const asked = { bytes, resolve };
      if (socket) this.#ask(socket, asked);
      else if (this.#all.size < this.#most) this.#open(asked);
      else this.#queue.push(asked);
    });
  }

  close(): void {
    for (const { resolve } of this.#queue.splice(0)) resolve(NONE);
    for (const socket of this.#all) socket.destroy();
  }

  #open(first: Asked): void {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#all.add(socket);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', chunk => {
      text += String(chunk);
      const answer = parse(text);
      if (!answer) return;
      text = '';
      this.#under.get(socket)?.resolve(answer);
      this.#under.delete(socket);
      const next = this.#queue.shift();
      if (next) this.#ask(socket, next);
      else this.#idle.push(socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#all.delete(socket);
      const idle = this.#idle.indexOf(socket);
      if (idle >= 0) this.#idle.splice(idle, 1);
      this.#under.get(socket)?.resolve(NONE);
      this.#under.delete(socket);
      const next = this.#queue.shift();
      if (next) this.#open(next);
    });
    this.#ask(socket, first);
  }

  #ask(socket: Socket, asked: Asked): void {
    this.#under.set(socket, asked);
    socket.write(asked.bytes);
  }
}

/** Undefined: there is more to come. */
function parse(text: string): LeanAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const at = head.indexOf('content-length: ');
  if (at < 0 && status !== 204) throw new Error(`an answer without a length: ${status}`);
  const length = at < 0 ? 0 : Number.parseInt(head.slice(at + 16), 10);
  const body = text.slice(end + 4);
  return Buffer.byteLength(body) < length ? undefined : { status, head, text: body };
}
