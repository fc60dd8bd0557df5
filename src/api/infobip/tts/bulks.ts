import { sendAtProblem } from '../../../domain/schedule.ts';
import type { Bulk } from '../../../domain/message.ts';
import { fieldError, ServiceError } from '../../../errors.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { formatDate, parseDate } from '../dates.ts';
import { bulkAnswer, bulkStatusAnswer } from './answer-schemas.ts';
import { SEND, TAG, type TtsDeps } from './context.ts';
import { naming } from './naming.ts';
import { bulkQuery, bulkStatusRequest, rescheduleRequest } from './query-schemas.ts';

const ERRORS = errorAnswers(400, 401, 403, 404, 429, 500, 503);

/** Scheduled bulks: infobip-api.md 3.6. */
export function bulkRoutes(app: InfobipApp, deps: TtsDeps): void {
  const { messaging, clock } = deps;
  const config = { scopes: SEND };

  app.route({
    method: 'GET',
    url: '/tts/3/bulks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getSentBulks',
      summary: 'When a bulk is sent',
      querystring: bulkQuery,
      response: { 200: bulkAnswer, ...ERRORS },
    },
    handler: async request => scheduleView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: '/tts/3/bulks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'rescheduleSentBulk',
      summary: 'Send a paused bulk at another time',
      querystring: bulkQuery,
      body: rescheduleRequest,
      response: { 200: bulkAnswer, ...ERRORS },
    },
    handler: async request => {
      const sendAt = parseDate(request.body.sendAt) ?? Number.NaN;
      const problem = sendAtProblem(sendAt, clock.now());
      if (problem !== undefined) throw fieldError('sendAt', problem);
      const rescheduled = messaging.reschedule('voice', request.query.bulkId, sendAt);
      return scheduleView(
        await naming('sendAt', 'can be changed only while the bulk is PAUSED', rescheduled),
      );
    },
  });

  app.route({
    method: 'GET',
    url: '/tts/3/bulks/status',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getSentBulksStatus',
      summary: 'How far a bulk is',
      querystring: bulkQuery,
      response: { 200: bulkStatusAnswer, ...ERRORS },
    },
    handler: async request => statusView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: '/tts/3/bulks/status',
    config,
    schema: {
      tags: [TAG],
      operationId: 'manageSentBulksStatus',
      summary: 'Pause, resume or cancel a bulk',
      querystring: bulkQuery,
      body: bulkStatusRequest,
      response: { 200: bulkStatusAnswer, ...ERRORS },
    },
    handler: async request => {
      const changed = messaging.setStatus('voice', request.query.bulkId, request.body.status);
      return statusView(await naming('status', 'the bulk has ended', changed));
    },
  });

  async function requireBulk(bulkId: string): Promise<Bulk> {
    const bulk = await messaging.getBulk('voice', bulkId);
    if (!bulk) throw new ServiceError('notFound');
    return bulk;
  }
}

function scheduleView({ bulkId, sendAt }: Bulk) {
  return { bulkId, sendAt: formatDate(sendAt) };
}

function statusView({ bulkId, status }: Bulk) {
  return { bulkId, status };
}
