import type { FastifyInstance } from 'fastify';

import type { Clock } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';
import { assertScope, type Authenticator } from './principal.ts';
import type { RequestLimit } from './request-limits.ts';
import { SlidingWindows } from './sliding-windows.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any one of these lets a caller in; guarded routes must name them. */
    scopes?: readonly string[];
    /** How often an account may call. */
    rate?: RequestLimit;
  }
  interface FastifyRequest {
    /** Name of the key or user that a request came with, for the log. */
    client: string | undefined;
  }
}

const MAX_COUNTED = 20_000;

/**
 * Nothing in this scope without credentials, a scope of the route, and room in its limit. Decided before the body is
 * read: who may not speak is not listened to. Refusals go through the scope's error handler, hence in its envelope.
 */
export function guardRoutes(
  scope: FastifyInstance,
  deps: {
    authenticate: Authenticator;
    clock: Clock;
    /** Whether `config.rate` holds; absent: yes. */
    requestLimits?: boolean | undefined;
  },
): void {
  const { authenticate, clock, requestLimits = true } = deps;
  const calls = new SlidingWindows({ clock, maxKeys: MAX_COUNTED });

  scope.addHook('onRoute', route => {
    if (!route.config?.scopes?.length) throw new Error(`${route.url}: a route must name its scopes`);
    route.schema = { ...route.schema, security: SECURITY };
  });
  scope.addHook('onRequest', async request => {
    const { scopes = [], rate } = request.routeOptions.config;
    const principal = await authenticate(request.headers.authorization, { address: request.ip });
    if (!principal) throw new ServiceError('unauthorized');
    request.client = principal.name;
    assertScope(principal, scopes);
    const retryAfterMs = rate && requestLimits ? calls.take(`${rate.name} ${principal.account}`, rate) : 0;
    if (retryAfterMs > 0) throw new ServiceError('tooManyRequests', { retryAfterMs });
  });
}

/** Any one of them, by their names in the OpenAPI document. */
const SECURITY: Record<string, string[]>[] = [{ apiKey: [] }, { basic: [] }, { session: [] }, { oauth2: [] }];
