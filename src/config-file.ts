import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { check, ConfigError } from './config-error.ts';
import { hooksSettings } from './delivery/events/settings.ts';
import { MAX_STEPS, PLAN_CHANNELS, type DeliveryPlan } from './domain/plan.ts';

/** The file that `SAYPIN_CONFIG` names: carriers and policies. */

const languageCode = z
  .string()
  .regex(/^[a-z]{2}([_-][a-z]{2})?$/i, 'must be a language code such as "en" or "pt-br"')
  .transform(code => code.toLowerCase().replace('-', '_'));

const voiceSettings = z.strictObject({
  /** Languages whose digits and fixed phrases are synthesised before the service is ready. */
  languages: z.array(languageCode).min(1).default(['en']),
  defaultLanguage: languageCode.default('en'),
  pauseMs: z.number().int().min(0).max(10_000).default(0),
  digitPauseMs: z.number().int().min(0).max(2_000).default(400),
  spelling: z.enum(['letters', 'phonetic']).default('letters'),
  times: z.number().int().min(1).max(5).default(1),
  machineDetection: z.enum(['off', 'hangup', 'continue']).default('off'),
  dtmfTimeoutSeconds: z.number().min(1).max(60).default(10),
  ringTimeoutSeconds: z.number().int().min(5).max(600).default(45),
  callTimeoutSeconds: z.number().int().min(10).max(3_600).default(180),
});

/** The strict profile's rules, each also a setting of its own (DESIGN decision 8). */
const securitySettings = z.strictObject({
  maxTtlSeconds: z.number().int().min(1).optional(),
  maxAttempts: z.number().int().min(1).optional(),
  singleUse: z.boolean().optional(),
  minPinSpace: z.number().int().min(1).optional(),
  /** Wrong PINs per number and application in 24 h. */
  failureCap: z.number().int().min(1).optional(),
  supersede: z.boolean().optional(),
  gate: z.enum(['off', 'any-key', 'random-digit']).optional(),
  gateDigits: z.union([z.literal(1), z.literal(2)]).optional(),
  numbers: z.enum(['possible', 'valid']).optional(),
});

const withPin = (text: string): boolean => text.includes('{{pin}}');

/** The words of e-mails, by `emailTemplateId`: Infobip keeps them in its portal, and here is no other place for them. */
const emailTemplates = z
  .record(
    z.string().refine(id => /^-?\d{1,16}$/.test(id) && Number.isSafeInteger(Number(id)), {
      error: 'must be an emailTemplateId: a whole number',
    }),
    z.strictObject({
      subject: z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'must be one line'),
      text: z.string().max(20_000).refine(withPin, { error: 'must contain {{pin}}' }),
      html: z.string().max(100_000).refine(withPin, { error: 'must contain {{pin}}' }).optional(),
    }),
  )
  .default({})
  .transform(templates => new Map(Object.entries(templates).map(([id, words]) => [Number(id), words])));

/** Zod's own message would not repeat it either. */
export const webhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/=]{32,}$/, 'must be "whsec_" and base64');

const waitSeconds = z.number().int().min(1).max(86_400).optional();

/** As `PUT /v1/applications/{id}/delivery` takes it. */
const deliveryPlan = z
  .strictObject({
    steps: z
      .array(
        z.strictObject({
          channel: z.enum(PLAN_CHANNELS),
          carrier: z.string().min(1).optional(),
          next: z
            .strictObject({
              onFailure: z.boolean().default(true),
              noReportAfterSeconds: waitSeconds,
              notVerifiedAfterSeconds: waitSeconds,
            })
            .prefault({}),
        }),
      )
      .min(1)
      .max(MAX_STEPS),
  })
  .transform(({ steps }): DeliveryPlan => ({
    steps: steps.map(({ channel, carrier, next }) => ({
      channel,
      ...(carrier !== undefined && { carrier }),
      next: {
        onFailure: next.onFailure,
        ...(next.noReportAfterSeconds !== undefined && {
          noReportAfterMs: next.noReportAfterSeconds * 1_000,
        }),
        ...(next.notVerifiedAfterSeconds !== undefined && {
          notVerifiedAfterMs: next.notVerifiedAfterSeconds * 1_000,
        }),
      },
    })),
  }));

const fileSchema = z.strictObject({
  /** Each is checked by its own adapter's guard; empty or absent: the simulator. */
  carriers: z.array(z.looseObject({ type: z.string() })).default([]),
  voice: voiceSettings.prefault({}),
  security: securitySettings.prefault({}),
  /** `plan`: for applications and templates that have none of their own, whichever API they are used through. */
  delivery: z.strictObject({ plan: deliveryPlan.optional() }).prefault({}),
  email: z.strictObject({ templates: emailTemplates }).prefault({}),
  /** Checked by its adapter's guard; absent: offline metadata, or the simulator's register while it stands in. */
  lookup: z.looseObject({ type: z.string() }).optional(),
  webhooks: z
    .strictObject({
      /** Lets customers' URLs be http and lead to private addresses: for development only. */
      allowPrivate: z.boolean().default(false),
      /** Standard Webhooks secrets; more than one while they are being changed. Absent: generated into DATA_DIR. */
      secrets: z.array(webhookSecret).min(1).optional(),
    })
    .prefault({}),
  hooks: hooksSettings.prefault({}),
  api: z
    .strictObject({
      /** infobip-api.md 0.1: the documents say 201, the official Python SDK accepts only 200. */
      createApplicationStatus: z.union([z.literal(200), z.literal(201)]).default(200),
      /** infobip-api.md 1.4; a load test may want them off. */
      requestLimits: z.boolean().default(true),
    })
    .prefault({}),
  retentionDays: z.number().min(1).max(3_650).default(30),
});

export type ConfigFile = z.output<typeof fileSchema>;

/** Its defaults where there is none. @throws ConfigError */
export function readConfigFile(path: string | undefined): ConfigFile {
  if (path === undefined) return check(fileSchema, {}, 'defaults');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError([`SAYPIN_CONFIG: ${path}: ${(error as Error).message}`]);
  }
  return check(fileSchema, value, path);
}
