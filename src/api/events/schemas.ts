import { z } from 'zod';

import { CUSTOMER_EVENT_TYPES, customerEvent } from '../../delivery/events/index.ts';
import type { LoggedEvent, WebhookEndpoint } from '../../store/event-store.ts';
import { documented } from '../openapi.ts';
import * as examples from './examples.ts';

/**
 * Bodies and answers of `/v1/webhooks` and `/v1/events`: the one source of what is checked, documented and typed. Requests are
 * strict, so that a misspelt field is an error and not a default; answers leave out what there is nothing to say of.
 */

const MAX_URL_LENGTH = 2_048;
const MAX_DESCRIPTION_LENGTH = 200;
const MAX_ID_LENGTH = 128;
const MAX_CURSOR_LENGTH = 200;
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;
const DAY_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 7 * DAY_SECONDS;

const id = z.string().min(1).max(MAX_ID_LENGTH);
const instant = z.iso.datetime();
const eventType = z.enum(CUSTOMER_EVENT_TYPES as [string, ...string[]]);

const url = z
  .string()
  .min(1)
  .max(MAX_URL_LENGTH)
  .describe('https, and no private address (docs/EVENTS.md). Answers 2xx within 15 seconds.');
const secondaryUrl = z
  .string()
  .min(1)
  .max(MAX_URL_LENGTH)
  .describe('Asked at once when `url` does not take an event.');
const types = z
  .array(z.enum([...CUSTOMER_EVENT_TYPES, '*']))
  .min(1)
  .max(CUSTOMER_EVENT_TYPES.length + 1)
  .describe('What it gets; `*`: all, those of later versions too.');
const applicationId = id.describe('Only events of this application. Absent: of all.');
const description = z.string().max(MAX_DESCRIPTION_LENGTH);

export const webhookRequest = documented(
  'CreateWebhookRequest',
  z.strictObject({
    url,
    secondaryUrl: secondaryUrl.optional(),
    types: types.default(['*']),
    applicationId: applicationId.optional(),
    description: description.optional(),
  }),
  [examples.webhookRequest],
);

export const webhookChange = documented(
  'UpdateWebhookRequest',
  z.strictObject({
    url: url.optional(),
    secondaryUrl: secondaryUrl.nullable().optional().describe('null takes it away.'),
    types: types.optional(),
    applicationId: applicationId.nullable().optional().describe('null: events of all applications.'),
    description: description.nullable().optional(),
    enabled: z.boolean().optional().describe('true switches an endpoint on again that answered 410.'),
  }),
  [examples.webhookChange],
);

const webhookFields = z.object({
  id: z.string(),
  url: z.string(),
  secondaryUrl: z.string().optional(),
  types: z.array(z.string()),
  applicationId: z.string().optional(),
  description: z.string().optional(),
  enabled: z.boolean(),
  disabledReason: z
    .enum(['gone', 'operator'])
    .optional()
    .describe('`gone`: it answered 410. `operator`: through this API.'),
  previousSecretUntil: instant.optional().describe('Until then the secret before signs too.'),
  createdAt: instant,
  updatedAt: instant,
});
export const webhook = documented('Webhook', webhookFields, [examples.webhook, examples.goneWebhook]);
export const newWebhook = documented(
  'WebhookWithSecret',
  webhookFields.extend({ secret: z.string().describe('Shown in this answer and never again.') }),
  [examples.newWebhook, examples.rotated],
);
export const webhookList = documented('WebhookList', z.object({ webhooks: z.array(webhook) }), [
  { webhooks: [examples.webhook] },
]);

/** The body may be missing altogether. */
export const rotateRequest = documented(
  'RotateSecretRequest',
  z.strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(DAY_SECONDS)
      .describe(
        'How long the secret before signs too: a day unless told otherwise, a week at most, 0: not at all.',
      ),
  }),
  [examples.rotateRequest],
);

