import type { z } from 'zod';

import { createApplication, updateApplication } from '../../domain/application.ts';
import type { Application } from '../../domain/types.ts';
import { REQUEST_LIMITS } from '../auth.ts';
import { errorAnswers } from '../openapi.ts';
import { MANAGE, requireApplication, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { applicationAnswer, applicationList, applicationParams, applicationRequest } from './schemas.ts';

/** infobip-api.md 2.2. */
export function applicationRoutes(app: InfobipApp, deps: InfobipDeps): void {
  const { store, clock, random, settings } = deps;

  app.route({
    method: 'GET',
    url: '/2fa/2/applications',
    config: { scopes: MANAGE, rate: REQUEST_LIMITS.listApplications },
    schema: {
      tags: [TAG],
      operationId: 'getTfaApplications',
      summary: 'List the applications',
      response: { 200: applicationList, ...errorAnswers(401, 403, 429, 500, 503) },
    },
    handler: async () => (await store.listApplications()).map(applicationView),
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/applications',
    config: { scopes: MANAGE, rate: REQUEST_LIMITS.createApplication },
    schema: {
      tags: [TAG],
      operationId: 'createTfaApplication',
      summary: 'Create an application',
      body: applicationRequest,
      response: {
        [settings.createApplicationStatus]: applicationAnswer,
        ...errorAnswers(400, 401, 403, 429, 500, 503),
      },
    },
    handler: async (request, reply) => {
      const application = createApplication(request.body, { random, now: clock.now() });
      await store.putApplication(application);
      return reply.code(settings.createApplicationStatus).send(applicationView(application));
    },
  });

  app.route({
    method: 'GET',
    url: '/2fa/2/applications/:appId',
    config: { scopes: MANAGE, rate: REQUEST_LIMITS.getApplication },
    schema: {
      tags: [TAG],
      operationId: 'getTfaApplication',
      summary: 'Get an application',
      params: applicationParams,
      response: { 200: applicationAnswer, ...errorAnswers(401, 403, 404, 429, 500, 503) },
    },
    handler: async request => applicationView(await requireApplication(store, request.params.appId)),
  });

  app.route({
    method: 'PUT',
    url: '/2fa/2/applications/:appId',
    config: { scopes: MANAGE, rate: REQUEST_LIMITS.updateApplication },
    schema: {
      tags: [TAG],
      operationId: 'updateTfaApplication',
      summary: 'Update an application; what is left out stays as it is',
      params: applicationParams,
      body: applicationRequest,
      response: { 200: applicationAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const existing = await requireApplication(store, request.params.appId);
      const application = updateApplication(existing, request.body, clock.now());
      await store.putApplication(application);
      return applicationView(application);
    },
  });
}

function applicationView(application: Application): z.output<typeof applicationAnswer> {
  const { applicationId, name, configuration, enabled } = application;
  return { applicationId, name, configuration, enabled };
}
