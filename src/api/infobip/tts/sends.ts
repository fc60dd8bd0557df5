import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

import type { SubmittedBulk } from '../../../delivery/messaging.ts';
import { infobipResult } from '../../../domain/status.ts';
import { REQUEST_LIMITS } from '../../auth.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { bulkValidator } from '../shared/bulk-validator.ts';
import { BULK_BODY_LIMIT } from '../shared/decisions.ts';
import { naming } from '../shared/naming.ts';
import { sendAnswer } from './answer-schemas.ts';
import { SEND, TAG, type TtsDeps } from './context.ts';
import { parseSingleForm } from './form.ts';
import {
  advancedMessage,
  advancedRequest,
  multiMessage,
  multiRequest,
  singleRequest,
} from './send-schemas.ts';
import { toSubmit, type Addressed } from './submit.ts';

/** infobip-api.md 1.4: the three calls share one limit. */
const config = { scopes: SEND, rate: REQUEST_LIMITS.sendVoice };

const ERRORS = errorAnswers(400, 401, 403, 429, 500, 503);

/** `/tts/3/single` alone takes forms: register it in a scope of its own. */
export function formParser(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => parseSingleForm(body),
  );
}

/** infobip-api.md 3.2. */
export function singleRoute(app: InfobipApp, deps: TtsDeps): void {
  app.route({
    method: 'POST',
    url: '/tts/3/single',
    config,
    schema: {
      tags: [TAG],
      operationId: 'sendSingleVoiceTts',
      summary: 'Say one text to one number',
      consumes: ['application/json', 'application/x-www-form-urlencoded'],
      body: singleRequest,
      response: { 200: sendAnswer, ...ERRORS },
    },
    handler: async request => {
      const { to, ...message } = request.body;
      return await send(deps, { messages: [{ message, destinations: [{ to }] }] });
    },
  });
}

/** infobip-api.md 3.3 and 3.4. */
export function bulkSendRoutes(app: InfobipApp, deps: TtsDeps): void {
  app.route({
    method: 'POST',
    url: '/tts/3/multi',
    config,
    bodyLimit: BULK_BODY_LIMIT,
    validatorCompiler: bulkValidator({ message: multiMessage, list: 'to' }),
    schema: {
      tags: [TAG],
      operationId: 'sendMultipleVoiceTts',
      summary: 'Say texts to many numbers',
      body: multiRequest,
      response: { 200: sendAnswer, ...ERRORS },
    },
    handler: async request =>
      await send(deps, {
        messages: request.body.messages.map(({ to, ...message }) => ({
          message,
          destinations: to.map(number => ({ to: number })),
        })),
      }),
  });

  app.route({
    method: 'POST',
    url: '/tts/3/advanced',
    config,
    bodyLimit: BULK_BODY_LIMIT,
    validatorCompiler: bulkValidator({ message: advancedMessage, list: 'destinations' }),
    schema: {
      tags: [TAG],
      operationId: 'sendAdvancedVoiceTts',
      summary: 'Say texts to many numbers, with schedule, retries, keys and reports',
      body: advancedRequest,
      response: { 200: sendAnswer, ...ERRORS },
    },
    handler: async request =>
      await send(deps, {
        bulkId: request.body.bulkId,
        messages: request.body.messages.map(({ destinations, ...message }) => ({ message, destinations })),
      }),
  });
}

async function send(
  deps: TtsDeps,
  request: { bulkId?: string | null; messages: readonly Addressed[] },
): Promise<z.output<typeof sendAnswer>> {
  return sendView(
    await naming('bulkId', 'is already in use', deps.messaging.submit(toSubmit(request, deps.clock.now()))),
  );
}

/** One entry a destination, in the request's order (3.5). */
function sendView({ bulkId, messages }: SubmittedBulk): z.output<typeof sendAnswer> {
  return {
    bulkId,
    messages: messages.map(({ to, messageId, outcome }) => ({
      to,
      status: infobipResult(outcome, 'voice').status,
      messageId,
    })),
  };
}
