import { isIPv4 } from 'node:net';

import { z } from 'zod';

import { parseMailbox } from './address.ts';

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/**
 * One SMTP server that takes our mail. Off this machine TLS is a must (from the start with `secure`, else STARTTLS) unless
 * `requireTls` is set to false, for a relay on a network of one's own; with a password it is a must always.
 * Times in milliseconds.
 */
export const smtpConfig = z
  .strictObject({
    type: z.literal('smtp'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .default('smtp'),
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be a host name or an IP address'),
    port: z.number().int().min(1).max(65_535),
    /** TLS from the first byte (port 465). */
    secure: z.boolean().default(false),
    /** Refuse to go on without STARTTLS. */
    requireTls: z.boolean().optional(),
    /** A certificate authority of one's own, as PEM. */
    ca: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
    user: z.string().min(1).optional(),
    pass: z.string().min(1).optional(),
    /** Sender of mails that bring none of their own. */
    from: z
      .string()
      .refine(text => parseMailbox(text) !== undefined, 'must be `a@b.c` or `Name <a@b.c>`')
      .optional(),
    maxConnections: z.number().int().min(1).max(100).default(5),
    /** One mail from here to the server's 250, the wait for a free connection included. */
    requestTimeoutMs: z.number().int().min(100).max(600_000).default(30_000),
  })
  .refine(config => (config.user === undefined) === (config.pass === undefined), {
    path: ['pass'],
    message: 'user and pass go together',
  })
  .transform(config => ({
    ...config,
    requireTls: config.requireTls ?? (!config.secure && !isLoopback(config.host)),
  }))
  .refine(
    config => config.user === undefined || config.secure || config.requireTls || isLoopback(config.host),
    {
      path: ['requireTls'],
      message: 'must not be false where a password is sent',
    },
  );

export type SmtpConfig = z.output<typeof smtpConfig>;
/** As an operator writes it, defaults left out. */
export type SmtpConfigInput = z.input<typeof smtpConfig>;
