import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import type { NumberDeps } from './context.ts';
import { numberRoutes } from './routes.ts';

export type { NumberDeps } from './context.ts';
export { createNumberPushRenderer, NUMBER_PUSH } from './render-push.ts';

/**
 * Infobip's number lookup (infobip-api.md 5.4). To be registered within the scope of `infobipApi`, whose JSON parser,
 * authentication and scopes it uses.
 */
export function numberApi(deps: NumberDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    numberRoutes(scope.withTypeProvider<ZodTypeProvider>(), deps);
  };
}
