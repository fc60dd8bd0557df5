import type { ApplicationId, PinId } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { LoggedEvent, WebhookEndpoint } from '../../store/event-store.ts';
import { problemAnswers } from '../problem.ts';
import { MANAGE, REPLAY_RATE, TAG, type EventsApp, type EventsDeps } from './context.ts';
import * as schemas from './schemas.ts';

/** What was told to customers, whether or not anybody listened. */
export function eventRoutes(app: EventsApp, { store, endpoints, replays }: EventsDeps): void {
  const config = { scopes: MANAGE };

  /** @throws ServiceError notFound */
  async function required(id: string): Promise<LoggedEvent> {
    const event = await store.getLoggedEvent(id);
    if (!event) throw new ServiceError('notFound');
    return event;
  }

  /** @throws ServiceError badRequest, conflict */
  async function enabledEndpoint(id: string): Promise<WebhookEndpoint> {
    const endpoint = await endpoints.get(id);
    if (!endpoint) throw fieldError('webhookId', 'must be a webhook');
    if (!endpoint.enabled) throw new ServiceError('conflict', { reason: 'webhook-disabled' });
    return endpoint;
  }

  app.route({
    method: 'GET',
    url: '/v1/events',
    config,
    schema: {
      tags: [TAG],
      operationId: 'listEvents',
      summary: 'List events, oldest first',
      querystring: schemas.listQuery,
      response: { 200: schemas.eventList, ...problemAnswers(400, 401, 403, 429, 500, 503) },
    },
    handler: async request => {
      const { type, applicationId, verificationId, since, until, limit, cursor } = request.query;
      const { events, nextCursor } = await store.listLoggedEvents({
        limit: limit === undefined ? schemas.DEFAULT_PAGE : Number(limit),
        ...(type !== undefined && { type }),
        ...(applicationId !== undefined && { applicationId: applicationId as ApplicationId }),
        ...(verificationId !== undefined && { pinId: verificationId as PinId }),
        ...(since !== undefined && { since: Date.parse(since) }),
        ...(until !== undefined && { until: Date.parse(until) }),
        ...(cursor !== undefined && { cursor }),
      });
      return { events: events.map(schemas.eventBody), ...(nextCursor !== undefined && { nextCursor }) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/events/:id',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getEvent',
      summary: 'Get an event',
      params: schemas.eventParams,
      response: { 200: schemas.event, ...problemAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => schemas.eventBody(await required(request.params.id)),
  });

  app.route({
    method: 'POST',
    url: '/v1/events/:id/replay',
    config: { ...config, rate: REPLAY_RATE },
    schema: {
      tags: [TAG],
      operationId: 'replayEvent',
      summary: 'Send an event once more, under the id that it had',
      params: schemas.eventParams,
      body: schemas.replayRequest.nullish(),
      response: { 202: schemas.replayAnswer, ...problemAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const event = await required(request.params.id);
      const webhookId = request.body?.webhookId;
      const endpoint = webhookId === undefined ? undefined : await enabledEndpoint(webhookId);
      return await reply.code(202).send({ count: await replays.one(event, endpoint) });
    },
  });
}
