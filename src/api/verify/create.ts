import type { z } from 'zod';

import { parseMsisdn } from '../../domain/phone.ts';
import type { DeliveryPlan } from '../../domain/plan.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import { createTemplate } from '../../domain/template.ts';
import type { Application, E164, MessageId, PinId, Template } from '../../domain/types.ts';
import type { VerificationView } from '../../delivery/verifications.ts';
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
          try {
            return verificationBody(await create(body, to, pinId));
          } catch (error) {
            throw inWords(error);
          }
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

  async function create(body: Body, to: E164, pinId: PinId): Promise<VerificationView> {
    const { from, placeholders = {} } = body;
    const application = await requireEnabled(deps, body.applicationId);
    const template = await templateOf(body, application);
    const plan = planFrom(body, application);
    return await verifications.create({
      application,
      template,
      to,
      placeholders,
      pinId,
      ...(from !== undefined && { from }),
      ...(plan && { plan }),
    });
  }

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
    assertWithinLife(wished, effectiveSettings(application, security).ttlMs);
    return wished;
  }
}

function locationOf(body: string): string {
  const { id } = JSON.parse(body) as { id: string };
  return `/v1/verifications/${id}`;
}

/** Names of the wire for those of templates and plans, where they differ. */
const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^messageText$/, 'text'],
  [/^repeatDTMF$/, 'repeatKey'],
  [/^voiceName$/, 'voice'],
  [/^steps\[/, 'plan.steps['],
];

/** The fields of an error by the names that this request has for them. */
function inWords(error: unknown): unknown {
  if (!(error instanceof ServiceError) || !error.fields) return error;
  const { id, fields, reason, cause } = error;
  const named = Object.entries(fields).map(([field, messages]) => {
    const [pattern, name] = FIELDS.find(([pattern]) => pattern.test(field)) ?? [/$/, ''];
    return [field.replace(pattern, name), messages];
  });
  return new ServiceError(id, { fields: Object.fromEntries(named), ...(reason && { reason }), cause });
}

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
}
