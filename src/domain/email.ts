import { domainToASCII } from 'node:url';

import type { Destination, E164, EmailAddress } from './types.ts';
import { toMsisdn } from './phone.ts';

/** RFC 5321 4.5.3.1: the whole path without its brackets, and the part before the @. */
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;

/** A dot-atom of RFC 5322 3.2.3, with the letters of RFC 6532. Quoted local parts are not taken: nobody has one. */
const ATOM = String.raw`[\p{L}\p{N}\p{M}!#$%&'*+/=?^_\x60{|}~-]+`;
const LOCAL = new RegExp(String.raw`^${ATOM}(?:\.${ATOM})*$`, 'u');
/** What a host name is made of before it becomes ASCII; the URL parser behind that step would cut off a path or a port. */
const HOST = /^[\p{L}\p{N}\p{M}.-]+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A mailbox in one spelling, so that `John@Example.com` and `john@example.com` share their limits: lower case, the
 * domain in its ASCII form. Undefined: not an address that mail could reach. What follows a `+` is kept, since only
 * its provider knows whether it means anything.
 */
export function parseEmail(input: string): EmailAddress | undefined {
  const text = input.trim().normalize('NFC').toLowerCase();
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  if (Buffer.byteLength(local) > MAX_LOCAL || !LOCAL.test(local)) return undefined;
  const host = text.slice(at + 1);
  const domain = HOST.test(host) ? domainToASCII(host) : '';
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every(label => LABEL.test(label))) return undefined;
  // A number there is an IP address, and those stand in brackets.
  if (/^\d+$/.test(labels.at(-1) ?? '')) return undefined;
  const address = `${local}@${domain}`;
  return Buffer.byteLength(address) <= MAX_ADDRESS ? (address as EmailAddress) : undefined;
}

/** Anything that could begin another header. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** What a display name cannot hold, even in quotes, without escapes. */
const BAD_NAME = /[<>"\\]/;
const MAX_NAME = 200;
/** RFC 5322 3.2.3: only inside quotes do these stand for themselves. */
const SPECIALS = /[(),.:;@[\]]/;

/**
 * A sender as Infobip writes it: `a@b.c` or `Name <a@b.c>`. The address is checked and kept as written, the name quoted
 * where it must be; undefined: neither of the two forms.
 */
export function parseMailbox(input: string): string | undefined {
  const text = input.trim();
  if (CONTROL.test(text)) return undefined;
  const named = /^(?:"([^"]*)"|([^<]*?))\s*<([^<>]+)>$/.exec(text);
  const address = (named ? (named[3] ?? '') : text).trim();
  if (!parseEmail(address) || BAD_NAME.test(address)) return undefined;
  if (!named) return address;
  const name = (named[1] ?? named[2] ?? '').trim();
  if (BAD_NAME.test(name) || name.length > MAX_NAME) return undefined;
  if (name === '') return address;
  return SPECIALS.test(name) ? `"${name}" <${address}>` : `${name} <${address}>`;
}

export function isEmail(to: Destination): to is EmailAddress {
  return to.includes('@');
}

export function isNumber(to: Destination): to is E164 {
  return !isEmail(to);
}

/** As Infobip writes a destination: digits without the plus, or the address. */
export function destinationText(to: Destination): string {
  return isNumber(to) ? toMsisdn(to) : to;
}
