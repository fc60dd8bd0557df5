import type { z } from 'zod';

import { maskCodes } from '../../../delivery/messages/mask.ts';
import type { Message, SmsContent, VoiceContent } from '../../../domain/message.ts';
import { REQUEST_LIMITS } from '../../auth.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../shared/decisions.ts';
import { destinationOf } from '../shared/destinations.ts';
import { logsAnswer } from './answer-schemas.ts';
import { LOGS, TAG, type TtsDeps } from './context.ts';
import { logsQuery } from './query-schemas.ts';
import { dateOrNull, factsOf, seconds } from './report-views.ts';

/** infobip-api.md 3.8: the last 48 hours, newest first. */
export function logRoutes(app: InfobipApp, deps: TtsDeps): void {
  app.route({
    method: 'GET',
    url: '/tts/3/logs',
    config: { scopes: LOGS, rate: REQUEST_LIMITS.voiceLogs },
    schema: {
      tags: [TAG],
      operationId: 'getSentVoiceLogs',
      summary: 'Look back at voice messages',
      querystring: logsQuery,
      response: { 200: logsAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { to, bulkId, messageId, limit = DEFAULT_PAGE, ...others } = request.query;
      const present = Object.entries(others).filter(([, value]) => value !== undefined);
      const { messages } = await deps.messaging.logs({
        channel: 'voice',
        limit: Math.min(limit, MAX_PAGE),
        ...(to !== undefined && { to: destinationOf(to) }),
        ...(bulkId && { bulkIds: bulkId }),
        ...(messageId && { messageIds: messageId }),
        ...Object.fromEntries(present),
      });
      return { results: messages.map(message => logView(message)) };
    },
  });
}

function logView(message: Message): z.output<typeof logsAnswer>['results'][number] {
  return {
    ...factsOf(message),
    from: message.from,
    text: textOf(message.content),
    doneAt: dateOrNull(message.doneAt),
    duration: seconds(message.voice?.durationSeconds),
  };
}

function textOf(content: VoiceContent | SmsContent): string | null {
  if (content.text === undefined) return null;
  return maskCodes(content.text, 'language' in content ? content.language : undefined);
}
