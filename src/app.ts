import { randomBytes } from 'node:crypto';

import packageJson from '../package.json' with { type: 'json' };
import { createLiveCalls } from './api/console/index.ts';
import { createHealth, type HealthNote } from './api/health.ts';
import { listen } from './api/listen.ts';
import { createOverload } from './api/overload.ts';
import { SENDS_PER_TURN, SENDS_PER_TURN_REMOTE } from './api/send-lane.ts';
import { createApi } from './app-api.ts';
import { startCarriers, type Carriers } from './app-carriers.ts';
import { createCircuits, type CircuitView } from './carriers/circuits.ts';
import { createCustomerEvents } from './app-events.ts';
import { openStore } from './app-store.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createVoiceDelivery, type VoiceDefaults } from './delivery/index.ts';
import { createMessageCalls, createMessaging, createRecordings } from './delivery/messages/index.ts';
import { createKeyring } from './domain/pin.ts';
import { securitySettings } from './domain/profile.ts';
import type { Logger } from './log.ts';
import { createLoopLag, createMetrics } from './metrics/index.ts';
import { createSpeech } from './speech/speech-service.ts';
import { instrumentStore } from './store/instrumented-store.ts';
import { rememberCatalog } from './store/recent-catalog.ts';
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
/** With last words, pushes and the closing of everything, the whole stop stays under faults.md F3's 60 s. */
const DRAIN_MS = 50_000;
/** Connections that wait to be accepted: Node's 511 overflow when thousands come at once. */
const BACKLOG = 4_096;

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
    const [opened, started] = await bothOf(
      openStore(config, { clock, log }),
      startCarriers(config, deps),
      closers,
    );
    const speech = createSpeech({ dataDir: config.dataDir, clock, log });
    closers.push(async () => await speech.close());
    const circuits = createCircuits({ clock, random, log });
    const carriers: Carriers = {
      ...started,
      calls: circuits.calls(around?.calls?.(started.calls) ?? started.calls),
      texts: circuits.texts(around?.texts?.(started.texts) ?? started.texts),
      mail: started.mail && circuits.mail(started.mail),
    };

    const metrics = createMetrics({ version: packageJson.version, carriers: carrierNames(carriers) });
    const measured = instrumentStore(around?.store?.(opened.store) ?? opened.store, { metrics, clock });
    const { store, recent } = rememberCatalog(measured, { clock });
    const lag = createLoopLag({ clock, observe: ms => metrics.loopLag(ms) });
    lag.start();
    closers.push(async () => {
      lag.stop();
      metrics.close();
    });
    const health = createHealth({
      store,
      clock,
      log,
      timersAskedMsAgo: () => store.timersAskedMsAgo(),
      lagMs: () => lag.meanMs,
      notes: () => carriersDown(circuits.states()),
    });
    const waitingMs = (): number => Math.max(lag.meanMs, store.waitingMs());
    const sendsPerTurn = opened.nodes ? SENDS_PER_TURN_REMOTE : SENDS_PER_TURN;
    const overload = createOverload({ clock, log, metrics, waitingMs, sendsPerTurn });

    const publicUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`;
    const retentionMs = config.retentionDays * DAY_MS;
    const shared = { store, recent, speech, clock, random, log, publicUrl, retentionMs };
    const { route, lookup } = carriers;
    const keyring = createKeyring({ keys: config.masterKeys, current: config.masterKeys.at(-1)!.id });
    const security = securitySettings(config.profile, securityOverrides(config));
    const events = createCustomerEvents(config, {
      store,
      keyring,
      lookup,
      clock,
      log,
      count: what => metrics.counted(what),
    });
    const recordings = createRecordings({
      fetchGuarded: async (url, limits) => await events.guarded.fetchBytes(url, limits),
      clock,
    });
    const messageCalls = createMessageCalls({ store, speech, recordings });
    const liveCalls = createLiveCalls({ clock });
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
      ...(events.gate && { gate: events.gate }),
      count: what => metrics.counted(what),
      adopted: (carrier, use) => circuits.adopted(carrier, use),
      messageCalls,
      watch: call => liveCalls.watch(call),
      ...(opened.nodes && { nodes: opened.nodes }),
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
      adopted: (carrier, use) => circuits.adopted(carrier, use),
    });
    const making = createApi(config, {
      store,
      recent,
      delivery,
      messaging,
      events,
      speech,
      carriers,
      circuits,
      keyring,
      security,
      liveCalls,
      health,
      overload,
      metrics,
      clock,
      random,
      log,
      publicUrl,
    });
    metrics.watch({
      liveCalls: () => delivery.liveCalls,
      mediaSockets: () => overload.gate.mediaSockets,
      requests: () => overload.gate.requests(),
      admission: () => overload.gate.admission(),
      circuits: () => circuits.states(),
      ready: async () => (await health.reasons()).length === 0,
      backlog: async () => await store.backlog?.(),
    });
    const [server] = await Promise.all([making, delivery.prewarm(config.voice.languages)]);
    closers.push(await listen(server, { host: config.host, port: config.port, backlog: BACKLOG }));
    await delivery.start();
    await messaging.start();
    await events.start();
    health.started();

    return {
      url: publicUrl,
      simulatorUrl: carriers.simulatorUrl,
      async close(graceMs = DRAIN_MS) {
        health.drain();
        overload.gate.drain();
        const end = clock.monotonic() + graceMs;
        await messaging.stop(graceMs);
        await delivery.stop(Math.max(0, end - clock.monotonic()));
        await events.stop();
        await closeAll(closers);
      },
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Both at the same time. What is open is closed with `closers`, though the other one could not be opened. */
async function bothOf<One extends Closing, Other extends Closing>(
  one: Promise<One>,
  other: Promise<Other>,
  closers: (() => Promise<unknown>)[],
): Promise<[One, Other]> {
  for (const settled of await Promise.allSettled([one, other])) {
    if (settled.status === 'fulfilled') closers.push(async () => await settled.value.close());
  }
  return [await one, await other];
}

interface Closing {
  close(): Promise<void>;
}

/** Named by readiness, which they are no reason against: other carriers and channels work. */
function carriersDown(states: readonly CircuitView[]): readonly HealthNote[] {
  return states
    .filter(({ state }) => state !== 'closed')
    .map(({ carrier, use, state }) => ({ part: 'carrier', text: `${carrier}: ${use} are down (${state})` }));
}

function carrierNames({ calls, texts, mail }: Carriers): readonly string[] {
  return [...new Set([...calls.keys(), ...texts.keys(), ...(mail ? [mail.name] : [])])];
}

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
