import { z } from 'zod';

import type { ApplicationId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { WebhookEndpoint } from '../../store/event-store.ts';
import { problemAnswers } from '../problem.ts';
import { MANAGE, REPLAY_RATE, TAG, TEST_RATE, type EventsApp, type EventsDeps } from './context.ts';
import * as schemas from './schemas.ts';

const DEFAULT_OVERLAP_SECONDS = schemas.rotateRequest.parse({}).overlapSeconds;

/** Where events go: endpoints, their secrets, trying them, and events once more. */
export function webhookRoutes(app: EventsApp, deps: EventsDeps): void {
  const { endpoints, replays, testPush, clock, log } = deps;
  const config = { scopes: MANAGE };

  /** @throws ServiceError notFound */
  async function required(id: string): Promise<WebhookEndpoint> {
    const endpoint = await endpoints.get(id);
    if (!endpoint) throw new ServiceError('notFound');
    return endpoint;
  }

  app.route({
    method: 'POST',
    url: '/v1/webhooks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'createWebhook',
      summary: 'Add an endpoint; its secret is shown in this answer and never again',
      body: schemas.webhookRequest,
      response: { 201: schemas.newWebhook, ...problemAnswers(400, 401, 403, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const { applicationId, ...rest } = request.body;
      const { endpoint, secret } = await endpoints.create({
        ...rest,
        applicationId: applicationId as ApplicationId | undefined,
      });
      log.info({ webhookId: endpoint.id, client: request.client }, 'webhook endpoint added');
      return await reply.code(201).send({ ...schemas.webhookBody(endpoint, clock.now()), secret });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/webhooks',
    config,
    schema: {
      tags: [TAG],
      operationId: 'listWebhooks',
      summary: 'List the endpoints, oldest first',
      response: { 200: schemas.webhookList, ...problemAnswers(401, 403, 429, 500, 503) },
    },
    handler: async () => {
      const now = clock.now();
      return { webhooks: (await endpoints.list()).map(endpoint => schemas.webhookBody(endpoint, now)) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/webhooks/:id',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getWebhook',
      summary: 'Get an endpoint',
      params: schemas.webhookParams,
      response: { 200: schemas.webhook, ...problemAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => schemas.webhookBody(await required(request.params.id), clock.now()),
  });

  app.route({
    method: 'PATCH',
    url: '/v1/webhooks/:id',
    config,
    schema: {
      tags: [TAG],
      operationId: 'updateWebhook',
      summary: 'Update an endpoint; what is left out stays as it is',
      params: schemas.webhookParams,
      body: schemas.webhookChange,
      response: { 200: schemas.webhook, ...problemAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { applicationId, ...rest } = request.body;
      const endpoint = await endpoints.update(request.params.id, {
        ...rest,
        applicationId: applicationId as ApplicationId | null | undefined,
      });
      if (!endpoint) throw new ServiceError('notFound');
      log.info(
        { webhookId: endpoint.id, enabled: endpoint.enabled, client: request.client },
        'webhook endpoint changed',
      );
      return schemas.webhookBody(endpoint, clock.now());
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/webhooks/:id',
    config,
    schema: {
      tags: [TAG],
      operationId: 'removeWebhook',
      summary: 'Remove an endpoint; what is on its way to it is dropped',
      params: schemas.webhookParams,
      response: {
        204: z.undefined().describe('There is none any more.'),
        ...problemAnswers(401, 403, 404, 429, 500, 503),
      },
    },
    handler: async (request, reply) => {
      if (!(await endpoints.remove(request.params.id))) throw new ServiceError('notFound');
      log.info({ webhookId: request.params.id, client: request.client }, 'webhook endpoint removed');
      return await reply.code(204).send();
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/rotate-secret',
    config,
    schema: {
      tags: [TAG],
      operationId: 'rotateWebhookSecret',
      summary: 'Make a new secret, shown in this answer and never again; for a time the one before signs too',
      params: schemas.webhookParams,
      body: schemas.rotateRequest.nullish(),
      response: { 200: schemas.newWebhook, ...problemAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { overlapSeconds = DEFAULT_OVERLAP_SECONDS } = request.body ?? {};
      const rotated = await endpoints.rotate(request.params.id, { overlapMs: overlapSeconds * 1_000 });
      if (!rotated) throw new ServiceError('notFound');
      log.info({ webhookId: rotated.endpoint.id, client: request.client }, 'webhook secret changed');
      return { ...schemas.webhookBody(rotated.endpoint, clock.now()), secret: rotated.secret };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/test',
    config: { ...config, rate: TEST_RATE },
    schema: {
      tags: [TAG],
      operationId: 'testWebhook',
      summary: 'Send a `webhook.test` event now, and say what came back',
      params: schemas.webhookParams,
      response: { 200: schemas.testAnswer, ...problemAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { event, answers } = await testPush(await required(request.params.id));
      return { event: { ...event, data: { ...event.data } }, answers: [...answers] };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/replay',
    config: { ...config, rate: REPLAY_RATE },
    schema: {
      tags: [TAG],
      operationId: 'replayWebhook',
      summary: 'Send events of a time once more, under the ids that they had',
      params: schemas.webhookParams,
      body: schemas.rangeRequest,
      response: { 202: schemas.replayAnswer, ...problemAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const endpoint = await required(request.params.id);
      if (!endpoint.enabled) throw new ServiceError('conflict', { reason: 'webhook-disabled' });
      const { since, until, types } = request.body;
      const { count, continueFrom } = await replays.range(endpoint, {
        since: Date.parse(since),
        until: until === undefined ? undefined : Date.parse(until),
        types,
      });
      log.info({ webhookId: endpoint.id, count, client: request.client }, 'events replayed');
      return await reply
        .code(202)
        .send({ count, ...(continueFrom !== undefined && { continueFrom: schemas.iso(continueFrom) }) });
    },
  });
}
