import type { z } from 'zod';

import {
  createTemplate,
  PIN_PLACEHOLDER,
  TEMPLATE_LANGUAGES,
  updateTemplate,
  type TemplateUpdate,
} from '../../domain/template.ts';
import { createEmailTemplate, isEmailTemplate, updateEmailTemplate } from '../../domain/email-template.ts';
import type { ApplicationId, EmailTemplate, MessageId, Template } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import { REQUEST_LIMITS } from '../auth.ts';
import { errorAnswers } from '../openapi.ts';
import { MANAGE, requireApplication, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import {
  anyTemplate,
  applicationParams,
  emailTemplateAnswer,
  emailTemplateRequest,
  emailTemplateUpdate,
  templateAnswer,
  templateList,
  templateParams,
  templateRequest,
  templateUpdate,
} from './schemas.ts';

/** Templates for SMS and voice and for e-mail: infobip-api.md 2.3 and 2.5. */
export function templateRoutes(app: InfobipApp, deps: InfobipDeps): void {
  const { store, clock, random } = deps;
  const config = { scopes: MANAGE };

  app.route({
    method: 'GET',
    url: '/2fa/2/applications/:appId/messages',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getTfaMessageTemplates',
      summary: 'List the messages of an application',
      params: applicationParams,
      response: { 200: templateList, ...errorAnswers(401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      return (await store.listTemplates(applicationId)).map(anyView);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/applications/:appId/messages',
    config,
    schema: {
      tags: [TAG],
      operationId: 'createTfaMessageTemplate',
      summary: 'Create a message for SMS and voice',
      params: applicationParams,
      body: templateRequest,
      response: { 200: templateAnswer, ...errorAnswers(400, 401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const body = { ...request.body, regional: regionalOf(request.body) };
      const template = createTemplate(applicationId, body, { random, now: clock.now() });
      await store.putTemplate(template);
      return templateView(template);
    },
  });

  app.route({
    method: 'GET',
    url: '/2fa/2/applications/:appId/messages/:msgId',
    config,
    schema: {
      tags: [TAG],
      operationId: 'getTfaMessageTemplate',
      summary: 'Get a message',
      params: templateParams,
      response: { 200: anyTemplate, ...errorAnswers(401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      return anyView(await requireKind(applicationId, request.params, getAny));
    },
  });

  app.route({
    method: 'PUT',
    url: '/2fa/2/applications/:appId/messages/:msgId',
    config,
    schema: {
      tags: [TAG],
      operationId: 'updateTfaMessageTemplate',
      summary: 'Update a message; what is left out stays as it is',
      params: templateParams,
      body: templateUpdate,
      response: { 200: templateAnswer, ...errorAnswers(400, 401, 403, 404, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const existing = await requireKind(applicationId, request.params, (id, msg) =>
        store.getTemplate(id, msg),
      );
      const body = { ...request.body, regional: regionalOf(request.body) };
      const template = updateTemplate(existing, body, clock.now());
      await store.putTemplate(template);
      return templateView(template);
    },
  });

  app.route({
    method: 'POST',
    url: '/2fa/2/applications/:appId/email/messages',
    config: { ...config, rate: REQUEST_LIMITS.createEmailTemplate },
    schema: {
      tags: [TAG],
      operationId: 'createTfaEmailMessageTemplate',
      summary: 'Create a message for e-mail',
      params: applicationParams,
      body: emailTemplateRequest,
      response: { 200: emailTemplateAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const template = createEmailTemplate(applicationId, request.body, { random, now: clock.now() });
      await store.putEmailTemplate(template);
      return emailView(template);
    },
  });

  app.route({
    method: 'PUT',
    url: '/2fa/2/applications/:appId/email/messages/:msgId',
    config: { ...config, rate: REQUEST_LIMITS.updateEmailTemplate },
    schema: {
      tags: [TAG],
      operationId: 'updateTfaEmailMessageTemplate',
      summary: 'Update a message for e-mail; what is left out stays as it is',
      params: templateParams,
      body: emailTemplateUpdate,
      response: { 200: emailTemplateAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => {
      const { applicationId } = await requireApplication(store, request.params.appId);
      const existing = await requireKind(applicationId, request.params, (id, msg) =>
        store.getEmailTemplate(id, msg),
      );
      const template = updateEmailTemplate(existing, request.body, clock.now());
      await store.putEmailTemplate(template);
      return emailView(template);
    },
  });

  async function getAny(
    applicationId: ApplicationId,
    id: MessageId,
  ): Promise<Template | EmailTemplate | undefined> {
    return (await store.getTemplate(applicationId, id)) ?? (await store.getEmailTemplate(applicationId, id));
  }
}

/** @throws ServiceError notFound, also for a template of the other kind */
async function requireKind<Kind>(
  applicationId: ApplicationId,
  params: z.output<typeof templateParams>,
  get: (applicationId: ApplicationId, id: MessageId) => Promise<Kind | undefined>,
): Promise<Kind> {
  const template = await get(applicationId, params.msgId as MessageId);
  if (!template) throw new ServiceError('notFound');
  return template;
}

function anyView(template: Template | EmailTemplate): z.output<typeof anyTemplate> {
  return isEmailTemplate(template) ? emailView(template) : templateView(template);
}

function emailView(template: EmailTemplate): z.output<typeof emailTemplateAnswer> {
  const { createdAt: _created, updatedAt: _updated, ...fields } = template;
  return fields;
}

/** Without the nulls that a client may have sent for what it left out. */
function regionalOf(body: z.output<typeof templateUpdate>): TemplateUpdate['regional'] {
  const indiaDlt = body.regional?.indiaDlt;
  if (!indiaDlt) return undefined;
  const { principalEntityId, contentTemplateId, teleMarketerId } = indiaDlt;
  return {
    indiaDlt: {
      principalEntityId,
      ...(contentTemplateId != null && { contentTemplateId }),
      ...(teleMarketerId != null && { teleMarketerId }),
    },
  };
}

/** Fields that were never set are left out: clients refuse an unknown language, and an empty one is unknown. */
function templateView(template: Template): z.output<typeof templateAnswer> {
  const { createdAt: _created, updatedAt: _updated, language, ...fields } = template;
  return {
    ...fields,
    pinPlaceholder: PIN_PLACEHOLDER,
    language: TEMPLATE_LANGUAGES.find(known => known === language),
  };
}
