import { LRUCache } from 'lru-cache';

import type { Clock } from '../clock.ts';
import { outcomeOfCall } from '../domain/call-outcome.ts';
import { ServiceError } from '../errors.ts';
import { lazily } from '../lazily.ts';
import type { Metrics, SentWhat } from '../metrics/metrics.ts';
import { createWaitingTime } from '../metrics/waiting-time.ts';
import type { Store } from './store.ts';

export interface InstrumentedStore extends Store {
  /** Ms since somebody last got an answer to `claimTimers`; undefined: nobody asked yet. For readiness. */
  timersAskedMsAgo(): number | undefined;
  /** How long writes wait behind other writes, in ms: the queue before the disk, or before the other machine. */
  waitingMs(): number;
}

/** PINs under way that are remembered for the time to verify, some 200 bytes each. */
const REMEMBERED = 50_000;
/** A verification that the store dates further back than this was counted when it happened. */
const JUST_NOW_MS = 5_000;

/** Small writes, alike in what they cost; the last is asked for all the time, so that the measure is never stale. */
const MEASURED: ReadonlySet<string> = new Set<keyof Store>([
  'createPin',
  'createPinMessage',
  'attemptPin',
  'transition',
  'stepPinMessage',
  'completeTimer',
  'claimTimers',
]);

type Verb = Exclude<keyof Store, 'backlog'>;
type Watchers = {
  readonly [Name in Verb]?: (
    result: Awaited<ReturnType<Store[Name]>>,
    ...request: Parameters<Store[Name]>
  ) => void | Promise<void>;
};

interface Remembered {
  readonly since: number;
  readonly channel: string;
  readonly carrier: string;
}

/**
 * A store that measures: the time of each verb, and what the verbs bring about (sends, ends of deliveries,
 * verifications, late timers). It sees the whole service without a line in it. Answers and errors pass through
 * unchanged, and counting never makes a verb fail or wait.
 */
export function instrumentStore(
  store: Store,
  deps: { metrics: Metrics; clock: Pick<Clock, 'monotonic'> },
): InstrumentedStore {
  const { metrics, clock } = deps;
  let timersAsked: number | undefined;
  const waiting = createWaitingTime(clock);
  const watchers: Watchers = {
    ...watchPins(store, deps),
    ...watchDeliveries(metrics),
    async claimTimers(due) {
      timersAsked = clock.monotonic();
      if (due.length === 0) return;
      const now = await store.now();
      for (const timer of due) metrics.timerClaimed(now - timer.dueAt);
    },
  };

  const measured = {} as Record<string, (...request: unknown[]) => Promise<unknown>>;
  for (const name of verbsOf(store)) {
    const verb = store[name] as unknown as (...request: unknown[]) => Promise<unknown>;
    const watch = watchers[name as Verb] as ((result: unknown, ...request: unknown[]) => unknown) | undefined;
    measured[name] = async (...request) => {
      const started = clock.monotonic();
      const end = MEASURED.has(name) ? waiting.begin() : undefined;
      let result: unknown;
      try {
        result = await verb.apply(store, request);
      } catch (error) {
        metrics.storeVerb({ verb: name, ms: clock.monotonic() - started, failed: isFailure(error) });
        throw error;
      } finally {
        end?.();
      }
      const ms = clock.monotonic() - started;
      metrics.storeVerb({ verb: name, ms, failed: false });
      if (watch) countQuietly(() => watch(result, ...request));
      return result;
    };
  }
  return {
    ...(measured as unknown as Store),
    timersAskedMsAgo: () => (timersAsked === undefined ? undefined : clock.monotonic() - timersAsked),
    waitingMs: () => waiting.ms,
  };
}

