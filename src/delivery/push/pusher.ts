import type { Clock, Timer } from '../../clock.ts';
import { chance, systemRandom, type RandomBytes } from '../../domain/ids.ts';
import { pushRetryDelayMs, standardRetryDelayMs } from '../../domain/push-schedule.ts';
import { assertNever } from '../../errors.ts';
import { background, type Logger } from '../../log.ts';
import type { Store, StoredEvent } from '../../store/store.ts';
import { WorkLoop } from '../work-loop.ts';
import type { GuardedFetch } from './guarded-fetch.ts';
import { Lease, LEASE_MS } from './lease.ts';
import { about, offer } from './offer.ts';
import {
  PUSH_EVENT,
  pushHead,
  type PushBody,
  type PushHead,
  type PushRenderer,
  type PushRoute,
} from './push-event.ts';
import type { WebhookSigner } from './signature.ts';
import { Targets } from './targets.ts';

export interface PusherDeps {
  readonly store: Pick<
    Store,
    | 'claimEvents'
    | 'ackEvent'
    | 'deferEvent'
    | 'nextEventIn'
    | 'dropEvents'
    | 'disableAddress'
    | 'disabledAddresses'
  >;
  readonly fetch: Pick<GuardedFetch, 'guardedFetch'>;
  readonly signer: WebhookSigner;
  /** By the `kind` of the event's data. */
  readonly renderers: Readonly<Record<string, PushRenderer>>;
  readonly clock: Clock;
  /** For the jitter of the standard schedule; absent: the operating system's. */
  readonly random?: RandomBytes;
  readonly log: Logger;
  /** Types that somebody else consumes: left alone. All others are deleted after two days. */
  readonly othersTypes?: readonly string[];
  readonly limits?: Partial<PusherLimits>;
  readonly count?: (what: PushCounted) => void;
}

export interface PusherLimits {
  /** Pushes under way at a time, in all. */
  readonly concurrency: number;
  /** To one target: one that answered nothing yet, or failed; and one that takes what it gets. */
  readonly perTarget: number;
  readonly perGoodTarget: number;
  /** Reports that may share a push (infobip-api.md 5.3). */
  readonly batch: number;
  /** How late a push may be that nobody called `wake` for. */
  readonly pollMs: number;
  /** How long a 410 holds. */
  readonly goneMs: number;
}

/** What became of a try, for metrics. */
export type PushCounted =
  | 'push-delivered'
  /** Comes again. */
  | 'push-failed'
  /** The end of the schedule. */
  | 'push-given-up'
  /** 410, now or within `goneMs`. */
  | 'push-gone'
  /** A URL that is not allowed. */
  | 'push-blocked'
  /** Nothing to tell, no such kind, or no URL. */
  | 'push-empty';

export interface Pusher {
  /** Resolves when the first overdue pushes are under way. */
  start(): Promise<void>;
  /** Gives pushes under way `graceMs` to end, then cuts them off: they come again after the next start. */
  stop(graceMs?: number): Promise<void>;
  /** Something was written to the outbox: looks at once. */
  wake(): void;
}

const LIMITS: PusherLimits = {
  concurrency: 64,
  perTarget: 2,
  perGoodTarget: 16,
  batch: 100,
  pollMs: 1_000,
  goneMs: 86_400_000,
};
const RENDER_TIMEOUT_MS = 10_000;
const STOP_GRACE_MS = 2_000;
const TIDY_MS = 3_600_000;
/** As long as reports can be had (infobip-api.md 5.3). */
const UNCONSUMED_MS = 48 * 3_600_000;

/**
 * Brings the outbox to customers' URLs: at least once, each event with the same `webhook-id` on every try, on Infobip's
 * schedule (infobip-api.md 3.7) or that of Standard Webhooks, which lives in the store and so goes on after a restart. Only a 2xx is success. Targets
 * take turns and each has few pushes under way, so that a slow one holds up nobody else; one that takes what it gets may have
 * more, one by one, until it fails.
 */
export function createPusher(deps: PusherDeps): Pusher {
  return new OutboxPusher(deps);
}

class OutboxPusher implements Pusher {
  readonly #deps: PusherDeps;
  readonly #limits: PusherLimits;
  readonly #targets: Targets;
  readonly #pushes = new Set<Promise<void>>();
  /** Of the events that are being pushed. */
  readonly #leases = new Map<string, Lease>();
  #abort = new AbortController();
  #lastTarget = '';
  readonly #loop: WorkLoop;
  #tidy: Timer | undefined;

