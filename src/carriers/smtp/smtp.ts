import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

import { createTransport } from 'nodemailer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';

import type { Clock } from '../../clock.ts';
import { CarrierError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { MailCarrier, SendMail } from '../message-carrier.ts';
import { isMailAddress, parseMailbox, type Mailbox } from './address.ts';
import type { SmtpConfig } from './config.ts';
import { smtpRefusal } from './refusal.ts';

const CONNECT_MS = 10_000;
const DNS_MS = 5_000;

/**
 * Mail through one SMTP server (carrier-protocols.md 10), over a few connections that stay open. Check `config` with
 * `smtpConfig` first. nodemailer keeps its own timers for connecting; the limit of a whole mail is the clock's.
 */
export function createSmtpCarrier(config: SmtpConfig, deps: { log: Logger; clock: Clock }): MailCarrier {
  const transport = createTransport({
    pool: true,
    host: config.host,
    port: config.port,
    secure: config.secure,
    requireTLS: config.requireTls,
    ...(config.user !== undefined && { auth: { user: config.user, pass: config.pass } }),
    tls: { minVersion: 'TLSv1.2', ...(config.ca !== undefined && { ca: config.ca }) },
    maxConnections: config.maxConnections,
    // Only mails of which nothing had been sent are put back, when a server drops an idle connection.
    maxRequeues: 1,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: DNS_MS,
    socketTimeout: config.requestTimeoutMs,
    socketCloseTimeout: 1_000,
    // A mail is its text; nothing in it may make us read a file or fetch a page.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  /** Each mail's stream on the wire, by its envelope: read means that bytes of it have left. */
  const streams = new WeakMap<object, Readable>();
  transport.use('stream', ({ data, message }, done) => {
    const { envelope } = data;
    if (message && typeof envelope === 'object' && envelope !== null) {
      const create = message.createReadStream.bind(message);
      message.createReadStream = options => {
        const stream = create(options);
        streams.set(envelope, stream);
        return stream;
      };
    }
    done();
  });
  const live = new Set<Promise<unknown>>();

  const send = async (request: SendMail, signal?: AbortSignal): Promise<{ carrierMessageId: string }> => {
    const what = 'send mail';
    if (signal?.aborted) throw stopped(what, true);
    const from = senderOf(request, config);
    if (!isMailAddress(request.to)) throw unfit('the recipient is no mail address');
    const envelope = { from: from.address, to: [request.to] };
    const messageId = messageIdOf(request.ref, from);
    const abort = new AbortController();
    const timer = deps.clock.after(config.requestTimeoutMs, () => abort.abort());
    try {
      await transport.sendMail({
        messageId: `<${messageId}>`,
        envelope,
        from,
        to: { name: '', address: request.to },
        text: request.text,
        ...(request.html !== undefined && { html: request.html }),
        // RFC 3834: no holiday notices in answer, please.
        headers: {
          ...subjectHeader(oneLine(request.subject)),
          'Auto-Submitted': 'auto-generated',
          'X-Auto-Response-Suppress': 'All',
        },
        signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
      });
    } catch (error) {
      const sent = streams.get(envelope)?.readableDidRead === true;
      if (signal?.aborted) throw stopped(what, !sent);
      if (abort.signal.aborted) {
        const message = `smtp: ${what} was not taken in ${config.requestTimeoutMs} ms`;
        throw new CarrierError('timeout', { message, retryable: !sent });
      }
      throw smtpRefusal(what, error, sent);
    } finally {
      timer.cancel();
    }
    deps.log.debug({ carrier: config.name, carrierMessageId: messageId }, 'mail sent');
    return { carrierMessageId: messageId };
  };

  return {
    name: config.name,

    async sendMail(request, signal) {
      const work = send(request, signal);
      live.add(work);
      try {
        return await work;
      } finally {
        live.delete(work);
      }
    },

    async verify() {
      try {
        await transport.verify();
      } catch (error) {
        throw smtpRefusal('say hello', error, false);
      }
    },

    /** Mails on their way are finished (or run into their limit) first. */
    async close() {
      await Promise.allSettled(live);
      transport.close();
    },
  };
}

/** @throws CarrierError rejected */
function senderOf(request: SendMail, config: SmtpConfig): Mailbox {
  const text = request.from.trim() === '' ? (config.from ?? '') : request.from;
  const mailbox = parseMailbox(text);
  if (!mailbox) throw unfit('the sender is no `a@b.c` or `Name <a@b.c>`');
  return mailbox;
}

/** Always the same for one `ref`: a mail sent twice by accident is one mail to many programs. `ref` itself stays here. */
function messageIdOf(ref: string, from: Mailbox): string {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const host = URL.parse(`http://${domain}`)?.hostname || 'localhost';
  return `${createHash('sha256').update(ref).digest('hex').slice(0, 32)}@${host}`;
}

/** A header is one line. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

/** nodemailer encodes what is not ASCII; a subject that looks encoded already must not be decoded into something else. */
function subjectHeader(subject: string) {
  if (!subject.includes('=?')) return { Subject: subject };
  return { Subject: { prepared: true, foldLines: true, value: encodeWord(subject, 'B', 52) } };
}

function unfit(why: string): CarrierError {
  return new CarrierError('rejected', { message: `smtp: ${why}` });
}

function stopped(what: string, retryable: boolean): CarrierError {
  return new CarrierError('timeout', { message: `smtp: ${what} was cancelled`, retryable });
}