/** Sends, attempts and verifications of PINs. */
function watchPins(
  store: Store,
  { metrics, clock }: { metrics: Metrics; clock: Pick<Clock, 'monotonic'> },
): Watchers {
  /** It makes room for all of them at once: not before there is one. */
  const pins = lazily(() => new LRUCache<string, Remembered>({ max: REMEMBERED }));

  function sent(pinId: string, by: { channel: string; carrier: string } | undefined): void {
    if (!by) return;
    const { channel, carrier } = by;
    metrics.sent({ what: 'pin', channel, carrier });
    pins().set(pinId, { since: pins().get(pinId)?.since ?? clock.monotonic(), channel, carrier });
  }

  /** Of a PIN that was sent in another life or by another process. */
  async function lookUp(pinId: Parameters<Store['getVerification']>[0]): Promise<void> {
    const record = await store.getVerification(pinId);
    if (!record) return;
    const { pin, calls, messages, now } = record;
    if (pin.verifiedAt !== undefined && now - pin.verifiedAt > JUST_NOW_MS) return;
    const last = [...calls, ...messages].toSorted((a, b) => a.createdAt - b.createdAt).at(-1);
    if (last) {
      const { channel, carrier } = last;
      metrics.verified({ channel, carrier, tookMs: (pin.verifiedAt ?? now) - pin.createdAt });
    }
  }

  return {
    createPin(result) {
      if (result.outcome === 'created') sent(result.pin.pinId, result.delivery);
      else metrics.sendLimited(result.limit);
    },
    addDelivery(result) {
      if (result.outcome === 'created') sent(result.pin.pinId, result.delivery);
      else if (result.outcome === 'limited') metrics.sendLimited(result.limit);
    },
    createPinMessage(result) {
      if (result.outcome === 'created') sent(result.pin.pinId, result.message);
      else metrics.sendLimited(result.limit);
    },
    addPinMessage(result) {
      if (result.outcome === 'created') sent(result.pin.pinId, result.message);
      else if (result.outcome === 'limited') metrics.sendLimited(result.limit);
    },
    advanceRun(result) {
      if (result.outcome === 'advanced') sent(result.pin.pinId, result.delivery ?? result.message);
      else if (result.outcome === 'limited') metrics.sendLimited(result.limit);
    },
    async attemptPin(result, { pinId }) {
      metrics.attempted(result.outcome);
      if (result.outcome !== 'verified') return;
      const known = pins().get(pinId);
      pins().delete(pinId);
      if (known) metrics.verified({ ...known, tookMs: clock.monotonic() - known.since });
      else await lookUp(pinId);
    },
  };
}

/** Ends of calls, texts and mail, and messages of bulks. */
function watchDeliveries(metrics: Metrics): Watchers {
  return {
    transition({ applied, delivery }, { to, report }) {
      if (!applied || !delivery || to !== 'ended' || !report) return;
      const { channel, carrier, createdAt, answeredAt } = delivery;
      const what: SentWhat = delivery.pinId === undefined ? 'message' : 'pin';
      const outcome = outcomeOfCall(report);
      metrics.delivered({
        what,
        channel,
        carrier,
        outcome: outcome.kind === 'answered' && outcome.by === 'machine' ? 'machine' : outcome.kind,
        deliveredMs: answeredAt === undefined ? undefined : answeredAt - createdAt,
      });
      if (what === 'pin') metrics.heard({ carrier, codeHeard: report.codeHeard });
    },
    stepPinMessage({ applied, message }, { to, report }) {
      if (!applied || !message || to !== 'ended' || !report) return;
      const { channel, carrier, createdAt, updatedAt } = message;
      const received = report.cause === 'delivered' || report.cause === 'accepted';
      metrics.delivered({
        what: 'pin',
        channel,
        carrier,
        outcome: report.cause,
        deliveredMs: received ? updatedAt - createdAt : undefined,
      });
    },
    startCall(delivery) {
      if (!delivery) return;
      metrics.sent({ what: 'message', channel: delivery.channel, carrier: delivery.carrier });
    },
    stepMessage({ applied, message }, step) {
      // The end of a call comes with its delivery's, above.
      if (!applied || !message || message.channel === 'voice') return;
      const by = { what: 'message' as const, channel: message.channel, carrier: message.carrier ?? '' };
      const { kind } = step.outcome;
      // Later words of the carrier are steps to `sent` too.
      if (step.to === 'sent' && kind === 'enroute') metrics.sent(by);
      if (step.to === 'done') metrics.delivered({ ...by, outcome: kind });
    },
  };
}

/** Those of a plain object and of a class, but for what ends it and what is asked without a store. */
function verbsOf(store: Store): readonly (keyof Store)[] {
  const names = new Set<string>();
  for (
    let part: object | null = store;
    part && part !== Object.prototype;
    part = Object.getPrototypeOf(part)
  ) {
    for (const name of Object.getOwnPropertyNames(part)) {
      if (name !== 'constructor' && typeof Reflect.get(store, name) === 'function') names.add(name);
    }
  }
  return [...names] as (keyof Store)[];
}

/** A refusal (a name that is taken, say) is an answer; a store that cannot is not. */
function isFailure(error: unknown): boolean {
  return !(error instanceof ServiceError) || error.status >= 500;
}

/** What cannot be counted is not: the verb is done, and its caller must hear so. */
function countQuietly(count: () => unknown): void {
  try {
    const counted = count();
    if (counted instanceof Promise) counted.catch(() => undefined);
  } catch {
    // see above
  }
}
