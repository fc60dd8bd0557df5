import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import packageJson from '../package.json' with { type: 'json' };
import { createAuth, hashApiKey } from './api/auth.ts';
import { carrierWebhooks } from './api/carrier-webhooks/plugin.ts';
import { createNumberPushRenderer, numberApi, NUMBER_PUSH } from './api/infobip/number/index.ts';
import { legacyQueryApi, renderSmsReport, smsApi } from './api/infobip/sms/index.ts';
import { renderVoiceReport, ttsApi } from './api/infobip/tts/index.ts';
import { createServer } from './api/server.ts';
import { verifyApi } from './api/verify/index.ts';
import { startCarriers, type Carriers } from './app-carriers.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createVoiceDelivery, type VoiceDefaults } from './delivery/index.ts';
import {
  createMessageCalls,
  createMessaging,
  createRecordings,
  createReportRenderer,
} from './delivery/messages/index.ts';
import { createGuardedFetch, createPusher, createWebhookSigner } from './delivery/push/index.ts';
import { createKeyring } from './domain/pin.ts';
import { securitySettings } from './domain/profile.ts';
import type { Logger } from './log.ts';
import { createSpeech } from './speech/speech-service.ts';
import { openSqliteStore } from './store/sqlite/index.ts';
import type { Store } from './store/store.ts';

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

/** What tests put around the parts that fail in the world: the store and the carriers. */
export interface Around {
  store?(store: Store): Store;
  calls?(carriers: Carriers['calls']): Carriers['calls'];
  texts?(carriers: Carriers['texts']): Carriers['texts'];
}

/**
 * Puts the service together and starts it: store, speech, carriers (or the simulator), delivery, HTTP. Resolves when
 * it answers requests and its digits are warm.
 * @throws ConfigError, or an Error that says which part could not start
 */
export async function startApp(
  config: Config,
  deps: { clock: Clock; log: Logger; around?: Around },
): Promise<App> {
  const { clock, log, around } = deps;
  const random = randomBytes;
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const opened = await openSqliteStore({ path: join(config.dataDir, 'saypin.db'), clock, log });
    closers.push(async () => await opened.close());
    const store = around?.store?.(opened) ?? opened;
    const speech = createSpeech({ dataDir: config.dataDir, clock, log });
    closers.push(async () => await speech.close());
    const started = await startCarriers(config, deps);
    closers.push(async () => await started.close());
    const carriers: Carriers = {
      ...started,
      calls: around?.calls?.(started.calls) ?? started.calls,
      texts: around?.texts?.(started.texts) ?? started.texts,
    };

    const publicUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`;
    const retentionMs = config.retentionDays * DAY_MS;
    const shared = { store, speech, clock, random, log, publicUrl, retentionMs };
    const guarded = createGuardedFetch({
      clock,
      allowPrivate: config.webhooks.allowPrivate,
      userAgent: `saypin/${packageJson.version}`,
    });
    const recordings = createRecordings({
      fetchGuarded: async (url, limits) => await guarded.fetchBytes(url, limits),
      clock,
    });
    const messageCalls = createMessageCalls({ store, speech, recordings });
    const keyring = createKeyring({ keys: config.masterKeys, current: config.masterKeys.at(-1)!.id });
    const security = securitySettings(config.profile, securityOverrides(config));
    const { route, lookup } = carriers;
    const delivery = createVoiceDelivery({
      ...shared,
      carriers: carriers.calls,
      route,
      keyring,
      security,
      voice: voiceDefaults(config),
      ...(config.delivery.plan && { defaultPlan: config.delivery.plan }),
      texts: { carriers: carriers.texts, route, lookup },
      ...(carriers.mail && { mail: { carrier: carriers.mail, templates: config.email.templates } }),
      messageCalls,
    });
    const messaging = createMessaging({
      ...shared,
      calls: delivery,
      callCarriers: carriers.calls,
      textCarriers: carriers.texts,
      routeCall: () => route({}),
      routeText: () => route({}),
      recordings,
      messageCalls,
    });
    const pusher = createPusher({
      store,
      fetch: guarded,
      signer: createWebhookSigner(config.webhookSecrets),
      renderers: {
        report: createReportRenderer({ store, write: reportWriters }),
        [NUMBER_PUSH]: createNumberPushRenderer({ lookup, store, clock }),
      },
      clock,
      log,
    });

    const auth = createAuth({ store, builtInKeyHash: hashApiKey(config.apiKey), clock, random, log });
    const { authenticate } = auth;
    const webhooks = {
      delivery,
      texts: [delivery, messaging],
      publicUrl,
      carriers: [...carriers.calls.keys()],
      log,
    };
    const server = await createServer({
      store,
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
        async root => await root.register(legacyQueryApi({ messaging, clock, log, authenticate })),
      ],
      faces: [
        ttsApi({ messaging, speech, clock }),
        smsApi({ messaging, clock, log }),
        numberApi({ lookup, store, clock, random, pushWaits: () => pusher.wake() }),
      ],
      settings: config.api,
    });
    await delivery.prewarm(config.voice.languages);
    await server.listen({ host: config.host, port: config.port });
    closers.push(async () => await server.close());
    await delivery.start();
    await messaging.start();
    await pusher.start();

    return {
      url: publicUrl,
      simulatorUrl: carriers.simulatorUrl,
      async close(graceMs = DRAIN_MS) {
        const end = clock.monotonic() + graceMs;
        await messaging.stop(graceMs);
        await delivery.stop(Math.max(0, end - clock.monotonic()));
        await pusher.stop();
        await closeAll(closers);
      },
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

const reportWriters: Parameters<typeof createReportRenderer>[0]['write'] = {
  voice: (messages, notify) => renderVoiceReport(messages, notify),
  sms: (messages, notify) => renderSmsReport(messages, messages[0]!.face, notify),
};

function voiceDefaults(config: Config): VoiceDefaults {
  const { dtmfTimeoutSeconds, callTimeoutSeconds, languages: _, ...voice } = config.voice;
  return { ...voice, dtmfTimeoutMs: dtmfTimeoutSeconds * 1_000, callTimeoutMs: callTimeoutSeconds * 1_000 };
}

/** Last opened, first closed. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

function securityOverrides(config: Config): Parameters<typeof securitySettings>[1] {
  const { maxTtlSeconds, failureCap, ...plain } = config.security;
  return {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(maxTtlSeconds !== undefined && { maxTtlMs: maxTtlSeconds * 1_000 }),
    ...(failureCap !== undefined && { failureCap: { attempts: failureCap, windowMs: DAY_MS } }),
  };
}
