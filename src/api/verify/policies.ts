import { z } from 'zod';

import { effectiveSettings } from '../../domain/profile.ts';
import type { Application } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { PolicyOwner } from '../../store/plan-store.ts';
import { problemAnswers } from '../problem.ts';
import { requireApplication, requireTemplate } from './applications.ts';
import { MANAGE, TAG, type VerifyApp, type VerifyDeps } from './context.ts';
import { assertWithinLife, planBody, planOf } from './plan.ts';
import { applicationParams, plan, templateParams, type DeliveryPlanBody } from './schemas.ts';

interface Owned {
  readonly application: Application;
  readonly owner: PolicyOwner;
}

/** The plan of an application or of one of its messages: what PINs get whose request brings none, Infobip's included. */
export function policyRoutes(app: VerifyApp, deps: VerifyDeps): void {
  const { verifications, security } = deps;
  const config = { scopes: MANAGE };

  async function put({ application, owner }: Owned, body: DeliveryPlanBody): Promise<DeliveryPlanBody> {
    const wished = planOf(body);
    assertWithinLife(wished, effectiveSettings(application, security).ttlMs);
    await verifications.putPolicy({ ...owner, plan: wished });
    return planBody(wished);
  }

  async function get({ owner }: Owned): Promise<DeliveryPlanBody> {
    const policy = await verifications.getPolicy(owner);
    if (!policy) throw new ServiceError('notFound');
    return planBody(policy);
  }

  async function remove({ owner }: Owned): Promise<void> {
    await verifications.putPolicy({ ...owner, plan: undefined });
  }

  async function ofApplication(params: z.output<typeof applicationParams>): Promise<Owned> {
    const application = await requireApplication(deps, params.applicationId);
    return { application, owner: { applicationId: application.applicationId } };
  }

  async function ofTemplate(params: z.output<typeof templateParams>): Promise<Owned> {
    const application = await requireApplication(deps, params.applicationId);
    const { messageId } = await requireTemplate(deps, application, params.messageId);
    return { application, owner: { applicationId: application.applicationId, messageId } };
  }

  const applicationUrl = '/v1/applications/:applicationId/delivery';
  const templateUrl = '/v1/applications/:applicationId/templates/:messageId/delivery';
  const written = { 200: plan, ...problemAnswers(400, 401, 403, 404, 429, 500, 503) };
  const read = { 200: plan, ...problemAnswers(401, 403, 404, 429, 500, 503) };
  const removed = {
    204: z.undefined().describe('There is none any more.'),
    ...problemAnswers(401, 403, 404, 429, 500, 503),
  };

  app.route({
    method: 'PUT',
    url: applicationUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'putApplicationDelivery',
      summary: 'Set the delivery plan of an application, for PINs made from now on',
      params: applicationParams,
      body: plan,
      response: written,
    },
    handler: async request => await put(await ofApplication(request.params), request.body),
  });

  app.route({
    method: 'GET',
    url: applicationUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'getApplicationDelivery',
      summary: 'Get the delivery plan of an application',
      params: applicationParams,
      response: read,
    },
    handler: async request => await get(await ofApplication(request.params)),
  });

  app.route({
    method: 'DELETE',
    url: applicationUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'deleteApplicationDelivery',
      summary: 'Take the delivery plan of an application away',
      params: applicationParams,
      response: removed,
    },
    handler: async (request, reply) => {
      await remove(await ofApplication(request.params));
      return await reply.code(204).send();
    },
  });

  app.route({
    method: 'PUT',
    url: templateUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'putTemplateDelivery',
      summary: 'Set the delivery plan of a message; it comes before that of its application',
      params: templateParams,
      body: plan,
      response: written,
    },
    handler: async request => await put(await ofTemplate(request.params), request.body),
  });

  app.route({
    method: 'GET',
    url: templateUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'getTemplateDelivery',
      summary: 'Get the delivery plan of a message',
      params: templateParams,
      response: read,
    },
    handler: async request => await get(await ofTemplate(request.params)),
  });

  app.route({
    method: 'DELETE',
    url: templateUrl,
    config,
    schema: {
      tags: [TAG],
      operationId: 'deleteTemplateDelivery',
      summary: 'Take the delivery plan of a message away',
      params: templateParams,
      response: removed,
    },
    handler: async (request, reply) => {
      await remove(await ofTemplate(request.params));
      return await reply.code(204).send();
    },
  });
}
