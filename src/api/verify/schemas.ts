import { z } from 'zod';

import { MAX_STEPS, PLAN_CHANNELS, VERIFICATION_STATES } from '../../domain/plan.ts';
import { TEMPLATE_LANGUAGES } from '../../domain/template.ts';
import { PIN_TYPES } from '../../domain/types.ts';
import { documented } from '../openapi.ts';
import * as examples from './examples.ts';

/**
 * Bodies and answers of `/v1/verifications`: the one source of what is checked, documented and typed. Requests are
 * strict, so that a misspelt field is an error and not a default; answers leave out what there is nothing to say of.
 */

/** As Infobip's face has them. */
const MAX_TEXT_LENGTH = 1_400;
const MAX_SENDER_LENGTH = 64;
const MAX_VOICE_NAME_LENGTH = 100;
const MAX_ID_LENGTH = 128;
const MAX_PLACEHOLDERS = 50;
const MAX_PLACEHOLDER_NAME_LENGTH = 64;
const MAX_PLACEHOLDER_LENGTH = 1_400;
const MAX_CARRIER_LENGTH = 100;
/** More than any PIN has; a PIN of the wrong length is a wrong PIN. */
const MAX_CANDIDATE_LENGTH = 64;
const MAX_CURSOR_LENGTH = 200;
const MAX_PAGE = 100;
/** Stripe's. */
const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

const id = z.string().min(1).max(MAX_ID_LENGTH);
const channel = z.enum(PLAN_CHANNELS);
const instant = z.iso.datetime();
/** Shorter than that, no carrier can have said anything. No upper bound but the PIN's own life. */
const seconds = z.number().min(0.1);

const nextRule = z.strictObject({
  onFailure: z
    .boolean()
    .optional()
    .describe(
      'At once when the carrier refuses, reports it undelivered, or the call ends without the code having been heard. Default true.',
    ),
  noReportAfterSeconds: seconds
    .optional()
    .describe('After this long without any word on the delivery. Absent: never.'),
  notVerifiedAfterSeconds: seconds
    .optional()
    .describe('After this long without a verification, delivered or not. Absent: never.'),
});

const planStep = z.strictObject({
  channel,
  carrier: z
    .string()
    .min(1)
    .max(MAX_CARRIER_LENGTH)
    .optional()
    .describe('Name of a carrier of the configuration. Absent: whichever the routes give.'),
  next: nextRule
    .optional()
    .describe(
      'When the step behind this one starts by itself. Absent: on failure only. The last step has none.',
    ),
});

export const plan = documented(
  'DeliveryPlan',
  z
    .strictObject({ steps: z.array(planStep).min(1).max(MAX_STEPS) })
    .refine(({ steps }) => steps.at(-1)?.next === undefined, {
      path: ['steps'],
      error: 'must not have a next on the last step: there is no step behind it',
    }),
  [examples.plan],
);

const placeholders = z
  .record(
    z
      .string()
      .max(MAX_PLACEHOLDER_NAME_LENGTH)
      .refine(key => key.trim() !== '' && !/[{}]/.test(key)),
    z.string().max(MAX_PLACEHOLDER_LENGTH),
    {
      error: issue =>
        issue.code === 'invalid_key'
          ? `must have keys without braces of 1 to ${MAX_PLACEHOLDER_NAME_LENGTH} characters`
          : undefined,
    },
  )
  .refine(values => Object.keys(values).length <= MAX_PLACEHOLDERS, {
    error: `must have at most ${MAX_PLACEHOLDERS} entries`,
  })
  .refine(values => !Object.keys(values).some(key => key.trim().toLowerCase() === 'pin'), {
    error: 'must not contain the key pin',
  })
  .describe('Values for the placeholders of the text; keys without braces, and never `pin`.');

/** What a template brings of its own. */
const INLINE_FIELDS = [
  'text',
  'language',
  'voice',
  'speechRate',
  'repeatKey',
  'pinLength',
  'pinType',
] as const;

