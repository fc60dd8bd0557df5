import type { CallCarrier } from './carriers/carrier.ts';
import { createLookup, lookupConfig } from './carriers/lookup/index.ts';
import type { MailCarrier, MessageCarrier, NumberLookup } from './carriers/message-carrier.ts';
import type { Clock } from './clock.ts';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { parseMsisdn } from './domain/phone.ts';
import type { E164 } from './domain/types.ts';
import type { Logger } from './log.ts';

/** Everything that leads out of the house, built from the configuration; see startCarriers. */
export interface Carriers {
  readonly calls: ReadonlyMap<string, CallCarrier>;
  readonly texts: ReadonlyMap<string, MessageCarrier>;
  readonly mail: MailCarrier | undefined;
  readonly lookup: NumberLookup;
  /** The carrier that is asked for, else the first; undefined: it is not configured. */
  readonly route: (routed: { readonly carrier?: string }) => { carrier: string; from: E164 } | undefined;
  /** The simulator's control API, where it stands in. */
  readonly simulatorUrl: string | undefined;
  close(): Promise<void>;
}

type Entry = Config['carriers'][number];
type Deps = { readonly clock: Clock; readonly log: Logger };

/** For the simulated carrier: one of the numbers that Twilio keeps for tests. */
const SIMULATOR_NUMBER = '+15005550006';

/**
 * Each entry of `carriers` through its adapter's guard; without any, the simulator for calls, texts, mail and lookups. An adapter
 * that no entry names is not loaded.
 * @throws ConfigError naming the path
 */
export async function startCarriers(config: Config, deps: Deps): Promise<Carriers> {
  const simulator = config.carriers.length === 0 ? await startSimulator(config) : undefined;
  const entries = simulator ? simulatorEntries(simulator, config) : config.carriers;
  const calls = new Map<string, CallCarrier>();
  const texts = new Map<string, MessageCarrier>();
  let mail: MailCarrier | undefined;
  const routes = new Map<string, { carrier: string; from: E164 }>();

  for (const [index, entry] of entries.entries()) {
    const path = `carriers.${index}`;
    if (entry.type === 'twilio') {
      const { createTwilioCarrier, createTwilioTexts, twilioConfig } =
        await import('./carriers/twilio/index.ts');
      const parsed = checked(twilioConfig.safeParse(entry), path);
      const from = parseMsisdn(parsed.from);
      if (!from) throw new ConfigError([`${path}.from: must be a phone number`]);
      const { name } = parsed;
      if (calls.has(name)) throw new ConfigError([`${path}.name: "${name}" is taken`]);
      calls.set(name, createTwilioCarrier(parsed, { fetch, ...deps }));
      texts.set(name, createTwilioTexts(parsed, { fetch, ...deps }));
      routes.set(name, { carrier: name, from });
    } else if (entry.type === 'smtp') {
      if (mail) throw new ConfigError([`${path}: there is one SMTP server at most`]);
      const { createSmtpCarrier, smtpConfig } = await import('./carriers/smtp/index.ts');
      mail = createSmtpCarrier(checked(smtpConfig.safeParse(entry), path), deps);
    } else {
      throw new ConfigError([`${path}.type: unknown carrier "${entry.type}"`]);
    }
  }

  const lookupEntry =
    config.lookup ?? (simulator ? { type: 'simulator', baseUrl: simulator.url } : { type: 'offline' });
  return {
    calls,
    texts,
    mail,
    lookup: createLookup(checked(lookupConfig.safeParse(lookupEntry), 'lookup'), { fetch, ...deps }),
    route: ({ carrier }) => (carrier === undefined ? routes.values().next().value : routes.get(carrier)),
    simulatorUrl: simulator?.url,
    async close() {
      await mail?.close();
      await simulator?.close();
    },
  };
}

/** Loaded only where it is used: a production instance has no simulated carrier in memory. */
async function startSimulator(config: Config) {
  const { createSimulator } = await import('../sip-sim/index.ts');
  return await createSimulator({ ...config.simulator, dataDir: config.dataDir });
}

function simulatorEntries(
  simulator: Awaited<ReturnType<typeof startSimulator>>,
  config: Config,
): readonly Entry[] {
  const { accountSid, authToken, url: baseUrl } = simulator;
  const mail = new URL(simulator.smtpUrl);
  return [
    {
      type: 'twilio',
      accountSid,
      authToken,
      baseUrl,
      mode: 'media',
      from: SIMULATOR_NUMBER,
      // Scaled time is scaled frames: the limit of 200 a second is meant for real carriers.
      maxFramesPerSecond: 200 * Math.max(1, config.simulator.speed),
    },
    { type: 'smtp', host: mail.hostname, port: Number(mail.port), from: 'Saypin <pin@saypin.example>' },
  ];
}

type Parsed<Value> =
  | { success: true; data: Value }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };

function checked<Value>(result: Parsed<Value>, path: string): Value {
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(issue => `${[path, ...issue.path.map(String)].join('.')}: ${issue.message}`),
  );
}
