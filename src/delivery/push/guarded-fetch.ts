import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

import type { Clock } from '../../clock.ts';
import { isAllowedAddress, vetUrl, type GuardSettings, type VettedUrl } from './address-guard.ts';
import { createResolver, type Resolve } from './resolver.ts';

/** A request to a URL that a customer gave. */
export interface GuardedRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of the answer's body; 64 KiB unless told otherwise. */
  readonly maxBytes?: number;
  /** For all of it, from the look-up of the name to the body's end; 15 s unless told otherwise. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The body went on, or was cut off; it holds what came within the limits. */
  readonly truncated: boolean;
}

export interface GuardedFetch {
  /**
   * One request, one answer: no redirect is followed, no connection reused. A body that is too long or too slow is cut
   * off (`truncated`): with a webhook the status is the answer.
   * @throws GuardedFetchError
   */
  readonly guardedFetch: (request: GuardedRequest) => Promise<GuardedResponse>;
  /** The whole body of a 200. @throws GuardedFetchError, `too-large` and `timeout` included, `status` for other answers */
  readonly fetchBytes: (url: string, limits?: FetchLimits) => Promise<Buffer>;
}

export type FetchLimits = Pick<GuardedRequest, 'maxBytes' | 'timeoutMs' | 'signal'>;

export interface GuardedFetchDeps extends GuardSettings {
  readonly clock: Clock;
  readonly resolve?: Resolve;
  /** Certificate authorities instead of the built-in ones, PEM. */
  readonly ca?: string;
  readonly userAgent?: string;
}

export type GuardedFetchReason =
  /** The URL or an address of its host is not allowed. */
  | 'blocked'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'aborted'
  /** No HTTP, or broken off. */
  | 'protocol'
  | 'too-large'
  /** `fetchBytes`: an answer other than 200. */
  | 'status';

/** Why there is no answer. The message names no part of the URL, which may hold secrets. */
export class GuardedFetchError extends Error {
  readonly reason: GuardedFetchReason;
  /** The URL itself is at fault: it will not do better later. */
  readonly permanent: boolean;

