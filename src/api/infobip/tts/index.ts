import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { bulkRoutes } from '../shared/bulk-routes.ts';
import { VOICE_BULKS } from './bulks.ts';
import type { TtsDeps } from './context.ts';
import { logRoutes } from './logs.ts';
import { reportRoutes } from './reports.ts';
import { bulkSendRoutes, formParser, singleRoute } from './sends.ts';
import { voiceRoutes } from './voices.ts';

export type { TtsDeps } from './context.ts';
export { renderVoiceReport } from './render-report.ts';

/**
 * Infobip's voice messages (infobip-api.md 3). To be registered within the scope of `infobipApi`, whose JSON parser,
 * authentication and scopes it uses.
 */
export function ttsApi(deps: TtsDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    const app = scope.withTypeProvider<ZodTypeProvider>();
    bulkSendRoutes(app, deps);
    voiceRoutes(app, deps);
    bulkRoutes(app, VOICE_BULKS, deps);
    reportRoutes(app, deps);
    logRoutes(app, deps);
    await scope.register(async forms => {
      formParser(forms);
      singleRoute(forms.withTypeProvider<ZodTypeProvider>(), deps);
    });
  };
}
