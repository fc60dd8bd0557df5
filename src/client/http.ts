import { errorOf, SaypinError } from './error.ts';

export interface HttpOptions {
  /** Where the service is, with its path if it has one: `https://pins.example.com`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Absent: the global one. */
  readonly fetch?: typeof fetch;
  /** For one try. Default 30 s. */
  readonly timeoutMs?: number;
  /** Beyond the first try, of what can be repeated without harm. Default 2. */
  readonly maxRetries?: number;
  /** Waits; for tests. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Makes a POST one that can be repeated. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 2;
const BACKOFF_MS = 250;
/** A service that wants more time than that is better heard by whoever called. */
const MAX_WAIT_MS = 5_000;
/** Nothing was done, or nobody knows: worth another try. 429 is not, the limit is somebody's wish. */
const RETRYABLE = new Set([502, 503, 504]);

/** JSON over fetch, with retries of what can be repeated. Resolves with the body, undefined where there is none. */
export function createHttp(options: HttpOptions) {
  const { apiKey, timeoutMs = TIMEOUT_MS, maxRetries = RETRIES } = options;
  const base = options.baseUrl.replace(/\/+$/, '');
  const ask = options.fetch ?? fetch;
  const sleep = options.sleep ?? (ms => new Promise<void>(resolve => void setTimeout(resolve, ms)));

  return async function send<Body>(request: HttpRequest): Promise<Body> {
    const repeatable = request.method !== 'POST' || request.idempotencyKey !== undefined;
    for (let tries = 0; ; tries++) {
      try {
        return await once<Body>(request);
      } catch (error) {
        const waitMs = repeatable && tries < maxRetries ? retryIn(error, tries) : undefined;
        if (waitMs === undefined || request.signal?.aborted) throw error;
        await sleep(waitMs);
      }
    }
  };

  async function once<Body>(request: HttpRequest): Promise<Body> {
    const { method, path, query = {}, body, idempotencyKey, signal } = request;
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await ask(url, {
        method,
        headers: {
          authorization: `App ${apiKey}`,
          accept: 'application/json, application/problem+json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      text = await response.text();
    } catch (cause) {
      throw new SaypinError('no answer from the service', { status: 0, cause });
    }
    if (!response.ok) throw errorOf(response, text);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }
}

export type Http = ReturnType<typeof createHttp>;

/** Undefined: another try is of no use. */
function retryIn(error: unknown, tries: number): number | undefined {
  if (!(error instanceof SaypinError)) return undefined;
  const { status, retryAfterSeconds } = error;
  const again = status === 0 || RETRYABLE.has(status) || error.is('idempotency-in-progress');
  if (!again) return undefined;
  const waitMs = retryAfterSeconds === undefined ? BACKOFF_MS * 2 ** tries : retryAfterSeconds * 1_000;
  return waitMs <= MAX_WAIT_MS ? waitMs : undefined;
}
