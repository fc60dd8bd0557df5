import { fillWritten, looksLikeSsml, SsmlError, writtenText, writtenValue } from '../../../ivr/index.ts';
import type { PinMessageContent } from '../../domain/pin-message.ts';
import type { EmailText } from '../context.ts';

/**
 * For templates whose `emailTemplateId` the configuration does not know. The PIN is not in the subject: subjects are
 * shown on locked screens and kept in the logs of mail servers.
 */
export const DEFAULT_EMAIL_TEXT: EmailText = {
  subject: 'Your verification code',
  text: [
    'Your verification code is {{pin}}',
    '',
    'Do not share it with anyone. If you did not ask for it, you can ignore this message.',
    '',
  ].join('\n'),
  html: [
    '<!doctype html><html><body>',
    '<p>Your verification code is</p>',
    '<p style="font-size:28px;letter-spacing:4px"><strong>{{pin}}</strong></p>',
    '<p>Do not share it with anyone. If you did not ask for it, you can ignore this message.</p>',
    '</body></html>',
  ].join('\n'),
};

type Sms = Extract<PinMessageContent, { channel: 'sms' }>;
type Email = Extract<PinMessageContent, { channel: 'email' }>;

/** A text as it is sent. Holds the PIN: never logged. */
export function smsWords({ text, placeholders }: Sms, pin: string): string {
  return fillWritten(plain(text), { pin, placeholders });
}

/** A mail as it is sent: values escaped in HTML, on one line in the subject. Holds the PIN: never logged. */
export function emailWords({ subject, text, html, placeholders }: Email, pin: string): EmailText {
  const values = { pin, placeholders };
  return {
    subject: fillWritten(subject, values, headerValue),
    text: fillWritten(text, values),
    ...(html !== undefined && { html: fillWritten(html, values, htmlValue) }),
  };
}

/** What only looks like SSML was meant as it is written. */
function plain(text: string): string {
  if (!looksLikeSsml(text)) return text;
  try {
    return writtenText(text);
  } catch (error) {
    if (error instanceof SsmlError) return text;
    throw error;
  }
}

function headerValue(value: string): string {
  return writtenValue(value)
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function htmlValue(value: string): string {
  return writtenValue(value).replace(/[&<>"']/g, symbol => ENTITIES[symbol] ?? '');
}
