import { isIPv4 } from 'node:net';

import { z } from 'zod';

/** Twilio's identifiers: two capitals and 32 hex digits. */
const sid = (prefix: string) => z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`));

/** https anywhere; plain http only on this machine, where the simulator is: the request carries the account's password. */
function isApiUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  const host = url.hostname;
  const loopback = host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
  return url.protocol === 'http:' && loopback;
}

/**
 * One Twilio account, for calls and texts. `mode` is how calls are spoken: `media` over a media-stream socket with our own voices,
 * `markup` with Twilio's, for accounts without media streams. Times in milliseconds.
 */
export const twilioConfig = z
  .strictObject({
    type: z.literal('twilio'),
    /** In the path of every URL that this carrier gets. */
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .default('twilio'),
    accountSid: sid('AC'),
    /** Signs what Twilio sends, and is the REST password unless an API key is given. */
    authToken: z.string().min(1),
    apiKeySid: sid('SK').optional(),
    apiKeySecret: z.string().min(1).optional(),
    mode: z.enum(['media', 'markup']),
    baseUrl: z
      .string()
      .refine(isApiUrl, 'must be an https URL, or http on a loopback address')
      .default('https://api.twilio.com'),
    /** Caller id for messages that bring no E.164 sender of their own. */
    from: z.string().regex(/^\+[1-9]\d{5,14}$/, 'must be E.164 with +'),
    /** Texts without a number of their own go out from this service's pool instead of `from`. */
    messagingServiceSid: sid('MG').optional(),
    /** Whether a sender such as `InfoSMS` is passed on. Some countries (the US, Canada) refuse every one. */
    wordSenders: z.boolean().default(true),
    /** A media socket that sends more for long is closed. Twilio sends 50; a simulator at speed 10, ten times that. */
    maxFramesPerSecond: z.number().int().min(100).max(100_000).default(200),
    requestTimeoutMs: z.number().int().min(100).max(120_000).default(10_000),
  })
  .refine(config => (config.apiKeySid === undefined) === (config.apiKeySecret === undefined), {
    path: ['apiKeySecret'],
    message: 'apiKeySid and apiKeySecret go together',
  });

export type TwilioConfig = z.output<typeof twilioConfig>;
/** As an operator writes it, defaults left out. */
export type TwilioConfigInput = z.input<typeof twilioConfig>;
