import type { z } from 'zod';

import type { Clock } from '../../../clock.ts';
import type { Messaging } from '../../../delivery/messaging.ts';
import type { Bulk, MessageChannel } from '../../../domain/message.ts';
import { sendAtProblem } from '../../../domain/schedule.ts';
import { fieldError, ServiceError } from '../../../errors.ts';
import { errorAnswers } from '../../openapi.ts';
import type { InfobipApp } from '../context.ts';
import { formatDate } from '../dates.ts';
import type { bulkAnswerNamed, bulkStatusAnswerNamed, bulkStatusRequestNamed } from './bulk-schemas.ts';
import { bulkQuery } from './bulk-schemas.ts';
import { naming } from './naming.ts';
import { epochOf } from './timestamps.ts';

/** In what the bulk calls of one face differ from those of another. */
export interface BulkFace {
  readonly channel: MessageChannel;
  /** Of the schedule; the status is at `/status` below it. */
  readonly path: string;
  readonly scopes: readonly string[];
  readonly tag: string;
  readonly operationIds: {
    readonly schedule: string;
    readonly reschedule: string;
    readonly status: string;
    readonly setStatus: string;
  };
  readonly schemas: {
    readonly bulkAnswer: ReturnType<typeof bulkAnswerNamed>;
    readonly bulkStatusAnswer: ReturnType<typeof bulkStatusAnswerNamed>;
    readonly rescheduleRequest: z.ZodType<{ sendAt: string | number }>;
    readonly bulkStatusRequest: ReturnType<typeof bulkStatusRequestNamed>;
  };
  /** Why a status is refused. */
  readonly statusProblem: string;
  /** 404 in the words of the face. */
  readonly notFound: () => ServiceError;
}

const ERRORS = errorAnswers(400, 401, 403, 404, 429, 500, 503);

/** Scheduled bulks: infobip-api.md 3.6 and 5.3. */
export function bulkRoutes(
  app: InfobipApp,
  face: BulkFace,
  { messaging, clock }: { readonly messaging: Messaging; readonly clock: Clock },
): void {
  const { channel, operationIds, schemas } = face;
  const config = { scopes: face.scopes };
  const tags = [face.tag];
  const schedule = { 200: schemas.bulkAnswer, ...ERRORS };
  const status = { 200: schemas.bulkStatusAnswer, ...ERRORS };

  app.route({
    method: 'GET',
    url: face.path,
    config,
    schema: {
      tags,
      operationId: operationIds.schedule,
      summary: 'When a bulk is sent',
      querystring: bulkQuery,
      response: schedule,
    },
    handler: async request => scheduleView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: face.path,
    config,
    schema: {
      tags,
      operationId: operationIds.reschedule,
      summary: 'Send a paused bulk at another time',
      querystring: bulkQuery,
      body: schemas.rescheduleRequest,
      response: schedule,
    },
    handler: async request => {
      const sendAt = epochOf(request.body.sendAt);
      const problem = sendAtProblem(sendAt, clock.now());
      if (problem !== undefined) throw fieldError('sendAt', problem);
      const rescheduled = found(messaging.reschedule(channel, request.query.bulkId, sendAt));
      return scheduleView(
        await naming('sendAt', 'can be changed only while the bulk is PAUSED', rescheduled),
      );
    },
  });

  app.route({
    method: 'GET',
    url: `${face.path}/status`,
    config,
    schema: {
      tags,
      operationId: operationIds.status,
      summary: 'How far a bulk is',
      querystring: bulkQuery,
      response: status,
    },
    handler: async request => statusView(await requireBulk(request.query.bulkId)),
  });

  app.route({
    method: 'PUT',
    url: `${face.path}/status`,
    config,
    schema: {
      tags,
      operationId: operationIds.setStatus,
      summary: 'Pause, resume or cancel a bulk',
      querystring: bulkQuery,
      body: schemas.bulkStatusRequest,
      response: status,
    },
    handler: async request => {
      const changed = found(messaging.setStatus(channel, request.query.bulkId, request.body.status));
      return statusView(await naming('status', face.statusProblem, changed));
    },
  });

  async function requireBulk(bulkId: string): Promise<Bulk> {
    const bulk = await messaging.getBulk(channel, bulkId);
    if (!bulk) throw face.notFound();
    return bulk;
  }

  async function found(bulk: Promise<Bulk>): Promise<Bulk> {
    try {
      return await bulk;
    } catch (error) {
      throw error instanceof ServiceError && error.id === 'notFound' ? face.notFound() : error;
    }
  }
}

function scheduleView({ bulkId, sendAt }: Bulk) {
  return { bulkId, sendAt: formatDate(sendAt) };
}

function statusView({ bulkId, status }: Bulk) {
  return { bulkId, status };
}
