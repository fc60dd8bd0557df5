import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { hooksSettings } from './delivery/events/settings.ts';
import { MAX_STEPS, PLAN_CHANNELS, type DeliveryPlan } from './domain/plan.ts';

/**
 * Configuration: environment variables for the common things, one JSON file (`SAYPIN_CONFIG`) for carriers and
 * policies. Both are checked whole before anything starts; an error names the variable or the path in the file.
 */

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
const webhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/=]{32,}$/, 'must be "whsec_" and base64');

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

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);

const environmentSchema = z.object({
  PORT: port(8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  SIM_PORT: port(8081),
  /** Apart from HOST: the simulator plays PINs to whoever asks. */
  SIM_HOST: z.string().min(1).default('127.0.0.1'),
  SIM_SMTP_PORT: port(8025),
  SIM_SPEED: z.coerce.number().min(0.1).max(100).default(1),
  SIM_SEED: z.coerce.number().int().default(1),
  DATA_DIR: z.string().min(1).default('data'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .transform(url => url.replace(/\/+$/, ''))
    .optional(),
  TRUST_PROXY: z
    .string()
    .transform(text => text.split(',').map(item => item.trim()))
    .pipe(
      z.array(
        z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
          error: 'must be addresses or networks, separated by commas',
        }),
      ),
    )
    .optional(),
  API_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  MASTER_KEY: z.string().optional(),
  /** Its form is checked when the store is opened, without repeating it: it may hold a password. */
  REDIS_URL: z.string().optional(),
  /** As `webhooks.secrets` of the file, which it outranks. */
  WEBHOOK_SECRET: z
    .string()
    .transform(text => text.split(/[\s,]+/).filter(item => item !== ''))
    .pipe(z.array(webhookSecret).min(1))
    .optional(),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SECURITY_PROFILE: z.enum(['compat', 'strict']).default('compat'),
  SAYPIN_CONFIG: z.string().min(1).optional(),
});

export type VoiceSettings = z.output<typeof voiceSettings>;
export type SecurityOverrides = z.output<typeof securitySettings>;

export interface MasterKey {
  readonly id: string;
  readonly secret: Buffer;
}

export interface Config extends z.output<typeof fileSchema> {
  readonly port: number;
  readonly host: string;
  readonly simulator: {
    readonly host: string;
    readonly port: number;
    readonly smtpPort: number;
    readonly speed: number;
    readonly seed: number;
  };
  readonly dataDir: string;
  /** Undefined: the embedded store, in `dataDir`. */
  readonly redisUrl: string | undefined;
  readonly publicUrl: string | undefined;
  readonly trustProxy: readonly string[] | undefined;
  readonly apiKey: string;
  /** Where a person finds the API key: a file, or the name of the variable. */
  readonly apiKeySource: string;
  readonly masterKeys: readonly MasterKey[];
  /** The last one signs; receivers may hold any. */
  readonly webhookSecrets: readonly string[];
  /** Who asks for /metrics must bring it; undefined: anybody who reaches HOST may ask. */
  readonly metricsToken: string | undefined;
  readonly logLevel: string;
  readonly profile: 'compat' | 'strict';
}

