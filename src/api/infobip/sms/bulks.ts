import type { Bulk } from '../../../domain/message.ts';
import { sendAtProblem } from '../../../domain/schedule.ts';
import { fieldError, ServiceError } from '../../../errors.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { formatDate } from '../dates.ts';
import { naming } from '../tts/naming.ts';
import { bulkAnswer, bulkStatusAnswer } from './answer-schemas.ts';
import { SEND, TAG, type SmsDeps } from './context.ts';
import { BulkNotFound } from './error-envelope.ts';
import { bulkQuery, bulkStatusRequest, rescheduleRequest } from './query-schemas.ts';

const ERRORS = errorAnswers(400, 401, 403, 404, 429, 500, 503);

/** Scheduled bulks: infobip-api.md 5.3. */
export function bulkRoutes(app: InfobipApp, deps: SmsDeps): void {
  const { messaging, clock } = deps;
  const config = { scopes: SEND };

  app.route({
    method: 'GET',
    url: '/sms/1/bulks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getScheduledSmsMessages',
      summary: 'When a bulk is sent',
      querystring: bulkQuery,
      response: { 200: bulkAnswer, ...ERRORS },
    },
    handler: async request => scheduleView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: '/sms/1/bulks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'rescheduleSmsMessages',
      summary: 'Send a paused bulk at another time',
      querystring: bulkQuery,
      body: rescheduleRequest,
      response: { 200: bulkAnswer, ...ERRORS },
    },
    handler: async request => {
      const { bulkId } = request.query;
      const { sendAt } = request.body;
      const problem = sendAtProblem(sendAt, clock.now());
      if (problem !== undefined) throw fieldError('sendAt', problem);
      const rescheduled = found(messaging.reschedule('sms', bulkId, sendAt));
      return scheduleView(
        await naming('sendAt', 'can be changed only while the bulk is PAUSED', rescheduled),
      );
    },
  });

  app.route({
    method: 'GET',
    url: '/sms/1/bulks/status',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getScheduledSmsMessagesStatus',
      summary: 'How far a bulk is',
      querystring: bulkQuery,
      response: { 200: bulkStatusAnswer, ...ERRORS },
    },
    handler: async request => statusView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: '/sms/1/bulks/status',
    config,
    schema: {
      tags: [TAG],
      operationId: 'updateScheduledSmsMessagesStatus',
      summary: 'Pause, resume or cancel a bulk',
      querystring: bulkQuery,
      body: bulkStatusRequest,
      response: { 200: bulkStatusAnswer, ...ERRORS },
    },
    handler: async request => {
      const changed = found(messaging.setStatus('sms', request.query.bulkId, request.body.status));
      return statusView(await naming('status', 'cannot follow the present status of the bulk', changed));
    },
  });

  async function requireBulk(bulkId: string): Promise<Bulk> {
    const bulk = await messaging.getBulk('sms', bulkId);
    if (!bulk) throw new BulkNotFound();
    return bulk;
  }
}

/** 404 in the words of this face. */
async function found(bulk: Promise<Bulk>): Promise<Bulk> {
  try {
    return await bulk;
  } catch (error) {
    throw error instanceof ServiceError && error.id === 'notFound' ? new BulkNotFound() : error;
  }
}

function scheduleView({ bulkId, sendAt }: Bulk) {
  return { bulkId, sendAt: formatDate(sendAt) };
}

function statusView({ bulkId, status }: Bulk) {
  return { bulkId, status };
}
