import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import packageJson from '../package.json' with { type: 'json' };
import { createApiKeyAuthenticator, hashApiKey } from './api/auth.ts';
import { carrierWebhooks } from './api/carrier-webhooks/plugin.ts';
import { createServer } from './api/server.ts';
import type { CallCarrier } from './carriers/carrier.ts';
import { createTwilioCarrier, twilioConfig } from './carriers/twilio/index.ts';
import type { Clock } from './clock.ts';
import { ConfigError, type Config } from './config.ts';
import { createVoiceDelivery } from './delivery/voice-delivery.ts';
import { parseMsisdn } from './domain/phone.ts';
import { createKeyring } from './domain/pin.ts';
import { securitySettings } from './domain/profile.ts';
import type { E164 } from './domain/types.ts';
import type { Logger } from './log.ts';
import { createSpeech } from './speech/speech-service.ts';
import { openSqliteStore } from './store/sqlite/index.ts';

/** A running service. */
export interface App {
  readonly url: string;
  /** The simulator's control API, where no carrier is configured. */
  readonly simulatorUrl: string | undefined;
  /** Stops in order: no new sends, live calls finish (up to `graceMs`), flush, close. */
  close(graceMs?: number): Promise<void>;
}

const DAY_MS = 86_400_000;
const DRAIN_MS = 55_000;

/**
 * Puts the service together and starts it: store, speech, carriers (or the simulator), delivery, HTTP. Resolves when
 * it answers requests and its digits are warm.
 * @throws ConfigError, or an Error that says which part could not start
 */
export async function startApp(config: Config, deps: { clock: Clock; log: Logger }): Promise<App> {
  const { clock, log } = deps;
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const store = await openSqliteStore({ path: join(config.dataDir, 'saypin.db'), clock, log });
    closers.push(async () => await store.close());
    const speech = createSpeech({ dataDir: config.dataDir, clock, log });
    closers.push(async () => await speech.close());
    const { carriers, route, simulatorUrl, closeSimulator } = await startCarriers(config, deps);
    if (closeSimulator) closers.push(closeSimulator);

    const publicUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`;
    const keyring = createKeyring({ keys: config.masterKeys, current: config.masterKeys.at(-1)!.id });
    const security = securitySettings(config.profile, securityOverrides(config));
    const { dtmfTimeoutSeconds, callTimeoutSeconds, languages, ...voice } = config.voice;
    const delivery = createVoiceDelivery({
      store,
      carriers,
      route,
      speech,
      keyring,
      security,
      voice: {
        ...voice,
        dtmfTimeoutMs: dtmfTimeoutSeconds * 1_000,
        callTimeoutMs: callTimeoutSeconds * 1_000,
      },
      clock,
      random: randomBytes,
      log,
      publicUrl,
      retentionMs: config.retentionDays * DAY_MS,
    });

    const server = await createServer({
      store,
      delivery,
      keyring,
      security,
      authenticate: createApiKeyAuthenticator({
        keys: [{ name: 'default', hash: hashApiKey(config.apiKey) }],
      }),
      clock,
      log,
      random: randomBytes,
      publicUrl,
      version: packageJson.version,
      plugins: [
        async server =>
          await carrierWebhooks(server, { delivery, publicUrl, carriers: [...carriers.keys()], log }),
      ],
      settings: { createApplicationStatus: config.api.createApplicationStatus },
    });
    await delivery.prewarm(languages);
    await server.listen({ host: config.host, port: config.port });
    closers.push(async () => await server.close());
    await delivery.start();

    return {
      url: publicUrl,
      simulatorUrl,
      async close(graceMs = DRAIN_MS) {
        await delivery.stop(graceMs);
        await closeAll(closers);
      },
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Last opened, first closed. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

interface Carriers {
  readonly carriers: ReadonlyMap<string, CallCarrier>;
  readonly route: () => { carrier: string; from: E164 } | undefined;
  readonly simulatorUrl: string | undefined;
  readonly closeSimulator: (() => Promise<void>) | undefined;
}

/** The configured carriers, the first of which takes every call; without any, the simulator. */
async function startCarriers(config: Config, deps: { clock: Clock; log: Logger }): Promise<Carriers> {
  const simulator = config.carriers.length === 0 ? await startSimulator(config) : undefined;
  const configured = simulator
    ? [
        {
          type: 'twilio',
          accountSid: simulator.accountSid,
          authToken: simulator.authToken,
          baseUrl: simulator.url,
          mode: 'media',
          from: '+15005550006',
          // Scaled time is scaled frames: the limit of 200 a second is meant for real carriers.
          maxFramesPerSecond: 200 * Math.max(1, config.simulator.speed),
        },
      ]
    : config.carriers;
  const carriers = new Map<string, CallCarrier>();
  let first: { carrier: string; from: E164 } | undefined;
  for (const [index, entry] of configured.entries()) {
    if (entry.type !== 'twilio')
      throw new ConfigError([`carriers.${index}.type: unknown carrier "${entry.type}"`]);
    const parsed = twilioConfig.safeParse(entry);
    if (!parsed.success) {
      throw new ConfigError(
        parsed.error.issues.map(issue => `carriers.${index}.${issue.path.join('.')}: ${issue.message}`),
      );
    }
    const from = parseMsisdn(parsed.data.from);
    if (!from) throw new ConfigError([`carriers.${index}.from: must be a phone number`]);
    const carrier = createTwilioCarrier(parsed.data, { fetch, ...deps });
    if (carriers.has(carrier.name))
      throw new ConfigError([`carriers.${index}.name: "${carrier.name}" is taken`]);
    carriers.set(carrier.name, carrier);
    first ??= { carrier: carrier.name, from };
  }
  return {
    carriers,
    route: () => first,
    simulatorUrl: simulator?.url,
    closeSimulator: simulator && (async () => await simulator.close()),
  };
}

/** Loaded only where it is used: a production instance has no simulated carrier in memory. */
async function startSimulator(config: Config) {
  const { createSimulator } = await import('../sip-sim/index.ts');
  return await createSimulator({ ...config.simulator, dataDir: config.dataDir });
}

function securityOverrides(config: Config): Parameters<typeof securitySettings>[1] {
  const { maxTtlSeconds, failureCap, ...plain } = config.security;
  return {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(maxTtlSeconds !== undefined && { maxTtlMs: maxTtlSeconds * 1_000 }),
    ...(failureCap !== undefined && { failureCap: { attempts: failureCap, windowMs: DAY_MS } }),
  };
}
