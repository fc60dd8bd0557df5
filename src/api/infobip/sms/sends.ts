import type { FastifyReply, FastifyRequest } from 'fastify';

import type { SubmitBulk, SubmittedBulk } from '../../../delivery/messaging.ts';
import { fieldError, ServiceError } from '../../../errors.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { bulkValidator } from '../shared/bulk-validator.ts';
import { BULK_BODY_LIMIT } from '../shared/decisions.ts';
import { advancedAnswer, sendAnswer } from './answer-schemas.ts';
import { SEND, TAG, type SmsDeps } from './context.ts';
import { smsErrorAnswers } from './error-envelope.ts';
import {
  advancedBinaryRequest,
  advancedRequest,
  binaryMessage,
  message,
  queryMessage,
  sendRequest,
  textMessage,
} from './send-schemas.ts';
import { fromBinary, fromQuery, fromText, fromV3 } from './submit.ts';
import { advancedView, sendView } from './views.ts';

export type V3ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** infobip-api.md 5.1. */
export function sendRoutes(app: InfobipApp, deps: SmsDeps, errorHandler: V3ErrorHandler): void {
  const config = { scopes: SEND };

  app.route({
    method: 'POST',
    url: '/sms/3/messages',
    config,
    bodyLimit: BULK_BODY_LIMIT,
    errorHandler,
    validatorCompiler: bulkValidator({ message, list: 'destinations' }),
    schema: {
      tags: [TAG],
      operationId: 'sendSmsMessages',
      summary: 'Send texts or bytes',
      body: sendRequest,
      response: { 200: sendAnswer, ...smsErrorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const asked = fromV3(request.body, deps.clock.now());
      return sendView(await submit(deps, asked, 'options.schedule.bulkId'));
    },
  });

  app.route({
    method: 'GET',
    url: '/sms/3/text/query',
    // HEAD would send the text, too.
    exposeHeadRoute: false,
    config,
    errorHandler,
    schema: {
      tags: [TAG],
      operationId: 'sendSmsMessagesOverQueryParameters',
      summary: 'Send a text by a link',
      querystring: queryMessage,
      response: { 200: sendAnswer, ...smsErrorAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const asked = fromQuery(request.query, 'sms3', deps.clock.now());
      return sendView(await submit(deps, asked));
    },
  });
}

/** infobip-api.md 5.2. */
export function olderSendRoutes(app: InfobipApp, deps: SmsDeps): void {
  const config = { scopes: SEND };
  const response = { 200: advancedAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) };

  app.route({
    method: 'POST',
    url: '/sms/2/text/advanced',
    config,
    bodyLimit: BULK_BODY_LIMIT,
    validatorCompiler: bulkValidator({ message: textMessage, list: 'destinations' }),
    schema: {
      tags: [TAG],
      operationId: 'sendSmsMessage',
      summary: 'Send texts, the older way',
      body: advancedRequest,
      response,
    },
    handler: async ({ body }) =>
      advancedView(
        await submit(deps, fromText(body, deps.clock.now())),
        body.includeSmsCountInResponse ?? false,
      ),
  });

  app.route({
    method: 'POST',
    url: '/sms/2/binary/advanced',
    config,
    bodyLimit: BULK_BODY_LIMIT,
    validatorCompiler: bulkValidator({ message: binaryMessage, list: 'destinations' }),
    schema: {
      tags: [TAG],
      operationId: 'sendBinarySmsMessage',
      summary: 'Send bytes, the older way',
      body: advancedBinaryRequest,
      response,
    },
    handler: async ({ body }) =>
      advancedView(
        await submit(deps, fromBinary(body, deps.clock.now())),
        body.includeSmsCountInResponse ?? false,
      ),
  });
}

/** `field` is where the request names its bulk: the one thing about a whole request that only the engine knows. */
export async function submit(
  deps: Pick<SmsDeps, 'messaging'>,
  request: SubmitBulk,
  field = 'bulkId',
): Promise<SubmittedBulk> {
  try {
    return await deps.messaging.submit(request);
  } catch (error) {
    throw error instanceof ServiceError && error.id === 'badRequest'
      ? fieldError(field, 'is already in use')
      : error;
  }
}