export const createRequest = documented(
  'CreateVerificationRequest',
  z
    .strictObject({
      to: z.string().min(1).max(MAX_SENDER_LENGTH).describe('International number, with or without a plus.'),
      applicationId: id.optional().describe('Absent: the built-in application of 32 zeros, "Default".'),
      template: id
        .optional()
        .describe('`messageId` of a message of that application, in place of `text` and what goes with it.'),
      text: z
        .string()
        .min(1)
        .max(MAX_TEXT_LENGTH)
        .optional()
        .describe(
          'What is sent and spoken. Contains `{{pin}}` at least once. Without text and template: a sentence in the language.',
        ),
      language: z
        .enum(TEMPLATE_LANGUAGES)
        .optional()
        .describe('What is spoken. Default: the language of the service.'),
      voice: z.string().min(1).max(MAX_VOICE_NAME_LENGTH).optional().describe('Name of a voice.'),
      speechRate: z.number().optional().describe('0.5 to 2; values beyond are clamped when spoken.'),
      repeatKey: z.string().max(16).optional().describe('Keys that replay the message, e.g. `1`.'),
      pinLength: z.int32().optional().describe('1 to 32. Default 6.'),
      pinType: z.enum(PIN_TYPES).optional().describe('Default NUMERIC.'),
      from: z.string().min(1).max(MAX_SENDER_LENGTH).optional().describe('Sender or caller id.'),
      placeholders: placeholders.optional(),
      plan: plan
        .optional()
        .describe('Absent: the policy of the template or the application, or that of the service.'),
      channel: channel.optional().describe('In place of `plan`: this channel and no other.'),
    })
    .superRefine((body, context) => {
      const fail = (field: string, message: string): void =>
        void context.issues.push({ code: 'custom', path: [field], message, input: undefined });
      if (body.plan !== undefined && body.channel !== undefined)
        fail('channel', 'must not be given together with plan');
      if (body.template === undefined) return;
      if (body.applicationId === undefined) fail('applicationId', 'must be given together with template');
      for (const field of INLINE_FIELDS)
        if (body[field] !== undefined) fail(field, 'must not be given together with template');
    }),
  [examples.createRequest, examples.templateRequest],
);

/** The body may be missing altogether. */
export const nextRequest = documented(
  'NextStepRequest',
  z.strictObject({
    channel: channel.optional().describe('Absent: the next step of the plan, whatever it is.'),
  }),
  [examples.nextRequest],
);

export const checkRequest = documented(
  'CheckRequest',
  z.strictObject({ pin: z.string().max(MAX_CANDIDATE_LENGTH).describe('What the person typed in.') }),
  [examples.checkRequest],
);

export const STEP_STATES = [
  'sending',
  'sent',
  'ringing',
  'answered',
  'delivered',
  'undelivered',
  'failed',
  'unclear',
  'withdrawn',
  'skipped',
] as const;

const timelineStep = z.object({
  at: instant.describe('When it was started, or passed over.'),
  step: z.int().optional().describe('Index into the steps of the plan; absent where there is none.'),
  channel: z.enum([...PLAN_CHANNELS, 'email']),
  carrier: z.string().optional(),
  trigger: z
    .enum(['first', 'failure', 'no-report', 'not-verified', 'request', 'resend'])
    .optional()
    .describe('Why it was started. `request`: somebody asked for it; `resend`: through Infobip’s resend.'),
  state: z
    .enum(STEP_STATES)
    .describe(
      '`unclear`: over, and nobody can tell whether it arrived. `withdrawn`: ended because nobody needed it any more.',
    ),
  answeredAt: instant.optional(),
  endedAt: instant.optional(),
  reason: z.string().optional().describe('How it ended, or why it was passed over, in our words.'),
  carrierReason: z.string().optional().describe('The carrier’s own code or word for it.'),
  detail: z.string().optional().describe('What the operator’s hook said, or what kind of number it is.'),
  codeHeard: z
    .enum(['full', 'partial', 'none', 'unknown'])
    .optional()
    .describe('How much of the code the phone has played.'),
  gate: z.enum(['passed', 'failed', 'none']).optional().describe('Whether a key was pressed to hear it.'),
  answeredBy: z.enum(['human', 'machine', 'unknown']).optional(),
  repeats: z.int().optional().describe('How often the message was asked for again.'),
});

