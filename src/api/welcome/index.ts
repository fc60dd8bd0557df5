import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

import { takeJson } from '../json-body.ts';
import { createProblemHandler } from '../problem.ts';
import type { WelcomeDeps } from './context.ts';
import { createWelcomePages } from './pages.ts';
import { welcomeRoutes } from './routes.ts';

export type { WelcomeDeps } from './context.ts';

/**
 * The first page, at `/`: one press calls the simulated phone beside it, what is heard is typed in and verified. Only while the
 * simulator stands in for carriers; where real phones would ring, `/` leads to the console and the rest is not there. To be
 * registered as a scope of its own.
 */
export function welcomePage(deps: WelcomeDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    const { simulatorUrl } = deps;
    if (simulatorUrl === undefined) {
      scope.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/console'));
      return;
    }
    scope.setErrorHandler(createProblemHandler(deps));
    takeJson(scope);
    await scope.register(createWelcomePages({ simulatorUrl, apiKeySource: deps.apiKeySource }));
    await scope.register(async app => welcomeRoutes(app, deps));
  };
}
