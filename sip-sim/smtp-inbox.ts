import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import PostalMime, { type Address } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

import type { EventLog } from './events.ts';
import { errorName, type SimLog } from './log.ts';
import { parseAddress, type Mailboxes, type MailOutcome, type ParsedMail } from './mailboxes.ts';

export interface SmtpInboxDeps {
  readonly accountSid: string;
  readonly authToken: string;
  readonly mailboxes: Mailboxes;
  readonly events: EventLog;
  readonly log: SimLog;
  /** False while the simulator shuts down. */
  readonly accepting: () => boolean;
}

export interface SmtpInbox {
  /** `smtp://127.0.0.1:8025` */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_MAIL = 1024 * 1024;
const MAX_CLIENTS = 200;
const CLOSE_MS = 50;
/** The outcomes that are settled before the mail is heard. */
const REPLIES = {
  reject: { code: 550, text: '5.1.1 no such mailbox here' },
  defer: { code: 451, text: '4.7.1 greylisted, try again later' },
} as const;

/**
 * A real SMTP server that takes mail for everybody (README.md). Signing in is optional, with the account's id and token;
 * there is no TLS, since it listens on this machine only.
 */
export async function openSmtpInbox(
  deps: SmtpInboxDeps,
  listen: { host: string; port: number },
): Promise<SmtpInbox> {
  const { mailboxes, events } = deps;
  const expected = digest(`${deps.accountSid}:${deps.authToken}`);
  /** What was decided for each recipient of a session's current mail. */
  const outcomes = new WeakMap<SMTPServerSession, Map<string, MailOutcome>>();

  /** Undefined: taken; else the refusal. Never rejects. */
  const take = async (
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<SmtpReply | undefined> => {
    try {
      const chunks: Buffer[] = [];
      // Heard to the end whatever its size, as the protocol wants it.
      for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
      if (stream.sizeExceeded) return reply(552, '5.3.4 message too big');
      const mail = await parseMail(Buffer.concat(chunks));
      const sender = senderOf(session);
      for (const [to, outcome] of outcomes.get(session) ?? []) {
        if (outcome === 'bounce') mailboxes.bounce(to, sender, mail);
        else mailboxes.deliver(to, sender, mail);
      }
      return undefined;
    } catch (error) {
      deps.log.error({ error: errorName(error) }, 'a mail could not be taken');
      return reply(451, '4.3.0 the simulator failed');
    }
  };

  const finish = async (
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error: SmtpReply | null, text?: string) => void,
  ): Promise<void> => {
    const refusal = await take(stream, session);
    done(refusal ?? null, '2.0.0 taken');
  };

  const server = new SMTPServer({
    name: 'simulator.invalid',
    banner: 'saypin simulator',
    authOptional: true,
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN'],
    hideSTARTTLS: true,
    disableReverseLookup: true,
    size: MAX_MAIL,
    maxClients: MAX_CLIENTS,
    closeTimeout: CLOSE_MS,
    logger: false,
    onAuth({ username, password }, _session, done) {
      const given = digest(`${username ?? ''}:${password ?? ''}`);
      if (timingSafeEqual(given, expected)) done(null, { user: username });
      else done(reply(535, '5.7.8 wrong user or password'));
    },
    onMailFrom(_address, session, done) {
      outcomes.set(session, new Map());
      done(deps.accepting() ? null : reply(421, '4.3.2 shutting down'));
    },
    onRcptTo({ address }, session, done) {
      const to = parseAddress(address);
      if (to === undefined) return done(reply(553, '5.1.3 no mail address'));
      const outcome = mailboxes.take(to);
      if (outcome === 'reject' || outcome === 'defer') {
        const { code, text } = REPLIES[outcome];
        events.emit('mail.refused', { to, from: senderOf(session), code });
        return done(reply(code, text));
      }
      outcomes.get(session)?.set(to, outcome);
      done();
    },
    onData(stream, session, done) {
      void finish(stream, session, done);
    },
  });
  server.on('error', (error: unknown) =>
    deps.log.warn({ error: errorName(error) }, 'an SMTP connection failed'),
  );
  // Rejects where the port is taken.
  await once(server.listen(listen.port, listen.host), 'listening');
  const { address, family, port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async close() {
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

async function parseMail(raw: Buffer): Promise<ParsedMail> {
  const email = await PostalMime.parse(raw);
  return {
    from: email.from ? written(email.from) : '',
    subject: email.subject ?? '',
    text: email.text ?? '',
    html: email.html ?? null,
    messageId: email.messageId ?? null,
  };
}

function written({ name, address = '' }: Address): string {
  return name === '' ? address : `${name} <${address}>`;
}

function senderOf({ envelope }: SMTPServerSession): string {
  return envelope.mailFrom ? (parseAddress(envelope.mailFrom.address) ?? '') : '';
}

type SmtpReply = Error & { responseCode: number };

function reply(responseCode: number, text: string): SmtpReply {
  return Object.assign(new Error(text), { responseCode });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
