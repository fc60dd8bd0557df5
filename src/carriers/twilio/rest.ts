import type { Clock } from '../../clock.ts';
import { CarrierError } from '../../errors.ts';
import { readJson } from '../read-json.ts';
import type { TwilioConfig } from './config.ts';

/** Twilio's answers are a few KB; more is not Twilio. */
const MAX_REPLY_BYTES = 64 * 1024;

export interface RestReply {
  readonly status: number;
  /** Parsed JSON, or undefined where the body was none. */
  readonly json: unknown;
  /** Of a Retry-After header in seconds. */
  readonly retryAfterMs: number | undefined;
}

interface RestRequest {
  readonly what: string;
  /** Below the account. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

export interface TwilioRest {
  /**
   * One form POST below the account. Resolves with any answer of the API, whatever its status.
   * @throws CarrierError unreachable or timeout; `retryable` only if the request cannot have been sent
   */
  post(request: RestRequest & { form: URLSearchParams }): Promise<RestReply>;
  /** One GET below the account, which changes nothing: the same answers and errors. */
  get(request: RestRequest & { query: URLSearchParams }): Promise<RestReply>;
}

/** The REST side of one account. `fetch` keeps its connections alive between calls. */
export function createTwilioRest(
  config: TwilioConfig,
  deps: { fetch: typeof fetch; clock: Clock },
): TwilioRest {
  const user = config.apiKeySid ?? config.accountSid;
  const password = config.apiKeySecret ?? config.authToken;
  const headers = {
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    accept: 'application/json',
  };
  const account = `${config.baseUrl.replace(/\/+$/, '')}/2010-04-01/Accounts/${config.accountSid}`;

  const send = async ({ what, path, signal }: RestRequest, init: RequestInit): Promise<RestReply> => {
    if (signal?.aborted) throw cancelled(what, signal, true);
    const timeout = new AbortController();
    const timer = deps.clock.after(config.requestTimeoutMs, () => timeout.abort());
    try {
      const response = await deps.fetch(`${account}${path}`, {
        ...init,
        // A redirect would carry the account's password to another place.
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
      });
      return {
        status: response.status,
        json: await readJson(response, MAX_REPLY_BYTES),
        retryAfterMs: retryAfter(response),
      };
    } catch (error) {
      if (signal?.aborted) throw cancelled(what, signal, false);
      if (timeout.signal.aborted) {
        throw new CarrierError('timeout', {
          message: `twilio: ${what} got no answer in ${config.requestTimeoutMs} ms`,
          cause: error,
        });
      }
      throw unreachable(what, error);
    } finally {
      timer.cancel();
    }
  };

  return {
    post: async ({ form, ...request }) =>
      await send(request, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      }),
    get: async ({ query, path, ...request }) =>
      await send({ ...request, path: `${path}?${query.toString()}` }, { method: 'GET', headers }),
  };
}

/** Why the API refused, by HTTP status and Twilio's own code. Its text is left out: it repeats numbers. */
export function refusal(what: string, reply: RestReply): CarrierError {
  const carrierCode = codeOf(reply.json);
  const message = `twilio: ${what} answered ${reply.status}${carrierCode ? ` (${carrierCode})` : ''}`;
  const detail = { message, ...(carrierCode ? { carrierCode } : {}) };
  if (reply.status === 429 || carrierCode === '20429') {
    // Refused before anything happened: no call to double.
    return new CarrierError('rate-limited', {
      ...detail,
      retryable: true,
      cause: { retryAfterMs: reply.retryAfterMs },
    });
  }
  if (reply.status === 401 || reply.status === 403) return new CarrierError('unauthorized', detail);
  if (reply.status >= 400 && reply.status < 500) return new CarrierError('rejected', detail);
  if (reply.status >= 500) return new CarrierError('server', detail);
  return new CarrierError('protocol', detail);
}

/** `code` of Twilio's error body, digits only. */
export function codeOf(json: unknown): string | undefined {
  const code = isRecord(json) ? json['code'] : undefined;
  return typeof code === 'number' && Number.isSafeInteger(code) && code > 0 ? String(code) : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function retryAfter(response: Response): number | undefined {
  const seconds = response.headers.get('retry-after') ?? '';
  return /^\d{1,5}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function cancelled(what: string, signal: AbortSignal, retryable: boolean): CarrierError {
  return new CarrierError('timeout', {
    message: `twilio: ${what} was cancelled`,
    retryable,
    cause: signal.reason,
  });
}

function unreachable(what: string, error: unknown): CarrierError {
  const code = errorCode(error);
  return new CarrierError('unreachable', {
    message: `twilio: ${what} failed${code ? ` (${code})` : ''}`,
    retryable: wasNeverSent(error),
    cause: error,
  });
}

/** Failures of name look-up, of connecting and of the TLS handshake: the request line was never written. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
/** These also come from a live connection; only the system call tells. */
const BEFORE_SENDING_IF_CONNECTING = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ETIMEDOUT']);

function wasNeverSent(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return cause.errors.length > 0 && cause.errors.every(wasNeverSent);
  const code = errorCode(cause) ?? '';
  if (BEFORE_SENDING.has(code)) return true;
  const connecting = isRecord(cause) && cause['syscall'] === 'connect';
  return connecting && BEFORE_SENDING_IF_CONNECTING.has(code);
}

/** fetch wraps the socket's error in a bare TypeError. */
function errorCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; isRecord(current) && depth < 3; current = current['cause'], depth++) {
    const code = current['code'];
    if (typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code)) return code;
  }
  return undefined;
}
