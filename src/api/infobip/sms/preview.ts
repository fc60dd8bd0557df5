import type { z } from 'zod';

import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { inboxAnswer, previewAnswer } from './answer-schemas.ts';
import { textLanguage } from './content.ts';
import { REPORTS, SEND, TAG } from './context.ts';
import { inboxQuery, previewRequest } from './query-schemas.ts';
import { countSegments } from './text/segments.ts';
import { transliterate } from './text/transliteration.ts';

type Preview = z.output<typeof previewAnswer>['previews'][number];

/** What a text would cost, and what was received: infobip-api.md 5.3. */
export function previewRoutes(app: InfobipApp): void {
  app.route({
    method: 'POST',
    url: '/sms/1/preview',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'previewSmsMessage',
      summary: 'Count the SMS that a text takes',
      body: previewRequest,
      response: { 200: previewAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => previewView(request.body),
  });

  app.route({
    method: 'GET',
    url: '/sms/1/inbox/reports',
    exposeHeadRoute: false,
    config: { scopes: REPORTS },
    schema: {
      tags: [TAG],
      operationId: 'getInboundSmsMessages',
      summary: 'Take received messages; there is no inbound carrier yet, so there are none',
      querystring: inboxQuery,
      response: { 200: inboxAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async () => ({ results: [], messageCount: 0, pendingMessageCount: 0 }),
  });
}

/** The text as it is, then with each thing that was asked for by itself, as Infobip's own answers have it. */
export function previewView(request: z.output<typeof previewRequest>): z.output<typeof previewAnswer> {
  const { text, languageCode, transliteration } = request;
  const previews: Preview[] = [{ ...counted(text), configuration: {} }];
  const language = textLanguage({ languageCode });
  if (language) {
    previews.push({
      ...counted(text, language),
      configuration: { language: { languageCode: language.code } },
    });
  }
  if (transliteration && transliteration !== 'NONE') {
    previews.push({ ...counted(transliterate(text, transliteration)), configuration: { transliteration } });
  }
  return { originalText: text, previews };
}

function counted(text: string, language?: ReturnType<typeof textLanguage>): Omit<Preview, 'configuration'> {
  const { count, remaining } = countSegments(text, language);
  return { textPreview: text, messageCount: count, charactersRemaining: remaining };
}
