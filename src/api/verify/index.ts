import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { guardRoutes } from '../auth.ts';
import { takeJson } from '../json-body.ts';
import { createProblemHandler } from '../problem.ts';
import { checkRoutes } from './check.ts';
import type { VerifyDeps } from './context.ts';
import { createRoutes } from './create.ts';
import { createIdempotency } from './idempotency.ts';
import { policyRoutes } from './policies.ts';
import { problemRoutes } from './problems.ts';
import { readRoutes } from './read.ts';
import { stepRoutes } from './steps.ts';

export type { VerifyDeps } from './context.ts';

/**
 * Our own verify API, `/v1/verifications`, with the delivery policies and the kinds of problems (docs/VERIFY-API.md). To be
 * registered as a scope of its own: JSON only, problem details for errors, nothing but the problems without credentials.
 */
export function verifyApi(deps: VerifyDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.setErrorHandler(createProblemHandler(deps));
    takeJson(scope);
    await scope.register(async open => problemRoutes(open));
    await scope.register(async guarded => {
      guardRoutes(guarded, deps);
      const app = guarded.withTypeProvider<ZodTypeProvider>();
      const parts = { ...deps, once: createIdempotency(deps) };
      createRoutes(app, parts);
      readRoutes(app, deps);
      checkRoutes(app, deps);
      stepRoutes(app, parts);
      policyRoutes(app, deps);
    });
  };
}
