import type { z } from 'zod';

import type { Message } from '../../../domain/message.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../shared/decisions.ts';
import { flatReportsAnswer, reportsAnswer } from './answer-schemas.ts';
import { LOGS, REPORTS, TAG, type TtsDeps } from './context.ts';
import { reportsQuery } from './query-schemas.ts';
import { flatReportView, reportView } from './report-views.ts';

const ERRORS = errorAnswers(400, 401, 403, 429, 500, 503);

/**
 * Pulling reports: infobip-api.md 3.7. Each is handed out once over both calls, so neither answers HEAD: it would take
 * reports away and show nobody what they say.
 */
export function reportRoutes(app: InfobipApp, deps: TtsDeps): void {
  app.route({
    method: 'GET',
    url: '/voice/1/reports',
    exposeHeadRoute: false,
    config: { scopes: REPORTS },
    schema: {
      tags: [TAG],
      operationId: 'getVoiceDeliveryReports',
      summary: 'Take the reports of the last 48 hours, each once',
      querystring: reportsQuery,
      response: { 200: reportsAnswer, ...ERRORS },
    },
    handler: async request => ({
      results: (await take(request.query)).map(message => reportView(message)),
    }),
  });

  app.route({
    method: 'GET',
    url: '/tts/3/reports',
    exposeHeadRoute: false,
    config: { scopes: LOGS },
    schema: {
      tags: [TAG],
      operationId: 'getVoiceDeliveryReportsDeprecated',
      summary: 'Take the reports of the last 48 hours, each once, in the form of version 1',
      deprecated: true,
      querystring: reportsQuery,
      response: { 200: flatReportsAnswer, ...ERRORS },
    },
    handler: async request => ({
      results: (await take(request.query)).map(message => flatReportView(message)),
    }),
  });

  async function take(query: z.output<typeof reportsQuery>): Promise<readonly Message[]> {
    const { bulkId, messageId, limit = DEFAULT_PAGE } = query;
    return await deps.messaging.takeReports({
      channel: 'voice',
      limit: Math.min(limit, MAX_PAGE),
      ...(bulkId && { bulkIds: bulkId }),
      ...(messageId && { messageIds: messageId }),
    });
  }
}
