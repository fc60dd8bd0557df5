import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/**
 * One line a request. It names the route and not the URL: paths carry media tokens, queries carry numbers. A pinId is
 * not a PIN and lets an operator follow one message; anything else in its place is left out.
 */
export function logRequests(
  app: FastifyInstance,
  deps: {
    log: Logger;
    clock: Clock;
    /** When a request came that waited before it got here. */
    cameAt: (request: IncomingMessage) => number | undefined;
  },
): void {
  const started = new WeakMap<object, number>();
  app.addHook('onRequest', async request => {
    started.set(request.raw, deps.cameAt(request.raw) ?? deps.clock.monotonic());
  });
  app.addHook('onResponse', async (request, reply) => {
    const begin = started.get(request.raw) ?? deps.clock.monotonic();
    const line = {
      reqId: request.id,
      method: request.method,
      route: request.is404 ? undefined : request.routeOptions.url,
      pinId: pinIdOf(request.params),
      client: request.client,
      status: reply.statusCode,
      ms: Math.round((deps.clock.monotonic() - begin) * 10) / 10,
    };
    if (line.route?.startsWith('/health')) deps.log.debug(line, 'request');
    else deps.log.info(line, 'request');
  });
}

function pinIdOf(params: unknown): string | undefined {
  const { pinId } = (params ?? {}) as { pinId?: unknown };
  return typeof pinId === 'string' && /^[0-9A-F]{32}$/.test(pinId) ? pinId : undefined;
}
