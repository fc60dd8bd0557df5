import { randomBytes } from 'node:crypto';

import packageJson from '../package.json' with { type: 'json' };
import type { EventsDeps } from './api/events/index.ts';
import { createNumberPushRenderer, NUMBER_PUSH } from './api/infobip/number/index.ts';
import { renderSmsReport } from './api/infobip/sms/index.ts';
import { renderVoiceReport } from './api/infobip/tts/index.ts';
import type { NumberLookup } from './carriers/message-carrier.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import {
  createEndpoints,
  createEventDispatcher,
  createEventRenderer,
  createReplays,
  createSendGate,
  createTestPush,
  EVENT_PUSH,
  SOURCE_TYPES,
} from './delivery/events/index.ts';
import { createReportRenderer } from './delivery/messages/index.ts';
import {
  createGuardedFetch,
  createPusher,
  createWebhookSigner,
  type GuardedFetch,
} from './delivery/push/index.ts';
import type { SendGate } from './delivery/verifications.ts';
import type { Keyring } from './domain/pin.ts';
import type { Logger } from './log.ts';
import type { Store } from './store/store.ts';

const DAY_MS = 86_400_000;

/** Everything that goes out to customers' addresses, and the operator's hook. */
export interface CustomerEvents {
  /** Undefined: there is no hook. */
  readonly gate: SendGate | undefined;
  /** For files that customers name. */
  readonly guarded: GuardedFetch;
  /** What the events face needs. */
  readonly face: Pick<EventsDeps, 'endpoints' | 'replays' | 'testPush'>;
  /** A push was written to the outbox. */
  pushWaits(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Composes reports, events and the hook of `config`. */
export function createCustomerEvents(
  config: Config,
  deps: {
    readonly store: Store;
    readonly keyring: Keyring;
    readonly lookup: NumberLookup;
    readonly clock: Clock;
    readonly log: Logger;
    readonly count: (what: string) => void;
  },
): CustomerEvents {
  const { store, keyring, lookup, clock, log, count } = deps;
  const random = randomBytes;
  const userAgent = `saypin/${packageJson.version}`;
  const guard = { allowPrivate: config.webhooks.allowPrivate };
  const guarded = createGuardedFetch({ clock, userAgent, ...guard });
  const endpoints = createEndpoints({ store, keyring, clock, random, guard });
  const pusher = createPusher({
    store,
    fetch: guarded,
    signer: createWebhookSigner(config.webhookSecrets),
    renderers: {
      report: createReportRenderer({ store, write: reportWriters }),
      [NUMBER_PUSH]: createNumberPushRenderer({ lookup, store, clock }),
      [EVENT_PUSH]: createEventRenderer({ endpoints }),
    },
    clock,
    random,
    log,
    othersTypes: SOURCE_TYPES,
    count,
  });
  const pushWaits = (): void => pusher.wake();
  const dispatcher = createEventDispatcher({
    store,
    endpoints,
    clock,
    log,
    retentionMs: config.retentionDays * DAY_MS,
    pushWaits,
    count(what, events) {
      for (let left = events; left > 0; left--) count(what);
    },
  });
  return {
    gate: sendGate(config, deps, userAgent),
    guarded,
    face: {
      endpoints,
      replays: createReplays({ store, endpoints, pushWaits }),
      testPush: createTestPush({ endpoints, fetch: guarded, clock, random }),
    },
    pushWaits,
    async start() {
      await dispatcher.start();
      await pusher.start();
    },
    async stop() {
      await dispatcher.stop();
      await pusher.stop();
    },
  };
}

/** The hook is the operator's own server, so it may be a private address. */
function sendGate(
  { hooks, webhookSecrets }: Config,
  { clock, log, count }: { clock: Clock; log: Logger; count: (what: string) => void },
  userAgent: string,
): SendGate | undefined {
  if (!hooks.beforeSend) return undefined;
  const { url, timeoutMs, onError, secret } = hooks.beforeSend;
  return createSendGate({
    url,
    timeoutMs,
    onError,
    signer: createWebhookSigner(secret === undefined ? webhookSecrets : [secret]),
    fetch: createGuardedFetch({ clock, userAgent, allowPrivate: true }),
    clock,
    random: randomBytes,
    log,
    count,
  });
}

const reportWriters: Parameters<typeof createReportRenderer>[0]['write'] = {
  voice: (messages, notify) => renderVoiceReport(messages, notify),
  sms: (messages, notify) => renderSmsReport(messages, messages[0]!.face, notify),
};
