import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

import { createProblemHandler } from '../problem.ts';
import { activityRoutes } from './activity-routes.ts';
import type { Console, ConsoleDeps } from './context.ts';
import { liveRoutes } from './live-routes.ts';
import { createPages } from './pages.ts';
import { passThrough } from './pass-through.ts';
import { previewRoutes } from './preview.ts';
import { reportRoutes } from './reports.ts';
import { guardConsole, sessionRoutes } from './session-routes.ts';
import { createSessions } from './sessions.ts';

export type { CarrierSummary, ConsoleDeps } from './context.ts';
export { createLiveCalls, type LiveCalls } from './live-calls.ts';

/**
 * The operator's console at `/console` (docs/CONSOLE.md): its pages for everybody, everything else for whoever signed in
 * with an API key. To be registered as a scope of its own.
 */
export function consoleApi(deps: ConsoleDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    const shared: Console = { ...deps, sessions: createSessions(deps) };
    scope.setErrorHandler(createProblemHandler(deps));
    await scope.register(createPages().routes);
    await scope.register(async app => {
      // As text: most bodies are passed on as they came.
      app.addContentTypeParser(
        'application/json',
        { parseAs: 'string' },
        async (_request: unknown, body: string) => body,
      );
      guardConsole(app, shared);
      sessionRoutes(app, shared);
      previewRoutes(app, shared);
      activityRoutes(app, shared);
      reportRoutes(app, shared);
      liveRoutes(app, shared);
      passThrough(app);
    });
  };
}
