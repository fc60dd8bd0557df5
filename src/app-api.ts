import packageJson from '../package.json' with { type: 'json' };
import { createAuth, hashApiKey } from './api/auth.ts';
import { carrierWebhooks } from './api/carrier-webhooks/plugin.ts';
import { consoleApi, type CarrierSummary, type LiveCalls } from './api/console/index.ts';
import { eventsApi } from './api/events/index.ts';
import type { Health } from './api/health.ts';
import { numberApi } from './api/infobip/number/index.ts';
import { legacyQueryApi, smsApi } from './api/infobip/sms/index.ts';
import { ttsApi } from './api/infobip/tts/index.ts';
import type { Overload } from './api/overload.ts';
import { createServer } from './api/server.ts';
import { verifyApi } from './api/verify/index.ts';
import { welcomePage } from './api/welcome/index.ts';
import type { Carriers } from './app-carriers.ts';
import type { createCustomerEvents } from './app-events.ts';
import type { CircuitView, createCircuits } from './carriers/circuits.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { StartableVoiceDelivery } from './delivery/index.ts';
import type { StartableMessaging } from './delivery/messages/index.ts';
import type { RandomBytes } from './domain/ids.ts';
import type { Keyring } from './domain/pin.ts';
import type { SecuritySettings } from './domain/profile.ts';
import type { Logger } from './log.ts';
import type { createMetrics } from './metrics/index.ts';
import type { Speech } from './speech/speech.ts';
import type { RecentCatalog } from './store/recent-catalog.ts';
import type { Store } from './store/store.ts';

export interface ApiParts {
  readonly store: Store;
  readonly recent: RecentCatalog;
  readonly delivery: StartableVoiceDelivery;
  readonly messaging: StartableMessaging;
  readonly events: ReturnType<typeof createCustomerEvents>;
  readonly speech: Speech;
  readonly carriers: Carriers;
  readonly circuits: Pick<ReturnType<typeof createCircuits>, 'states'>;
  readonly keyring: Keyring;
  readonly security: SecuritySettings;
  readonly liveCalls: LiveCalls;
  readonly health: Health;
  readonly overload: Overload;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly publicUrl: string;
}

/** All that the service answers over HTTP; it listens to nothing yet. */
export async function createApi(config: Config, parts: ApiParts): ReturnType<typeof createServer> {
  const { store, recent, delivery, messaging, events, speech, carriers, circuits } = parts;
  const { keyring, security, liveCalls, health, overload, metrics } = parts;
  const { clock, random, log, publicUrl } = parts;
  const auth = createAuth({ store, builtInKeyHash: hashApiKey(config.apiKey), clock, random, log });
  const { authenticate } = auth;
  const webhooks = {
    delivery,
    texts: [delivery, messaging],
    publicUrl,
    carriers: [...carriers.calls.keys()],
    log,
  };
  return createServer({
    store,
    recent,
    delivery,
    keyring,
    security,
    authenticate,
    clock,
    log,
    random,
    publicUrl,
    version: packageJson.version,
    ...(config.trustProxy && { trustProxy: config.trustProxy }),
    plugins: [
      async scope => await carrierWebhooks(scope, webhooks),
      async scope => await auth.routes(scope),
      async root =>
        await root.register(
          verifyApi({
            verifications: delivery.verifications,
            store,
            authenticate,
            security,
            defaultLanguage: config.voice.defaultLanguage,
            clock,
            random,
            log,
          }),
        ),
      async root =>
        await root.register(
          eventsApi({
            ...events.face,
            store,
            authenticate,
            clock,
            log,
            requestLimits: config.api.requestLimits,
          }),
        ),
      async root =>
        await root.register(
          consoleApi({
            authenticate,
            verifications: delivery.verifications,
            speech,
            voice: config.voice,
            carriers: () => carrierSummaries(carriers, circuits.states()),
            clock,
            random,
            log,
            publicUrl,
            version: packageJson.version,
            simulatorUrl: carriers.simulatorUrl,
            liveCalls,
            metrics,
          }),
        ),
      async root =>
        await root.register(
          welcomePage({
            simulatorUrl: carriers.simulatorUrl,
            verifications: delivery.verifications,
            store,
            clock,
            random,
            log,
            publicUrl,
            apiKeySource: config.apiKeySource,
          }),
        ),
      async root => await root.register(legacyQueryApi({ messaging, clock, log, authenticate })),
    ],
    faces: [
      ttsApi({ messaging, speech, clock }),
      smsApi({ messaging, clock, log }),
      numberApi({ lookup: carriers.lookup, store, clock, random, pushWaits: () => events.pushWaits() }),
    ],
    settings: config.api,
    health,
    overload,
    metrics: { page: metrics, ...(config.metricsToken !== undefined && { token: config.metricsToken }) },
  });
}

/** In the order in which they are asked; without their credentials. */
function carrierSummaries(
  { calls, texts, mail, route }: Carriers,
  states: readonly CircuitView[],
): readonly CarrierSummary[] {
  const circuits = (name: string) => states.filter(({ carrier }) => carrier === name);
  const numbers = [...new Set([...calls.keys(), ...texts.keys()])].map((name): CarrierSummary => {
    const from = route({ carrier: name })?.from;
    return {
      name,
      channels: [
        ...(calls.has(name) ? ['voice' as const] : []),
        ...(texts.has(name) ? ['sms' as const] : []),
      ],
      ...(from !== undefined && { from }),
      circuits: circuits(name).filter(({ use }) => use !== 'mail'),
    };
  });
  const mails = (mail ? [mail] : []).map(({ name }): CarrierSummary => ({
    name,
    channels: ['email'],
    circuits: circuits(name).filter(({ use }) => use === 'mail'),
  }));
  return [...numbers, ...mails];
}