const eventFields = z.object({
  id: z.string().describe('The same for all endpoints, tries and replays.'),
  type: z.string(),
  timestamp: instant.describe('When it happened.'),
  data: z
    .looseObject({
      verificationId: z.string().optional().describe('The `pinId` of Infobip’s face.'),
      applicationId: z.string().optional(),
      to: z.string().optional().describe('E.164, or the address of an e-mail.'),
      deliveryId: z.string().optional().describe('Of one call or message.'),
      channel: z.enum(['sms', 'voice', 'email']).optional(),
      carrier: z.string().optional(),
      from: z.string().optional(),
      trigger: z.string().optional().describe('Why a delivery was started.'),
      reason: z.string().optional().describe('How a delivery ended, in our words.'),
      carrierReason: z.string().optional().describe('The carrier’s own code or word for it.'),
      sipCode: z.int().optional(),
      answeredAt: instant.optional(),
      codeHeard: z.enum(['full', 'partial', 'none', 'unknown']).optional(),
      repeats: z.int().optional(),
      gate: z.enum(['passed', 'failed', 'none']).optional(),
      answeredBy: z.enum(['human', 'machine', 'unknown']).optional(),
    })
    .describe(
      'docs/EVENTS.md says which fields an event of each type has. There may be more in later versions.',
    ),
});
export const event = documented('Event', eventFields, [examples.event, examples.verified]);
export const eventList = documented(
  'EventList',
  z.object({
    events: z.array(event),
    nextCursor: z.string().optional().describe('For the next page; absent on the last one.'),
  }),
  [examples.eventList],
);

export const testAnswer = documented(
  'WebhookTest',
  z.object({
    event: eventFields,
    answers: z.array(
      z.object({
        which: z.enum(['url', 'secondaryUrl']),
        accepted: z.boolean().describe('Whether an event would count as delivered.'),
        durationMs: z.int(),
        status: z.int().optional(),
        body: z.string().optional().describe('The first KB of the answer.'),
        error: z.string().optional().describe('Why there was no answer.'),
      }),
    ),
  }),
  [examples.testAnswer],
);

/** The body may be missing altogether. */
export const replayRequest = documented(
  'ReplayEventRequest',
  z.strictObject({
    webhookId: id.optional().describe('Absent: to all endpoints that want such events.'),
  }),
  [examples.replayRequest],
);

const requestInstant = z.iso.datetime({ offset: true, error: 'must be a date and time of ISO 8601' });

export const rangeRequest = documented(
  'ReplayEventsRequest',
  z.strictObject({
    since: requestInstant.describe('Events that happened at this instant or later.'),
    until: requestInstant.optional().describe('Events that happened before this instant.'),
    types: z
      .array(eventType)
      .min(1)
      .max(CUSTOMER_EVENT_TYPES.length)
      .optional()
      .describe('Absent: those that the endpoint gets.'),
  }),
  [examples.rangeRequest],
);

export const replayAnswer = documented(
  'ReplayAnswer',
  z.object({
    count: z.int().describe('Pushes that were put on their way.'),
    continueFrom: instant.optional().describe('There are more: ask again with this as `since`.'),
  }),
  [examples.replayAnswer],
);

export const webhookParams = z.object({ id: z.string() });
export const eventParams = z.object({ id: z.string() });

export const listQuery = z.strictObject({
  type: eventType.optional(),
  applicationId: id.optional(),
  verificationId: id.optional(),
  since: requestInstant.optional().describe('Happened at this instant or later.'),
  until: requestInstant.optional().describe('Happened before this instant.'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, `must be a whole number from 1 to ${MAX_PAGE}`)
    .refine(text => Number(text) <= MAX_PAGE, { error: `must be at most ${MAX_PAGE}` })
    .optional()
    .describe(`1 to ${MAX_PAGE}. Default ${DEFAULT_PAGE}.`),
  cursor: z.string().min(1).max(MAX_CURSOR_LENGTH).optional().describe('`nextCursor` of the page before.'),
});

export type WebhookBody = z.output<typeof webhook>;
export type EventBody = z.output<typeof event>;

export function webhookBody(endpoint: WebhookEndpoint, now: number): WebhookBody {
  const { types, previousUntil, createdAt, updatedAt, keyId: _, secretVersion: __, ...rest } = endpoint;
  return {
    ...rest,
    types: [...types],
    ...(previousUntil !== undefined && previousUntil > now && { previousSecretUntil: iso(previousUntil) }),
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

export function eventBody(logged: LoggedEvent): EventBody {
  return customerEvent(logged);
}

export const iso = (at: number): string => new Date(at).toISOString();
