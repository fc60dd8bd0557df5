import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { createErrorHandler } from '../../error-handler.ts';
import { bulkRoutes } from '../shared/bulk-routes.ts';
import { SMS_BULKS } from './bulks.ts';
import type { SmsDeps } from './context.ts';
import { smsErrorEnvelope } from './error-envelope.ts';
import { logRoutes } from './logs.ts';
import { previewRoutes } from './preview.ts';
import { reportRoutes } from './reports.ts';
import { olderSendRoutes, sendRoutes } from './sends.ts';

export type { SmsDeps, SmsQueryDeps } from './context.ts';
export { legacyQueryApi } from './legacy-query.ts';
export { renderSmsReport } from './render-report.ts';
export { countSegments, type Segments, type TextLanguage } from './text/segments.ts';
export { transliterate, type Transliteration } from './text/transliteration.ts';

/**
 * Infobip's SMS API (infobip-api.md 5.1 to 5.3). To be registered within the scope of `infobipApi`, whose JSON parser,
 * authentication and scopes it uses; errors of `/sms/3/*` have an envelope of their own.
 */
export function smsApi(deps: SmsDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    const app = scope.withTypeProvider<ZodTypeProvider>();
    const errorHandler = createErrorHandler({ log: deps.log, render: smsErrorEnvelope });
    sendRoutes(app, deps, errorHandler);
    olderSendRoutes(app, deps);
    reportRoutes(app, deps, errorHandler);
    logRoutes(app, deps, errorHandler);
    bulkRoutes(app, SMS_BULKS, deps);
    previewRoutes(app);
  };
}
