import type { z } from 'zod';

import type { Message } from '../../../domain/message.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { DEFAULT_PAGE } from '../shared/decisions.ts';
import { olderReportsAnswer, reportsAnswer } from './answer-schemas.ts';
import { REPORTS, TAG, type SmsDeps } from './context.ts';
import { smsErrorAnswers } from './error-envelope.ts';
import { reportsQuery } from './query-schemas.ts';
import type { V3ErrorHandler } from './sends.ts';
import { olderReportView, reportView } from './views.ts';

/**
 * Pulling reports: infobip-api.md 5.3. Each is handed out once over both calls, so neither answers HEAD: it would take
 * reports away and show nobody what they say.
 */
export function reportRoutes(app: InfobipApp, deps: SmsDeps, errorHandler: V3ErrorHandler): void {
  const config = { scopes: REPORTS };

  app.route({
    method: 'GET',
    url: '/sms/3/reports',
    exposeHeadRoute: false,
    config,
    errorHandler,
    schema: {
      tags: [TAG],
      operationId: 'getOutboundSmsMessageDeliveryReports',
      summary: 'Take the reports of the last 48 hours, each once',
      querystring: reportsQuery,
      response: { 200: reportsAnswer, ...smsErrorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => ({ results: (await take(request.query)).map(reportView) }),
  });

  app.route({
    method: 'GET',
    url: '/sms/1/reports',
    exposeHeadRoute: false,
    config,
    schema: {
      tags: [TAG],
      operationId: 'getOutboundSmsMessageDeliveryReportsDeprecated',
      summary: 'Take the reports of the last 48 hours, each once, in the older form',
      deprecated: true,
      querystring: reportsQuery,
      response: { 200: olderReportsAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => ({ results: (await take(request.query)).map(olderReportView) }),
  });

  async function take(query: z.output<typeof reportsQuery>): Promise<readonly Message[]> {
    const { limit = DEFAULT_PAGE } = query;
    return await deps.messaging.takeReports({ channel: 'sms', limit, ...idsOf(query) });
  }
}

/** The filters that reports and logs share. */
export function idsOf(query: z.output<typeof reportsQuery>) {
  const { bulkId, messageId, entityId, applicationId, campaignReferenceId } = query;
  return {
    ...(bulkId && { bulkIds: bulkId }),
    ...(messageId && { messageIds: messageId }),
    ...(entityId !== undefined && { entityId }),
    ...(applicationId !== undefined && { applicationId }),
    ...(campaignReferenceId && { campaignReferenceIds: campaignReferenceId }),
  };
}
