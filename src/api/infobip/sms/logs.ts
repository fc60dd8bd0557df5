import type { z } from 'zod';

import type { LogFilter } from '../../../delivery/messaging.ts';
import { REQUEST_LIMITS } from '../../auth.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { DEFAULT_PAGE } from '../shared/decisions.ts';
import { destinationOf } from '../shared/destinations.ts';
import { logsAnswer, olderLogsAnswer } from './answer-schemas.ts';
import { LOGS, TAG, type SmsDeps } from './context.ts';
import { smsErrorAnswers } from './error-envelope.ts';
import { logsQuery, olderLogsQuery } from './query-schemas.ts';
import { idsOf } from './reports.ts';
import type { V3ErrorHandler } from './sends.ts';
import { logView, olderLogView } from './views.ts';

/** infobip-api.md 5.3: the last 48 hours, newest first. */
export function logRoutes(app: InfobipApp, deps: SmsDeps, errorHandler: V3ErrorHandler): void {
  app.route({
    method: 'GET',
    url: '/sms/3/logs',
    config: { scopes: LOGS, rate: REQUEST_LIMITS.smsLogs },
    errorHandler,
    schema: {
      tags: [TAG],
      operationId: 'getOutboundSmsMessageLogs',
      summary: 'Look back at messages',
      querystring: logsQuery,
      response: { 200: logsAnswer, ...smsErrorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { query } = request;
      const { limit = DEFAULT_PAGE, cursor } = query;
      const { messages, nextCursor } = await deps.messaging.logs({
        ...filterOf(query, { from: query.sender, to: query.destination }),
        ...(cursor !== undefined && { cursor }),
      });
      const results = messages.map(logView);
      const paged = query.useCursor === true || cursor !== undefined;
      return paged ? { results, cursor: { limit, nextCursor: nextCursor ?? null } } : { results };
    },
  });

  app.route({
    method: 'GET',
    url: '/sms/1/logs',
    config: { scopes: LOGS, rate: REQUEST_LIMITS.smsLogs },
    schema: {
      tags: [TAG],
      operationId: 'getOutboundSmsMessageLogsDeprecated',
      summary: 'Look back at messages, in the older form',
      deprecated: true,
      querystring: olderLogsQuery,
      response: { 200: olderLogsAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { query } = request;
      const { messages } = await deps.messaging.logs(filterOf(query, query));
      return { results: messages.map(olderLogView) };
    },
  });
}

function filterOf(
  query: Pick<
    z.output<typeof logsQuery>,
    keyof z.output<typeof logsQuery> & keyof z.output<typeof olderLogsQuery>
  >,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): LogFilter {
  const { limit = DEFAULT_PAGE, generalStatus, sentSince, sentUntil, mcc, mnc } = query;
  return {
    channel: 'sms',
    limit,
    ...idsOf(query),
    ...(from !== undefined && { from: from.trim() }),
    ...(to !== undefined && { to: destinationOf(to) }),
    ...(generalStatus && { generalStatus }),
    ...(sentSince !== undefined && { sentSince }),
    ...(sentUntil !== undefined && { sentUntil }),
    ...(mcc !== undefined && { mcc }),
    ...(mnc !== undefined && { mnc }),
  };
}
