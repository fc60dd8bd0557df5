import { onTestFinished } from 'vitest';

import {
  createEndpoints,
  createEventDispatcher,
  createEventRenderer,
  createReplays,
  createTestPush,
  EVENT_PUSH,
  SOURCE_TYPES,
  verificationEvent,
  type EventDispatcher,
  type NewEndpoint,
} from '../../../src/delivery/events/index.ts';
import {
  createGuardedFetch,
  createPusher,
  createWebhookSigner,
  GuardedFetchError,
  type GuardedFetch,
  type GuardedRequest,
  type PushCounted,
  type Pusher,
} from '../../../src/delivery/push/index.ts';
import { createKeyring } from '../../../src/domain/pin.ts';
import type { ApplicationId, E164, PinId } from '../../../src/domain/types.ts';
import { createLogger } from '../../../src/log.ts';
import type { NewEvent, StoredEvent } from '../../../src/store/store.ts';
import { settle } from '../../support/fake-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { openTestStore } from '../../support/sqlite-harness.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const PIN_ID = '9C817C6F8AF3D48F9FE553282AFA2B67' as PinId;
export const APPLICATION = '0933F3BC087D2A617AC6DCB2EF5B8A61' as ApplicationId;
export const TO = '+41793026727' as E164;

export const KEYRING = createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' });

/** A push as a target saw it. */
export interface Seen {
  /** Ms since the rig was made. */
  readonly at: number;
  readonly url: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `hang`: until it is cut off. */
export type Answer = number | Error | 'hang' | { status: number; headers: Record<string, string> };

let pins = 0;

/** A PIN of its own was verified. */
export function verified(more: { pinId?: PinId; applicationId?: ApplicationId; at?: number } = {}): NewEvent {
  const pinId = `A${(pins++).toString(16).toUpperCase().padStart(31, '0')}` as PinId;
  return verificationEvent('verified', { pinId, applicationId: APPLICATION, to: TO, ...more });
}

/** As the store hands it out. */
export function stored(event: NewEvent, createdAt = 1_000): StoredEvent {
  return { ...event, target: '-', createdAt, tries: 1 };
}

/**
 * Dispatcher and pusher over a real store and a clock that stands still. `answer` plays all targets; without it the pushes go
 * over real sockets to loopback.
 */
export async function eventsRig(options: { answer?: (push: Seen) => Answer; keyring?: typeof KEYRING } = {}) {
  const { answer, keyring = KEYRING } = options;
  const harness = await openTestStore();
  const { clock } = harness;
  const start = clock.now();
  const random = seededRandom('events');
  const pushes: Seen[] = [];
  const counts: Partial<Record<PushCounted, number>> = {};
  const lines: string[] = [];
  const log = createLogger('debug', { write: line => lines.push(line) });
  let guard = { allowPrivate: true };

  const scripted: Pick<GuardedFetch, 'guardedFetch'> = {
    async guardedFetch({ url, headers = {}, body = '', signal }: GuardedRequest) {
      const seen = { at: clock.now() - start, url, id: headers['webhook-id']!, headers, body: String(body) };
      pushes.push(seen);
      const given = answer!(seen);
      if (given instanceof Error) throw given;
      if (given === 'hang') {
        return await new Promise<never>((_, reject) => {
          signal?.addEventListener('abort', () => reject(new GuardedFetchError('aborted')));
        });
      }
      const { status, headers: answered } =
        typeof given === 'number' ? { status: given, headers: {} } : given;
      return { status, headers: answered, body: Buffer.from('answer'), truncated: false };
    },
  };
  const sockets = createGuardedFetch({ allowPrivate: true, clock, resolve: async () => ['127.0.0.1'] });
  const fetch = answer ? scripted : sockets;

  let pusher: Pusher;
  let dispatcher: EventDispatcher;
  let endpoints: ReturnType<typeof createEndpoints>;
  let running = false;

  function create(): void {
    const { store } = harness;
    endpoints = createEndpoints({ store, keyring, clock, random, guard });
    pusher = createPusher({
      store,
      fetch,
      signer: createWebhookSigner([]),
      renderers: { [EVENT_PUSH]: createEventRenderer({ endpoints }) },
      clock,
      random,
      log,
      othersTypes: SOURCE_TYPES,
      count: what => (counts[what] = (counts[what] ?? 0) + 1),
    });
    dispatcher = createEventDispatcher({
      store,
      endpoints,
      clock,
      log,
      retentionMs: 30 * 24 * HOUR,
      pushWaits: () => pusher.wake(),
    });
  }

  /** Lets everything happen that needs no time to pass. */
  async function rest(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await settle();
  }

  create();
  const rig = {
    harness,
    clock,
    log,
    random,
    pushes,
    counts,
    fetch,
    rest,
    logged: () => lines.join(''),
    get store() {
      return harness.store;
    },
    get endpoints() {
      return endpoints;
    },
    get replays() {
      return createReplays({ store: harness.store, endpoints, pushWaits: () => pusher.wake() });
    },
    get testPush() {
      return createTestPush({ endpoints, fetch, clock, random });
    },
    async endpoint(url: string, more: Partial<NewEndpoint> = {}) {
      return await endpoints.create({ url, types: ['*'], ...more });
    },
    async emit(...events: NewEvent[]) {
      await harness.store.emitEvents(events);
      dispatcher.wake();
      await rest();
    },
    async start() {
      running = true;
      await dispatcher.start();
      await pusher.start();
      await rest();
    },
    /** What takes many writes, but no time to pass. */
    async until(condition: () => boolean) {
      const end = performance.now() + 10_000;
      while (!condition() && performance.now() < end) await settle();
      await rest();
    },
    /** Moves time on by `ms`, looking every `stepMs`. */
    async pass(ms: number, stepMs = MINUTE) {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(stepMs, left));
        await rest();
      }
    },
    /** Moves time on from one try to the next, until nothing waits any more or `ms` have passed. */
    async passTries(ms: number) {
      const end = clock.monotonic() + ms;
      for (;;) {
        const next = await rig.waiting();
        if (next === undefined || clock.monotonic() + next > end) break;
        clock.advance(Math.max(1, next));
        await rest();
      }
      clock.advance(Math.max(0, end - clock.monotonic()));
      await rest();
    },
    /** The process dies and another one starts: nothing is stopped or written down in order. */
    async crash() {
      await harness.reopen();
      create();
      if (running) await rig.start();
    },
    /** From now on as in production. */
    async forbidPrivate() {
      guard = { allowPrivate: false };
      create();
    },
    /** What still waits to be published, or to be pushed. */
    async waiting() {
      return await harness.store.nextEventIn({ types: [...SOURCE_TYPES, 'customer.push'] });
    },
  };
  onTestFinished(async () => {
    await dispatcher.stop();
    const stopped = pusher.stop(0);
    await rest();
    clock.advance(0);
    await stopped;
    await harness.dispose();
  });
  return rig;
}

export type EventsRig = Awaited<ReturnType<typeof eventsRig>>;

export const down = (): Error => new GuardedFetchError('connect', { what: 'ECONNREFUSED' });
