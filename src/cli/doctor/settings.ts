import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lookupConfig } from '../../carriers/lookup/index.ts';
import { smtpConfig, type SmtpConfig } from '../../carriers/smtp/index.ts';
import { twilioConfig, type TwilioConfig } from '../../carriers/twilio/index.ts';
import { ConfigError } from '../../config-error.ts';
import { loadConfig, type Config } from '../../config.ts';
import type { Environment } from '../connect.ts';
import type { Findings } from './finding.ts';
import { isLoopbackName } from './public-url.ts';

/** What the other checks go by. */
export interface Settings {
  readonly environment: Environment;
  /** Undefined: it could not be read; what it says of itself is a finding. */
  readonly config: Config | undefined;
  readonly dataDir: string;
  readonly redisUrl: string | undefined;
  readonly twilio: readonly TwilioConfig[];
  readonly smtp: readonly SmtpConfig[];
}

/** Stand in where many nodes lack what they must have in common, so that this mistake does not hide the others. */
const STAND_INS = {
  API_KEY: 'stand-in-for-a-missing-api-key',
  MASTER_KEY: `k1:${'0'.repeat(128)}`,
  WEBHOOK_SECRET: `whsec_${'A'.repeat(44)}`,
} as const;
/** How each is made. */
const MAKE: Readonly<Record<string, string>> = {
  API_KEY: 'openssl rand -hex 32',
  MASTER_KEY: 'echo "k1:$(openssl rand -hex 64)"',
  WEBHOOK_SECRET: 'echo "whsec_$(openssl rand -base64 32)"',
};
const SEE_FILE = 'correct it in the file; src/config.ts and README.md have every field';
const SEE_ENVIRONMENT = 'correct the variable; .env.example has them all';

/** Reads the configuration as the service does, and makes nothing: its keys go to a folder that is gone again. */
export function readSettings(environment: Environment, findings: Findings): Settings {
  const dataDir = environment['DATA_DIR'] || 'data';
  const redisUrl = environment['REDIS_URL'] || undefined;
  if (redisUrl === undefined) tellSecrets(environment, dataDir, findings);
  const config = readConfig(environment, findings);
  const twilio: TwilioConfig[] = [];
  const smtp: SmtpConfig[] = [];
  for (const [index, entry] of (config?.carriers ?? []).entries()) {
    const where = `${environment['SAYPIN_CONFIG'] ?? ''}: carriers.${index}`;
    if (entry.type === 'twilio') keep(twilio, twilioConfig.safeParse(entry), where, findings);
    else if (entry.type === 'smtp') keep(smtp, smtpConfig.safeParse(entry), where, findings);
    else findings.error(`${where}.type: unknown carrier "${entry.type}"`, 'set it to "twilio" or "smtp"');
  }
  if (config?.lookup) keep([], lookupConfig.safeParse(config.lookup), 'lookup', findings);
  if (config) tellCarriers(config, twilio.length + smtp.length, findings);
  return { environment, config, dataDir, redisUrl, twilio, smtp };
}

function tellCarriers({ carriers, simulator, webhooks }: Config, usable: number, findings: Findings): void {
  if (carriers.length > 0) {
    findings.ok(`${usable} carriers configured`);
    if (webhooks.allowPrivate) {
      findings.warning(
        'webhooks.allowPrivate lets whoever has a key make this service call addresses of its own network',
        'take it out: it is for development only',
      );
    }
    return;
  }
  findings.ok('no carrier is configured: the simulator takes calls, texts and mails');
  if (!isLoopbackName(simulator.host)) {
    findings.warning(
      `the simulator plays PINs to whoever reaches ${simulator.host}`,
      'set SIM_HOST to 127.0.0.1, unless this is a trial on a network of your own',
    );
  }
}

/** One node may make its own; many must be given theirs, which `loadConfig` itself asks for. */
function tellSecrets(environment: Environment, dataDir: string, findings: Findings): void {
  for (const [name, file] of [
    ['MASTER_KEY', join(dataDir, 'master-key')],
    ['API_KEY', join(dataDir, 'api-key')],
  ] as const) {
    if (environment[name]) continue;
    if (existsSync(file)) findings.ok(`${name} is in ${file}`);
    else findings.ok(`${name} will be made in ${file} at the first start`);
  }
}

function readConfig(environment: Environment, findings: Findings): Config | undefined {
  const saved = environment['MASTER_KEY'] ? {} : savedMasterKey(environment['DATA_DIR'] || 'data');
  const own = environment['REDIS_URL'] ? environment : { ...environment, ...saved };
  const config = load(own);
  if (!(config instanceof ConfigError)) return config;
  for (const problem of config.message.replace(/^configuration: /, '').split('; '))
    findings.error(problem, adviceFor(problem, environment));
  const again = load({ ...STAND_INS, ...withoutEmpty(environment) });
  return again instanceof ConfigError ? undefined : again;
}

/** In a folder of its own, which takes the keys that are made. */
function load(environment: Environment): Config | ConfigError {
  const folder = mkdtempSync(join(tmpdir(), 'saypin-doctor-'));
  try {
    return loadConfig({ ...environment, DATA_DIR: folder });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function adviceFor(problem: string, environment: Environment): string {
  const shared = /^with REDIS_URL .* the same ([A-Z_]+)/.exec(problem)?.[1];
  if (shared !== undefined)
    return `set ${shared} to one and the same value on every node, made once with: ${MAKE[shared] ?? ''}`;
  if (problem.startsWith('SAYPIN_CONFIG'))
    return 'set SAYPIN_CONFIG to a JSON file that this user can read, or leave it out';
  return environment['SAYPIN_CONFIG'] && !/^[A-Z_]+:/.test(problem) ? SEE_FILE : SEE_ENVIRONMENT;
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
}

/** Checked too, and only for its form. */
function savedMasterKey(dataDir: string): Record<string, string> {
  try {
    return { MASTER_KEY: readFileSync(join(dataDir, 'master-key'), 'utf8').trim() || 'empty' };
  } catch {
    return {};
  }
}

type Parsed<Value> =
  | { success: true; data: Value }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };

function keep<Value>(into: Value[], result: Parsed<Value>, where: string, findings: Findings): void {
  if (result.success) {
    into.push(result.data);
    return;
  }
  for (const { path, message } of result.error.issues)
    findings.error(`${[where, ...path.map(String)].join('.')}: ${message}`, SEE_FILE);
}
