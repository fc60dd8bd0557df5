import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { z } from 'zod';

import { check, ConfigError } from './config-error.ts';
import { readConfigFile, webhookSecret, type ConfigFile } from './config-file.ts';
import { makeDataDir, parseMasterKeys, secretFile } from './config-secrets.ts';
import type { MasterKey } from './domain/pin.ts';

/**
 * Configuration: environment variables for the common things, one JSON file (`SAYPIN_CONFIG`) for carriers and
 * policies. Both are checked whole before anything starts; an error names the variable or the path in the file.
 */

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

export interface Config extends ConfigFile {
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

/**
 * Reads and checks everything, and makes DATA_DIR, the API key file and the master key file where they are missing
 * (directories 0700, files 0600).
 * @throws ConfigError
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = check(environmentSchema, set, 'environment');
  const file = readConfigFile(env.SAYPIN_CONFIG);
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
 * What all nodes on one Redis must have in common is given to each, never made by each: a master key of its own would turn
 * every PIN of another node into a wrong one.
 */
function checkShared(env: z.output<typeof environmentSchema>, file: ConfigFile): void {
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
