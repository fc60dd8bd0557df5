import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import type { RawWebhook } from '../carrier.ts';
import { decodeForm } from './form.ts';

/**
 * `X-Twilio-Signature` (carrier-protocols.md 1.5): base64(HMAC-SHA1(auth token, URL + sorted name and value of every
 * form field)). A media socket's upgrade is signed as a GET of its wss URL.
 */
export function verifyTwilioSignature(authToken: string, request: RawWebhook): boolean {
  const given = request.headers['x-twilio-signature'];
  if (typeof given !== 'string') return false;
  const suffix = signedFields(request);
  if (suffix === undefined) return false;
  let valid = false;
  // Every candidate is computed, so that the time taken says nothing about which one matched.
  for (const url of urlForms(request.url)) {
    if (equal(given, signTwilio(authToken, url + suffix))) valid = true;
  }
  return valid;
}

/** The signature of an already assembled text. */
export function signTwilio(authToken: string, text: string): string {
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64');
}

/** What is signed after the URL; undefined when the request cannot have been signed. */
function signedFields(request: RawWebhook): string | undefined {
  const bodyHashes = queryValues(request.url, 'bodySHA256');
  if (bodyHashes.length > 0) {
    const [expected, ...more] = bodyHashes;
    const actual = createHash('sha256').update(request.rawBody).digest('hex');
    return expected !== undefined && more.length === 0 && equal(expected, actual) ? '' : undefined;
  }
  // A body outside a form, or one on a GET, is covered by nothing.
  if (request.method !== 'POST')
    return request.method === 'GET' && request.rawBody.length === 0 ? '' : undefined;
  if (request.rawBody.length > 0 && !isForm(request)) return undefined;
  const pairs = decodeForm(request.rawBody);
  return pairs && joinFields(pairs);
}

/** Names sorted by UTF-16 code unit; the values of a repeated name are de-duplicated and sorted. */
function joinFields(pairs: readonly (readonly [string, string])[]): string {
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of pairs) {
    const values = fields.get(name) ?? new Set<string>();
    fields.set(name, values.add(value));
  }
  return [...fields.keys()]
    .toSorted()
    .flatMap(name => [...(fields.get(name) ?? [])].toSorted().map(value => name + value))
    .join('');
}

export function isForm(request: RawWebhook): boolean {
  const type = request.headers['content-type'] ?? '';
  return /^application\/x-www-form-urlencoded(?:\s*;|\s*$)/i.test(type);
}

/**
 * The URL as it was handed out, and with its port taken away or the default one written out: Twilio is not
 * consistent about ports. Nothing else is normalised; our URLs hold unreserved characters only.
 */
function urlForms(url: string): readonly string[] {
  const match = /^(https?|wss?):\/\/([^/?#@]*)([^]*)$/.exec(url);
  if (!match) return [url];
  const [, scheme = '', authority = '', rest = ''] = match;
  const port = /:\d*$/.exec(authority)?.[0];
  if (port !== undefined) return [url, `${scheme}://${authority.slice(0, -port.length)}${rest}`];
  const standard = scheme === 'https' || scheme === 'wss' ? 443 : 80;
  return [url, `${scheme}://${authority}:${standard}${rest}`];
}

function queryValues(url: string, name: string): string[] {
  const start = url.indexOf('?');
  return start === -1 ? [] : new URLSearchParams(url.slice(start + 1)).getAll(name);
}

/** Constant time; only the length, which is public, ends it early. */
function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given, 'utf8');
  const b = Buffer.from(expected, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
