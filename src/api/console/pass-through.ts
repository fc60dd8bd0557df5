import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';

import { ServiceError } from '../../errors.ts';
import type { ConsoleApp } from './context.ts';
import { callerOf, OPTIONAL, PAGE_HEADER } from './session-routes.ts';

const PREFIX = '/console/api';
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies HTTPMethods[];
/** The public API, and nothing else of this server. */
const PUBLIC = ['/v1/', '/2fa/2/', '/tts/3/', '/sms/', '/number/'] as const;
const SENT = ['accept', 'content-type', 'idempotency-key'] as const;
const ANSWERED = ['content-type', 'location', 'retry-after', 'idempotent-replayed', 'allow'] as const;

/**
 * `/console/api/v1/…` is `/v1/…` with the key of the session: whatever the console can do, a customer's program can do.
 * Scopes, limits and errors are those of the public route.
 */
export function passThrough(app: ConsoleApp): void {
  app.route({
    method: [...METHODS],
    url: `${PREFIX}/*`,
    schema: { hide: true },
    handler: async (request, reply) => {
      const url = publicUrlOf(request);
      const answer = await app.inject({
        method: request.method as (typeof METHODS)[number],
        url,
        headers: { ...pick(request.headers, SENT), authorization: callerOf(request).authorization },
        remoteAddress: request.ip,
        ...(typeof request.body === 'string' && request.body !== '' && { payload: request.body }),
      });
      const missing = answer.statusCode === 404 && request.headers[PAGE_HEADER] === OPTIONAL;
      return missing ? await reply.code(204).send() : await passOn(reply, answer);
    },
  });
}

async function passOn(
  reply: FastifyReply,
  answer: { statusCode: number; headers: Record<string, unknown>; rawPayload: Buffer },
): Promise<FastifyReply> {
  reply.code(answer.statusCode).headers(pick(answer.headers, ANSWERED));
  return await reply.send(answer.rawPayload.length > 0 ? answer.rawPayload : undefined);
}

/** @throws ServiceError notFound for what is no path of the public API, however it is written */
function publicUrlOf(request: FastifyRequest): string {
  const rest = request.raw.url?.slice(PREFIX.length) ?? '';
  const url = URL.parse(rest, 'http://console.invalid');
  const known = url?.host === 'console.invalid' && PUBLIC.some(prefix => url.pathname.startsWith(prefix));
  if (!known) throw new ServiceError('notFound');
  return url.pathname + url.search;
}

function pick(headers: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string') found[name] = value;
    else if (typeof value === 'number') found[name] = String(value);
  }
  return found;
}