export const verification = documented(
  'Verification',
  z.object({
    id: z.string().describe('The `pinId` of Infobip’s face: both know the same verifications.'),
    applicationId: z.string(),
    template: z.string().optional().describe('Absent: the text came with the request.'),
    to: z.string().describe('E.164; an address where the PIN went by e-mail.'),
    state: z.enum(VERIFICATION_STATES),
    channel: z
      .enum([...PLAN_CHANNELS, 'email'])
      .optional()
      .describe('Of the delivery that was started last.'),
    createdAt: instant,
    expiresAt: instant.describe('Nothing ever moves it.'),
    verifiedAt: instant.optional(),
    attemptsLeft: z.int().describe('Checks left; 0 once it is over.'),
    nextSmsAllowedAt: instant
      .optional()
      .describe('From when on one more may be asked for over this channel. Absent: not any more.'),
    nextVoiceAllowedAt: instant.optional().describe('The same for calls.'),
    nextStepAt: instant
      .optional()
      .describe('When the next step starts by itself, unless something happens before. Absent: it does not.'),
    undeliverable: z.boolean().describe('No step is left, and the last one failed.'),
    plan: plan.optional().describe('Absent: sent through Infobip’s face, without a policy.'),
    timeline: z.array(timelineStep).describe('All that was done to deliver it, in order.'),
  }),
  [examples.verification, examples.pending],
);

export const verificationList = documented(
  'VerificationList',
  z.object({
    verifications: z.array(verification),
    nextCursor: z.string().optional().describe('For the next page; absent on the last one.'),
  }),
  [examples.list],
);

export const checkAnswer = documented(
  'CheckAnswer',
  z.object({
    id: z.string(),
    verified: z.boolean(),
    state: z.enum(VERIFICATION_STATES),
    attemptsLeft: z.int().describe('Checks left; 0 once it is over.'),
    expiresAt: instant,
    verifiedAt: instant.optional(),
    reason: z
      .enum(['wrong', 'expired', 'exhausted', 'superseded', 'cancelled', 'used', 'capped'])
      .optional()
      .describe(
        'Why not. Only `wrong` was compared. `superseded`: a newer one has taken its place. `used`: verified before, and good ' +
          'for one time. `capped`: too many wrong PINs for this number, whichever verification they were for.',
      ),
  }),
  [examples.right, examples.wrong],
);

export const verificationParams = z.object({ pinId: z.string().describe('`id` of the verification.') });

const queryInstant = z.iso.datetime({ offset: true, error: 'must be a date and time of ISO 8601' });

export const listQuery = z.strictObject({
  to: z.string().min(1).max(254).optional().describe('A number or an e-mail address.'),
  applicationId: id.optional(),
  state: z.enum(VERIFICATION_STATES).optional(),
  since: queryInstant.optional().describe('Created at this instant or later.'),
  until: queryInstant.optional().describe('Created before this instant.'),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, `must be a whole number from 1 to ${MAX_PAGE}`)
    .optional()
    .describe(`1 to ${MAX_PAGE}. Default 20.`),
  cursor: z.string().min(1).max(MAX_CURSOR_LENGTH).optional().describe('`nextCursor` of the page before.'),
});

export const idempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(MAX_IDEMPOTENCY_KEY_LENGTH)
    .optional()
    .describe('Asked again with the same key within 24 hours, the first answer comes again.'),
});

export const applicationParams = z.object({ applicationId: z.string() });
export const templateParams = z.object({ applicationId: z.string(), messageId: z.string() });

export type DeliveryPlanBody = z.input<typeof plan>;
export type CreateVerificationBody = z.input<typeof createRequest>;
export type NextStepBody = z.input<typeof nextRequest>;
export type VerificationBody = z.output<typeof verification>;
export type TimelineStep = z.output<typeof timelineStep>;
export type CheckBody = z.output<typeof checkAnswer>;
export type ListQuery = z.input<typeof listQuery>;
