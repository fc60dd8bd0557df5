import { onTestFinished } from 'vitest';

import {
  createPusher,
  createWebhookSigner,
  GuardedFetchError,
  newWebhookSecret,
  pushEvent,
  type GuardedRequest,
  type GuardedResponse,
  type PushCounted,
  type Pusher,
  type PusherDeps,
  type PushRenderer,
} from '../../../src/delivery/push/index.ts';
import { createLogger } from '../../../src/log.ts';
import type { NewEvent, StoredEvent } from '../../../src/store/store.ts';
import { settle } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/sqlite-harness.ts';
import { createdPin } from '../../support/store-fixtures.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Seen {
  /** Ms since the rig was made. */
  readonly at: number;
  readonly url: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a target does with a push: a status, an error to throw, or nothing until it is cut off. */
export type Answer = number | Error | 'hang' | Promise<number>;

/** The ids of an event and those that travel with it, as JSON. */
export const renderIds: PushRenderer = async (event: StoredEvent) => ({
  body: JSON.stringify({ results: [event, ...(event.followers ?? [])].map(({ id }) => id) }),
  contentType: 'application/json',
});

/** A pusher over a real store and a clock that stands still; `answer` plays all targets. */
export async function pusherRig(deps: Partial<PusherDeps> & { answer?: (push: Seen) => Answer } = {}) {
  const { answer = () => 200, ...more } = deps;
  const harness = await openTestStore();
  const { clock } = harness;
  const start = clock.now();
  const secret = newWebhookSecret();
  const pushes: Seen[] = [];
  const counts: Partial<Record<PushCounted, number>> = {};
  const logged: string[] = [];
  const underWay = { now: 0, most: 0 };
  let pusher: Pusher;

  async function guardedFetch(request: GuardedRequest): Promise<GuardedResponse> {
    const { url, headers = {}, body = '', signal, timeoutMs = 15_000 } = request;
    const seen = {
      at: clock.now() - start,
      url,
      id: headers['webhook-id'] ?? '',
      headers,
      body: String(body),
    };
    pushes.push(seen);
    underWay.most = Math.max(underWay.most, ++underWay.now);
    try {
      const given = answer(seen);
      if (given instanceof Error) throw given;
      if (given !== 'hang') {
        return { status: await given, headers: {}, body: Buffer.alloc(0), truncated: false };
      }
      return await new Promise<never>((_, reject) => {
        const timer = clock.after(timeoutMs, () => reject(new GuardedFetchError('timeout')));
        const onAbort = (): void => {
          timer.cancel();
          reject(new GuardedFetchError('aborted'));
        };
        if (signal?.aborted) onAbort();
        else signal?.addEventListener('abort', onAbort);
      });
    } finally {
      underWay.now--;
    }
  }

  function create(): Pusher {
    return createPusher({
      store: harness.store,
      fetch: { guardedFetch },
      signer: createWebhookSigner([secret]),
      renderers: { report: renderIds },
      clock,
      log: createLogger('debug', { write: line => logged.push(line) }),
      count: what => (counts[what] = (counts[what] ?? 0) + 1),
      ...more,
      limits: { pollMs: HOUR, ...more.limits },
    });
  }

  /** Lets everything happen that needs no time to pass. */
  async function rest(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await settle();
  }

  pusher = create();
  const rig = {
    harness,
    clock,
    secret,
    pushes,
    counts,
    logged,
    underWay,
    rest,
    get pusher() {
      return pusher;
    },
    get store() {
      return harness.store;
    },
    async emit(...events: NewEvent[]) {
      await rig.emitUnsaid(...events);
      pusher.wake();
      await rest();
    },
    /** Without a word to the pusher. */
    async emitUnsaid(...events: NewEvent[]) {
      await createdPin(harness.store, { events });
      await rest();
    },
    async start() {
      await pusher.start();
      await rest();
    },
    /** Moves time on by `ms`, looking every `stepMs`. */
    async pass(ms: number, stepMs = MINUTE) {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(stepMs, left));
        await rest();
      }
    },
    /** A second process over the same store. */
    async another(): Promise<Pusher> {
      const other = create();
      await other.start();
      await rest();
      onTestFinished(async () => await other.stop(0));
      return other;
    },
    /** The process dies and another one starts: nothing is stopped or written down in order. */
    async crash() {
      await harness.reopen();
      pusher = create();
      await rig.start();
    },
  };
  onTestFinished(async () => {
    const stopped = pusher.stop(0);
    await rest();
    clock.advance(0);
    await stopped;
    await harness.dispose();
  });
  return rig;
}

export type PusherRig = Awaited<ReturnType<typeof pusherRig>>;

let next = 0;

/** A report for a URL, under an id of its own. */
export function report(url: string, more: { id?: string; kind?: string; batch?: string } = {}): NewEvent {
  const { id = `report-${next++}`, kind = 'report', batch } = more;
  return pushEvent({
    id,
    data: { url, contentType: 'application/json', kind },
    ...(batch !== undefined && { batch }),
  });
}
