import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

export interface TakenMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly secure: boolean;
  readonly user: unknown;
  readonly raw: Buffer;
  readonly email: Email;
}

/** A real SMTP server on loopback; what it took is read back by a parser that is not nodemailer's. */
export class MailServer {
  readonly mails: TakenMail[] = [];
  readonly sessions = new Set<string>();
  /** Thrown at the stage it names, with this reply. */
  refuse: { readonly at: 'mail' | 'rcpt' | 'data'; readonly code: number } | undefined;
  /** Called when a mail is complete, before it is answered. */
  onMail: (session: SMTPServerSession) => Promise<void> = async () => {};
  readonly server: SMTPServer;

  private constructor(options: SMTPServerOptions) {
    this.server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: !options.key,
      disableReverseLookup: true,
      closeTimeout: 5,
      logger: false,
      onMailFrom: (_address, session, done) => {
        this.sessions.add(session.id);
        done(this.#refusal('mail'));
      },
      onRcptTo: (_address, _session, done) => done(this.#refusal('rcpt')),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          if (stream.sizeExceeded) return done(Object.assign(new Error('too large'), { responseCode: 552 }));
          void this.#take(Buffer.concat(chunks), session, done);
        });
      },
      ...options,
    });
    this.server.on('error', () => {});
  }

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    await once(server.server.listen(0, '127.0.0.1'), 'listening');
    return server;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>(resolve => this.server.close(() => resolve()));
  }

  async #take(raw: Buffer, session: SMTPServerSession, done: (error?: Error) => void): Promise<void> {
    const { mailFrom, rcptTo } = session.envelope;
    this.mails.push({
      envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
      secure: session.secure,
      user: session.user as unknown,
      raw,
      email: await PostalMime.parse(raw),
    });
    await this.onMail(session);
    done(this.#refusal('data'));
  }

  #refusal(at: 'mail' | 'rcpt' | 'data'): Error | undefined {
    if (this.refuse?.at !== at) return undefined;
    // Servers quote the address in their refusal.
    const text = '4.2.0 <someone@example.com>: PIN 481216 not wanted';
    return Object.assign(new Error(text), { responseCode: this.refuse.code });
  }
}

/** A mail server of single lines, for what a real one would never do: `answer` gives the reply, `silence` or `cut`. */
export async function rudeMailServer(
  answer: (line: string) => string,
): Promise<{ port: number; lines: string[]; close: () => Promise<void> }> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    const reply = (line: string): void => {
      const text = answer(line);
      if (text === 'cut') socket.destroy();
      else if (text !== 'silence') socket.write(`${text}\r\n`);
    };
    let rest = '';
    let inData = false;
    reply('CONNECT');
    socket.on('data', chunk => {
      const parts = (rest + chunk.toString()).split('\r\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        if (inData && line !== '.') continue;
        inData = line === 'DATA';
        lines.push(line);
        reply(line);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
