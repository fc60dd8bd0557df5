import { z } from 'zod';

import { keyAnswer, keyList, newKeyAnswer, userAnswer, userList } from '../api/auth/access-schemas.ts';
import type { Backend } from './backend.ts';
import { CliError } from './cli-error.ts';
import { noSuch, refusal } from './refusals.ts';

const TIMEOUT_MS = 10_000;

/** The running service, through `/v1/keys` and `/v1/users`. */
export function serviceBackend(options: { url: string; apiKey: string }): Backend {
  const { url, apiKey } = options;

  async function ask<Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: Schema,
    options: { body?: unknown; missing?: CliError } = {},
  ): Promise<z.output<Schema>> {
    const { status, text } = await send(`${url}${path}`, {
      method,
      // To another host the key would go along.
      redirect: 'error',
      headers: {
        authorization: `App ${apiKey}`,
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
      },
      body: options.body === undefined ? null : JSON.stringify(options.body),
    });
    if (status === 404 && options.missing) throw options.missing;
    if (status >= 400) throw problemOf(url, status, text);
    const answer = schema.safeParse(parseJson(text));
    if (!answer.success) throw notOurs(url);
    return answer.data;
  }

  return {
    createKey: body => ask('POST', '/v1/keys', newKeyAnswer, { body }),
    listKeys: async () => (await ask('GET', '/v1/keys', keyList)).keys,
    revokeKey: id =>
      ask('DELETE', `/v1/keys/${encodeURIComponent(id)}`, keyAnswer, { missing: noSuch('key', id) }),
    addUser: body => ask('POST', '/v1/users', userAnswer, { body }),
    listUsers: async () => (await ask('GET', '/v1/users', userList)).users,
    removeUser: username =>
      ask('DELETE', `/v1/users/${encodeURIComponent(username)}`, userAnswer, {
        missing: noSuch('user', username),
      }),
    close: async () => {},
  };
}

/** Whether Saypin answers there; false when nobody listens. Asked without the key, which is nobody else's. */
export async function isServiceAt(url: string, withinMs = TIMEOUT_MS): Promise<boolean> {
  let answer: { status: number; text: string };
  try {
    answer = await send(`${url}/health/live`, { redirect: 'error' }, withinMs);
  } catch (error) {
    if (error instanceof Unreachable && error.code === 'ECONNREFUSED') return false;
    throw error;
  }
  const health = z.object({ status: z.literal('live') }).safeParse(parseJson(answer.text));
  if (!health.success) throw notOurs(url);
  return true;
}

class Unreachable extends CliError {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super('unreachable', message);
    this.code = code;
  }
}

/** One request, and its answer whatever it is. @throws CliError unreachable */
export async function send(
  url: string,
  request: RequestInit,
  withinMs = TIMEOUT_MS,
): Promise<{ status: number; text: string; headers: Headers }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(withinMs) });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error & { code?: string } };
    const reason = cause?.message || cause?.code || message;
    throw new Unreachable(`${new URL(url).origin} does not answer: ${reason}`, cause?.code);
  }
}

function problemOf(url: string, status: number, text: string): CliError {
  const envelope = z
    .object({
      requestError: z.object({
        serviceException: z.object({
          text: z.string(),
          validationErrors: z.record(z.string(), z.array(z.string())).optional(),
        }),
      }),
    })
    .safeParse(parseJson(text));
  if (!envelope.success || status === 404) return notOurs(url);
  if (status === 401) {
    return new CliError(
      'notAllowed',
      `${url} does not know this API key: set API_KEY to the service's own, or DATA_DIR to its folder`,
    );
  }
  if (status === 403) {
    return new CliError(
      'notAllowed',
      'this API key may not manage keys: use the service’s own, or one with the scope keys:manage',
    );
  }
  const { serviceException } = envelope.data.requestError;
  if (status === 400 && serviceException.validationErrors) return refusal(serviceException.validationErrors);
  return new CliError('failed', `the service answered ${status}: ${serviceException.text}`);
}

export function notOurs(url: string): CliError {
  return new CliError(
    'unreachable',
    `what answers at ${url} is not this version of Saypin: say with --url or PORT where it is`,
  );
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