/** A configuration that cannot be used; the message names every variable or path that is wrong. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`configuration: ${problems.join('; ')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads and checks everything, and makes DATA_DIR, the API key file and the master key file where they are missing
 * (directories 0700, files 0600).
 * @throws ConfigError
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = check(environmentSchema, set, 'environment');
  const file = env.SAYPIN_CONFIG ? readConfigFile(env.SAYPIN_CONFIG) : check(fileSchema, {}, 'defaults');
  if (env.REDIS_URL !== undefined) checkShared(env, file);
  makeDataDir(env.DATA_DIR);
  const apiKeyFile = join(env.DATA_DIR, 'api-key');
  return {
    ...file,
    port: env.PORT,
    host: env.HOST,
    simulator: {
      host: env.SIM_HOST,
      port: env.SIM_PORT,
      smtpPort: env.SIM_SMTP_PORT,
      speed: env.SIM_SPEED,
      seed: env.SIM_SEED,
    },
    dataDir: env.DATA_DIR,
    redisUrl: env.REDIS_URL,
    publicUrl: env.PUBLIC_URL,
    trustProxy: env.TRUST_PROXY,
    apiKey: env.API_KEY ?? secretFile(apiKeyFile, () => `${randomBytes(16).toString('hex')}-${randomUUID()}`),
    apiKeySource: env.API_KEY ? 'the API_KEY variable' : apiKeyFile,
    masterKeys: parseMasterKeys(
      env.MASTER_KEY ??
        secretFile(join(env.DATA_DIR, 'master-key'), () => `k1:${randomBytes(64).toString('hex')}`),
      env.MASTER_KEY ? 'MASTER_KEY' : join(env.DATA_DIR, 'master-key'),
    ),
    webhookSecrets: env.WEBHOOK_SECRET ??
      file.webhooks.secrets ?? [
        secretFile(join(env.DATA_DIR, 'webhook-secret'), () => `whsec_${randomBytes(32).toString('base64')}`),
      ],
    metricsToken: env.METRICS_TOKEN,
    logLevel: env.LOG_LEVEL,
    profile: env.SECURITY_PROFILE,
  };
}

/**
 * `id:hex` items, separated by commas or lines; the last one makes new PINs, all of them verify old ones. A bare hex
 * string is the key `k1`.
 * @throws ConfigError naming `source`; never quotes a key
 */
export function parseMasterKeys(text: string, source: string): readonly MasterKey[] {
  const keys = text
    .split(/[\s,]+/)
    .filter(item => item !== '')
    .map((item, index) => {
      const match = /^(?:([A-Za-z0-9_-]{1,16}):)?([0-9a-fA-F]{64,256})$/.exec(item);
      if (!match || match[2]!.length % 2 === 1) {
        throw new ConfigError([`${source}: key ${index + 1} must be "id:hex" with 32 to 128 bytes of hex`]);
      }
      return { id: match[1] ?? 'k1', secret: Buffer.from(match[2]!, 'hex') };
    });
  if (keys.length === 0) throw new ConfigError([`${source}: holds no key`]);
  if (new Set(keys.map(key => key.id)).size !== keys.length)
    throw new ConfigError([`${source}: key ids must differ`]);
  return keys;
}

/**
 * What all nodes on one Redis must have in common is given to each, never made by each: a master key of its own would turn
 * every PIN of another node into a wrong one.
 */
function checkShared(env: z.output<typeof environmentSchema>, file: z.output<typeof fileSchema>): void {
  const missing = [
    ...(env.MASTER_KEY === undefined ? ['MASTER_KEY (32 to 128 bytes of hex: `openssl rand -hex 64`)'] : []),
    ...(env.API_KEY === undefined ? ['API_KEY (at least 16 characters)'] : []),
    ...(env.WEBHOOK_SECRET === undefined && file.webhooks.secrets === undefined
      ? [
          'WEBHOOK_SECRET ("whsec_" and base64: `echo whsec_$(openssl rand -base64 32)`), or webhooks.secrets in SAYPIN_CONFIG',
        ]
      : []),
  ];
  if (missing.length === 0) return;
  throw new ConfigError(missing.map(what => `with REDIS_URL every node must be given the same ${what}`));
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(
      issue => `${issue.path.length > 0 ? issue.path.join('.') : where}: ${issue.message}`,
    ),
  );
}

function readConfigFile(path: string): z.output<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError([`SAYPIN_CONFIG: ${path}: ${(error as Error).message}`]);
  }
  return check(fileSchema, value, path);
}

function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError([`DATA_DIR: ${(error as Error).message}`]);
  }
}

/** The file's text; made with `create` (0600, exclusively) on the first start. */
function secretFile(path: string, create: () => string): string {
  try {
    if (!existsSync(path)) writeFileSync(path, `${create()}\n`, { mode: 0o600, flag: 'wx' });
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') throw new ConfigError([`${path}: is empty`]);
    return text;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${path}: ${(error as Error).message}`]);
  }
}
