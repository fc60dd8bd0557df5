import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { guardRoutes } from '../auth.ts';
import { takeJson } from '../json-body.ts';
import { createProblemHandler } from '../problem.ts';
import type { EventsDeps } from './context.ts';
import { eventRoutes } from './events.ts';
import { webhookRoutes } from './webhooks.ts';

export type { EventsDeps } from './context.ts';

/**
 * Events for customers, `/v1/webhooks` and `/v1/events` (docs/EVENTS.md). To be registered as a scope of its own: JSON only,
 * problem details for errors, nothing without credentials.
 */
export function eventsApi(deps: EventsDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.setErrorHandler(createProblemHandler(deps));
    takeJson(scope);
    guardRoutes(scope, deps);
    const app = scope.withTypeProvider<ZodTypeProvider>();
    webhookRoutes(app, deps);
    eventRoutes(app, deps);
  };
}
