import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

/** What a customer's URL may name. */
export interface GuardSettings {
  /** Development only: private networks and loopback, names without a dot, and (unless `allowHttp` says otherwise) http. */
  readonly allowPrivate: boolean;
  /** Plain http. Default: as `allowPrivate`. */
  readonly allowHttp?: boolean;
}

/** A URL that passed, taken apart for the connection. */
export interface VettedUrl {
  readonly url: URL;
  readonly secure: boolean;
  /** Without the brackets of IPv6. */
  readonly hostname: string;
  readonly port: number;
  /** The hostname is an address itself: nothing to resolve. */
  readonly literal: boolean;
}

/** As long as common clients and servers take. */
const MAX_URL_LENGTH = 2048;

/** The "bad ports" of the Fetch standard (2.9): services that can be made to act by what an HTTP client says. */
const BAD_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Names that never lead to a customer's public server (RFC 6761, 6762, 7686, 8375, 9476, ICANN's `internal`). */
const SPECIAL_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|onion|alt)$/;

/** Metadata and platform services outside link-local space: refused even where private networks are allowed. */
const METADATA = new Set(['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254']);

const DEVELOPMENT_RANGES = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Checks everything about a URL that can be known before its name is resolved: scheme, port, no credentials, and a host
 * that is written as it is meant. A host that a parser has to rewrite (octal, hex or one-number addresses, escapes,
 * full-width digits, soft hyphens, a dot at the end) is refused, since two parsers may disagree about it; an IDN must
 * come as `xn--…`.
 *
 * @returns the URL, or why it is refused (for the log: names no part of the URL)
 */
export function vetUrl(text: string, settings: GuardSettings): VettedUrl | string {
  const { allowPrivate, allowHttp = allowPrivate } = settings;
  if (text.length > MAX_URL_LENGTH) return 'too long';
  if (!/^[^\s\\\p{Cc}]+$/u.test(text)) return 'characters outside URLs';
  if (!URL.canParse(text)) return 'not a URL';
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  if (!secure && !(allowHttp && url.protocol === 'http:')) return 'scheme';
  if (url.username !== '' || url.password !== '') return 'credentials';
  if (hostAsWritten(text) !== url.hostname) return 'spelling of the host';
  const port = url.port === '' ? defaultPort(secure) : Number(url.port);
  if (BAD_PORTS.has(port)) return 'port';

  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const literal = isIP(hostname) !== 0;
  if (literal && !isAllowedAddress(hostname, allowPrivate)) return 'address';
  if (!literal && !isAllowedName(hostname, allowPrivate)) return 'host name';
  return { url, secure, hostname, port, literal };
}

/**
 * Whether a connection may go to this address: public unicast, or in development also private networks and loopback.
 * Addresses that carry another one (mapped, translated, 6to4, Teredo …) and those of metadata services never.
 */
export function isAllowedAddress(text: string, allowPrivate: boolean): boolean {
  // A zone (`fe80::1%eth0`) has no place in a URL or an answer of the DNS.
  if (text.includes('%') || isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (METADATA.has(address.toString())) return false;
  const range = address.range();
  if (allowPrivate && DEVELOPMENT_RANGES.has(range)) return true;
  if (range !== 'unicast') return false;
  // Of IPv6 only 2000::/3 is given out; the rest holds IPv4-compatible, site-local and locally translated addresses.
  return !(address instanceof ipaddr.IPv6) || address.match(GLOBAL_UNICAST_V6);
}

function isAllowedName(hostname: string, allowPrivate: boolean): boolean {
  if (hostname.length > 253 || !hostname.split('.').every(label => LABEL.test(label))) return false;
  return allowPrivate || (hostname.includes('.') && !SPECIAL_NAMES.test(hostname));
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** The host between `//` and port, path, query or fragment, before any parser touches it. */
function hostAsWritten(text: string): string | undefined {
  return /^https?:\/\/(\[[^\]/?#]*\]|[^/?#:@[\]]*)(:\d*)?([/?#]|$)/i.exec(text)?.[1]?.toLowerCase();
}

function defaultPort(secure: boolean): number {
  return secure ? 443 : 80;
}