  constructor(deps: PusherDeps) {
    const { store, clock, log } = deps;
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...deps.limits };
    this.#targets = new Targets({ few: this.#limits.perTarget, many: this.#limits.perGoodTarget });
    this.#loop = new WorkLoop({
      clock,
      log,
      name: 'outbox',
      pollMs: this.#limits.pollMs,
      takeSome: () => this.#claimSome(),
      // Due, and yet not claimed: its target is busy, and the end of a push there wakes us.
      nextIn: async () => (await store.nextEventIn({ types: [PUSH_EVENT] })) || undefined,
    });
  }

  async start(): Promise<void> {
    if (!this.#loop.stopped) return;
    this.#abort = new AbortController();
    this.#tidyNow();
    await this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    if (this.#loop.stopped) return;
    this.#tidy?.cancel();
    const grace = this.#deps.clock.after(graceMs, () => this.#abort.abort());
    await this.#loop.stop();
    await Promise.all(this.#pushes);
    grace.cancel();
  }

  async #claimSome(): Promise<boolean> {
    const { store } = this.#deps;
    const { concurrency, batch } = this.#limits;
    const free = concurrency - this.#pushes.size;
    if (free <= 0) return false;
    const events = await store.claimEvents({
      limit: free,
      leaseMs: LEASE_MS,
      types: [PUSH_EVENT],
      spread: { after: this.#lastTarget, except: this.#targets.full(), batch },
    });
    this.#lastTarget = events.at(-1)?.target ?? this.#lastTarget;
    for (const event of events) {
      // One that this process stood still over is with us all the same.
      if (!this.#leases.has(event.id)) this.#launch(event);
    }
    return events.length > 0;
  }

  #launch(event: StoredEvent): void {
    this.#targets.enter(event.target);
    this.#leases.set(event.id, new Lease(this.#deps, event.id));
    const push = this.#push(event)
      .catch((error: unknown) => {
        // The lease brings it again.
        this.#deps.log.warn({ err: error, event: event.id }, 'push: the store did not take its outcome');
      })
      .finally(() => {
        this.#endLease(event);
        this.#leases.delete(event.id);
        this.#targets.leave(event.target);
        this.#pushes.delete(push);
        this.wake();
      });
    this.#pushes.add(push);
  }

  async #push(event: StoredEvent): Promise<void> {
    const { store, renderers, signer, log } = this.#deps;
    const head = pushHead(event);
    const render = head && renderers[head.kind];
    if (!head || !render) {
      log.error({ event: event.id, kind: head?.kind }, 'push: an event that nobody can write');
      return await this.#drop(event, 'push-empty');
    }
    const { url, kind } = head;
    if (url !== undefined && (await store.disabledAddresses([url])).size > 0) {
      return await this.#drop(event, 'push-gone');
    }
    let body: PushBody | undefined;
    try {
      body = await this.#within(RENDER_TIMEOUT_MS, render(event));
    } catch (error) {
      log.warn({ err: error, event: event.id, kind }, 'push: the body could not be written');
      return await this.#retry(event, head);
    }
    if (!body) return await this.#drop(event, 'push-empty');
    const route = body.route ?? {
      urls: url === undefined ? [] : [url],
      signer,
      gone: async () => {
        if (url !== undefined) await store.disableAddress({ address: url, forMs: this.#limits.goneMs });
      },
    };
    await this.#send(event, { head, body, route });
  }

  async #send(
    event: StoredEvent,
    { head, body, route }: { head: PushHead; body: PushBody; route: PushRoute },
  ): Promise<void> {
    const outcome = await offer(this.#deps, { event, body, route, signal: this.#abort.signal });
    switch (outcome.kind) {
      case 'taken':
        this.#targets.took(event.target);
        return await this.#drop(event, 'push-delivered');
      case 'gone':
        this.#deps.log.warn(about(event), 'push: the address is gone, and gets nothing more for now');
        await route.gone();
        return await this.#drop(event, 'push-gone');
      case 'blocked':
        return await this.#drop(event, 'push-blocked');
      case 'refused':
        return await this.#retry(event, head, outcome.retryAfterMs);
      case 'aborted':
        // By `stop`: another process may have it at once.
        this.#endLease(event);
        return await this.#deps.store.deferEvent({ id: event.id, inMs: 0 });
      default:
        return assertNever(outcome);
    }
  }

  async #retry(event: StoredEvent, head: PushHead, retryAfterMs?: number): Promise<void> {
    const { store, log, random = systemRandom } = this.#deps;
    this.#targets.refused(event.target);
    const inMs =
      head.schedule === 'standard'
        ? standardRetryDelayMs(event.tries, { chance: chance(random), retryAfterMs })
        : pushRetryDelayMs(event.tries);
    if (inMs === undefined) {
      log.warn(about(event), 'push: given up');
      return await this.#drop(event, 'push-given-up');
    }
    this.#endLease(event);
    await store.deferEvent({ id: event.id, inMs });
    this.#deps.count?.('push-failed');
  }

  async #drop(event: StoredEvent, what: PushCounted): Promise<void> {
    this.#endLease(event);
    await this.#deps.store.ackEvent(event.id);
    this.#deps.count?.(what);
  }

  #endLease({ id }: StoredEvent): void {
    this.#leases.get(id)?.end();
  }

  /** A renderer that hangs must not keep its target's place. */
  async #within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const timer = this.#deps.clock.after(ms, () => late.reject(new Error(`not done in ${ms} ms`)));
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** Events of types without a consumer would pile up for ever. */
  #tidyNow(): void {
    const { store, clock, log, othersTypes = [] } = this.#deps;
    const exceptTypes = [PUSH_EVENT, ...othersTypes];
    background(log, 'tidying the outbox', store.dropEvents({ exceptTypes, olderThanMs: UNCONSUMED_MS }));
    this.#tidy = clock.after(TIDY_MS, () => this.#tidyNow());
  }
}
