import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import { signature } from './signature.ts';

/** Twilio's limit on any webhook. Real time, whatever the speed: the customer's network is not simulated. */
export const WEBHOOK_TIMEOUT_MS = 15_000;

export interface SignedRequest {
  /** As the customer gave it, absolute; a fragment is not sent. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly parameters: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  /** Signs with another key, or not at all: for forged requests. */
  readonly authToken?: string | null;
  /** Sent instead of what was signed. */
  readonly tamper?: Readonly<Record<string, string>>;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Why a request got no usable answer, with Twilio's code for it. */
export class HttpFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Makes signed requests to the URLs that customers gave, and to no others: HTTP redirects are not followed. */
export class HttpClient {
  readonly #authToken: string;
  readonly #timeoutMs: number;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 256 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 256 });

  constructor(authToken: string, timeoutMs: number) {
    this.#authToken = authToken;
    this.#timeoutMs = timeoutMs;
  }

  /** Any HTTP status resolves. @throws HttpFailure */
  async send(request: SignedRequest): Promise<HttpReply> {
    const form = new URLSearchParams(request.parameters);
    const given = request.url.replace(/#.*$/s, '');
    const isGet = request.method === 'GET';
    const url =
      isGet && form.size > 0 ? `${given}${given.includes('?') ? '&' : '?'}${form.toString()}` : given;
    const target = parseHttpUrl(url);
    if (!target) throw new HttpFailure(11100, 'invalid URL');
    const headers: Record<string, string> = {
      'user-agent': 'TwilioProxy/1.1',
      accept: '*/*',
      'i-twilio-idempotency-token': randomUUID(),
    };
    const key = request.authToken === undefined ? this.#authToken : request.authToken;
    if (key !== null) headers['x-twilio-signature'] = signature(key, url, isGet ? undefined : form);
    let body: string | undefined;
    if (!isGet) {
      body = new URLSearchParams({ ...request.parameters, ...request.tamper }).toString();
      headers['content-type'] = 'application/x-www-form-urlencoded; charset=UTF-8';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    return await this.#exchange(target, {
      method: request.method,
      headers,
      body,
      maxBytes: request.maxBytes,
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #exchange(
    target: URL,
    options: { method: string; headers: Record<string, string>; body: string | undefined; maxBytes: number },
  ): Promise<HttpReply> {
    const secure = target.protocol === 'https:';
    return await new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(target, {
        method: options.method,
        headers: options.headers,
        agent: secure ? this.#https : this.#http,
      });
      const timer = setTimeout(
        () => request.destroy(new HttpFailure(11205, `no answer in ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      request.once('close', () => clearTimeout(timer));
      request.once('error', error =>
        reject(error instanceof HttpFailure ? error : new HttpFailure(11205, 'connection failure', error)),
      );
      request.once('response', response => {
        readBody(response, options.maxBytes).then(
          body =>
            resolve({
              status: response.statusCode ?? 0,
              contentType: (response.headers['content-type'] ?? '').toLowerCase(),
              body,
            }),
          (error: unknown) => {
            request.destroy();
            reject(error instanceof HttpFailure ? error : new HttpFailure(11206, 'broken response', error));
          },
        );
      });
      request.end(options.body);
    });
  }
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new HttpFailure(11750, 'response body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An absolute http or https URL; undefined for anything else. */
export function parseHttpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}