  constructor(
    reason: GuardedFetchReason,
    detail: { what?: string; permanent?: boolean; cause?: unknown } = {},
  ) {
    super(detail.what === undefined ? reason : `${reason}: ${detail.what}`, { cause: detail.cause });
    this.name = 'GuardedFetchError';
    this.reason = reason;
    this.permanent = detail.permanent ?? false;
  }
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_AUDIO_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 15_000;
/** A name with more addresses than this is no server's. */
const MAX_ADDRESSES = 32;
/** How long one of several addresses may take to connect before the next is tried. */
const ADDRESS_TIMEOUT_MS = 2_000;

/**
 * An HTTP(S) client for URLs that customers give (security.md "Surfaces": SSRF). The name is resolved once, every
 * address that comes back must be allowed, and the connection goes to those addresses: what the name means a moment
 * later does not matter.
 */
export function createGuardedFetch(deps: GuardedFetchDeps): GuardedFetch {
  const resolve = deps.resolve ?? createResolver(deps);

  async function vettedAddresses({ hostname, literal }: VettedUrl): Promise<readonly string[]> {
    if (literal) return [hostname];
    let addresses: readonly string[];
    try {
      addresses = await resolve(hostname);
    } catch (cause) {
      throw new GuardedFetchError('dns', { cause });
    }
    if (addresses.length === 0) throw new GuardedFetchError('dns', { what: 'no address' });
    if (
      addresses.length > MAX_ADDRESSES ||
      !addresses.every(address => isAllowedAddress(address, deps.allowPrivate))
    ) {
      throw new GuardedFetchError('blocked', { what: 'resolved address' });
    }
    return addresses;
  }

  async function exchange(request: GuardedRequest, whole: boolean): Promise<GuardedResponse> {
    const vetted = vetUrl(request.url, deps);
    if (typeof vetted === 'string') throw new GuardedFetchError('blocked', { what: vetted, permanent: true });
    const deadline = startDeadline(deps.clock, request);
    try {
      const addresses = await deadline.race(vettedAddresses(vetted));
      const response = await send({ request, vetted, addresses, deps, deadline: deadline.signal });
      return await readBody(response, {
        maxBytes: request.maxBytes ?? MAX_BODY_BYTES,
        deadline: deadline.signal,
        whole,
      });
    } finally {
      deadline.end();
    }
  }

  return {
    guardedFetch: request => exchange(request, false),
    async fetchBytes(url, limits = {}) {
      const { status, body } = await exchange({ maxBytes: MAX_AUDIO_BYTES, ...limits, url }, true);
      if (status !== 200) throw new GuardedFetchError('status', { what: String(status) });
      return body;
    },
  };
}

interface Deadline {
  /** Its reason is a GuardedFetchError. */
  readonly signal: AbortSignal;
  race<Result>(work: Promise<Result>): Promise<Result>;
  end(): void;
}

function startDeadline(clock: Clock, { timeoutMs = TIMEOUT_MS, signal }: GuardedRequest): Deadline {
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort(new GuardedFetchError('timeout')));
  const onAbort = (): void => controller.abort(new GuardedFetchError('aborted'));
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    async race(work) {
      const { promise, reject } = Promise.withResolvers<never>();
      const late = (): void => reject(controller.signal.reason);
      if (controller.signal.aborted) late();
      else controller.signal.addEventListener('abort', late, { once: true });
      // The loser must not become an unhandled rejection.
      work.catch(() => {});
      return await Promise.race([promise, work]);
    },
    end() {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** Sends the request and resolves with the head of the answer. */
async function send(exchange: {
  request: GuardedRequest;
  vetted: VettedUrl;
  addresses: readonly string[];
  deps: GuardedFetchDeps;
  deadline: AbortSignal;
}): Promise<IncomingMessage> {
  const { request, vetted, addresses, deps, deadline } = exchange;
  const { url, hostname, port, secure, literal } = vetted;
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // Options of net.connect, which http hands on.
  const connection = {
    lookup: vettedLookup(addresses),
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
  };
  const message: ClientRequest = (secure ? httpsRequest : httpRequest)({
    hostname,
    port,
    path: `${url.pathname}${url.search}`,
    method: request.method ?? 'GET',
    headers: {
      host: url.host,
      'user-agent': deps.userAgent ?? 'saypin',
      'accept-encoding': 'identity',
      ...request.headers,
      ...(body !== undefined && { 'content-length': body.length }),
    },
    // A connection of its own: none is left open to a customer's server, none is shared between customers.
    agent: false,
    ...connection,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    ...(secure && {
      servername: literal ? '' : hostname,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(deps.ca !== undefined && { ca: deps.ca }),
    }),
  });
  const stop = (): void => void message.destroy(deadline.reason);
  let phase: 'connect' | 'tls' | 'protocol' = 'connect';
  message.on('socket', socket => {
    socket.once('connect', () => (phase = secure ? 'tls' : 'protocol'));
    socket.once('secureConnect', () => (phase = 'protocol'));
  });
  message.on('response', resolve);
  // An upgrade that nobody asked for.
  message.on('upgrade', (_, socket) => {
    socket.destroy();
    reject(new GuardedFetchError('protocol', { what: 'upgrade' }));
  });
  // Stays after the answer's head: an error must always have a listener.
  message.on('error', (error: unknown) => reject(asFetchError(error, phase)));
  message.on('close', () => reject(new GuardedFetchError('protocol', { what: 'closed' })));
  if (deadline.aborted) stop();
  else deadline.addEventListener('abort', stop, { once: true });
  message.end(body);
  return await promise;
}

/** Answers with the addresses that were vetted and asks nobody. */
function vettedLookup(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_hostname, options, callback) => {
    const first = answers[0]!;
    if (options.all) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

/**
 * Reads up to `maxBytes` and hangs up. `whole`: anything less than the whole body is an error; else what came is good
 * enough.
 */
async function readBody(
  response: IncomingMessage,
  { maxBytes, deadline, whole }: { maxBytes: number; deadline: AbortSignal; whole: boolean },
): Promise<GuardedResponse> {
  const chunks: Buffer[] = [];
  let length = 0;
  let failure: GuardedFetchError | undefined;
  try {
    for await (const chunk of response) {
      const bytes = chunk as Buffer;
      chunks.push(bytes.subarray(0, maxBytes - length));
      length += bytes.length;
      if (length > maxBytes) {
        failure = new GuardedFetchError('too-large');
        // Leaving the loop destroys the answer and its connection.
        break;
      }
    }
  } catch (error) {
    failure = deadline.aborted
      ? (deadline.reason as GuardedFetchError)
      : new GuardedFetchError('protocol', { what: 'broken off', cause: error });
  }
  if (failure && whole) throw failure;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks),
    truncated: failure !== undefined,
  };
}

function asFetchError(error: unknown, phase: GuardedFetchReason): GuardedFetchError {
  if (error instanceof GuardedFetchError) return error;
  const { code = 'unknown' } = error as { code?: string };
  return new GuardedFetchError(phase, { what: code, cause: error });
}
