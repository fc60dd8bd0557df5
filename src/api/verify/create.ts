import type { z } from 'zod';

import { parseMsisdn } from '../../domain/phone.ts';
import type { DeliveryPlan } from '../../domain/plan.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import { createTemplate } from '../../domain/template.ts';
import type { Application, MessageId, PinId, Template } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { problemAnswers } from '../problem.ts';
import { requireEnabled } from './applications.ts';
import { SEND, TAG, type VerifyApp, type VerifyDeps } from './context.ts';
import { defaultText } from './default-texts.ts';
import { sendAnswer, type Once } from './idempotency.ts';
import { assertWithinLife, planOf, planOfChannel } from './plan.ts';
import { createRequest, idempotencyHeaders, verification } from './schemas.ts';
import { INLINE_TEMPLATE, verificationBody } from './view.ts';

/** Harder to guess than Infobip's four. */
const DEFAULT_PIN_LENGTH = 6;

type Body = z.output<typeof createRequest>;

/** `POST /v1/verifications`. */
export function createRoutes(app: VerifyApp, deps: VerifyDeps & { once: Once }): void {
  const { verifications, security, once } = deps;

  app.route({
    method: 'POST',
    url: '/v1/verifications',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'createVerification',
      summary: 'Make a PIN and start its delivery plan',
      headers: idempotencyHeaders,
      body: createRequest,
      response: { 201: verification, ...problemAnswers(400, 401, 403, 409, 429, 500, 503) },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const to = parseMsisdn(body.to, security.numbers);
      if (!to) throw fieldError('to', 'must be an international phone number');
      const answer = await once(request, {
        subject: verifications.newPinId(to),
        status: 201,
        run: async (pinId: PinId) => {
          const { from, placeholders = {} } = body;
          const application = await requireEnabled(deps, body.applicationId);
          const template = await templateOf(body, application);
          const plan = planFrom(body, application);
          const view = await verifications.create({
            application,
            template,
            to,
            placeholders,
            pinId,
            ...(from !== undefined && { from }),
            ...(plan && { plan }),
          });
          return verificationBody(view);
        },
        finished: async (pinId: PinId) => {
          const view = await verifications.get(pinId);
          return view && verificationBody(view);
        },
      });
      if (answer.status === 201) reply.header('location', locationOf(answer.body));
      return sendAnswer(reply, answer);
    },
  });

  async function templateOf(body: Body, application: Application): Promise<Template> {
    const { applicationId } = application;
    if (body.template === undefined) return inlineTemplate(body, application, deps);
    const template = await deps.store.getTemplate(applicationId, body.template as MessageId);
    if (!template) throw fieldError('template', 'no such message of this application');
    return template;
  }

  /** Undefined: whatever the policies say. */
  function planFrom({ plan, channel }: Body, application: Application): DeliveryPlan | undefined {
    if (channel !== undefined) return planOfChannel(channel);
    if (!plan) return undefined;
    const wished = planOf(plan);
    assertWithinLife(wished, effectiveSettings(application, security).ttlMs, 'plan.');
    return wished;
  }
}

function locationOf(body: string): string {
  const { id } = JSON.parse(body) as { id: string };
  return `/v1/verifications/${id}`;
}

/** Names of the wire for those of templates, where they differ. */
const FIELDS: Readonly<Record<string, string>> = {
  messageText: 'text',
  repeatDTMF: 'repeatKey',
  voiceName: 'voice',
};

/**
 * A template for one PIN, under the same rules as those that are kept.
 * @throws ServiceError badRequest, naming the fields
 */
export function inlineTemplate(
  body: Body,
  { applicationId }: Application,
  deps: Pick<VerifyDeps, 'random' | 'clock' | 'defaultLanguage'>,
): Template {
  const { random, clock, defaultLanguage } = deps;
  const fallback = defaultText(body.language ?? defaultLanguage);
  const { text = fallback.text } = body;
  // Words of the customer's own are in a language that only the customer knows.
  const language = body.text === undefined ? fallback.language : body.language;
  try {
    const template = createTemplate(
      applicationId,
      {
        messageText: text,
        pinType: body.pinType ?? 'NUMERIC',
        pinLength: body.pinLength ?? DEFAULT_PIN_LENGTH,
        language,
        voiceName: body.voice,
        repeatDTMF: body.repeatKey,
        speechRate: body.speechRate,
      },
      { random, now: clock.now() },
    );
    return { ...template, messageId: INLINE_TEMPLATE };
  } catch (error) {
    if (!(error instanceof ServiceError) || !error.fields) throw error;
    const fields = Object.entries(error.fields).map(([field, messages]) => [
      FIELDS[field] ?? field,
      messages,
    ]);
    throw new ServiceError(error.id, { fields: Object.fromEntries(fields) });
  }
}
