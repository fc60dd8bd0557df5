import type { Clock, Timer } from '../../clock.ts';
import { background, type Logger } from '../../log.ts';
import type { NewLoggedEvent } from '../../store/event-store.ts';
import type { Store, StoredEvent } from '../../store/store.ts';
import { toCustomerEvent } from './customer-event.ts';
import { WorkLoop } from '../work-loop.ts';
import { wants, type Endpoints } from './endpoints.ts';
import { endpointPush } from './event-push.ts';
import { SOURCE_TYPES } from './sources.ts';

export interface EventDispatcherDeps {
  readonly store: Pick<Store, 'claimEvents' | 'publishEvents' | 'nextEventIn' | 'sweepLoggedEvents'>;
  readonly endpoints: Pick<Endpoints, 'recent'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long events are kept for replays. */
  readonly retentionMs: number;
  /** Pushes were written: wakes the pusher. */
  readonly pushWaits: () => void;
  /** How late an event may be that nobody called `wake` for; 0.25 s unless told otherwise. */
  readonly pollMs?: number;
  readonly count?: (what: EventCounted, events: number) => void;
}

/** `event-malformed`: an event of the outbox that is not what its type says; it is told to nobody. */
export type EventCounted = 'event-published' | 'event-malformed';

export interface EventDispatcher {
  /** Resolves when the first of what waits was published: under load there is no end of it. */
  start(): Promise<void>;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
  /** Something was written to the outbox: looks at once. */
  wake(): void;
}

/** Events of one write. */
const BATCH = 100;
/** Far longer than a write takes; after a crash the events wait as long. */
const LEASE_MS = 15_000;
const POLL_MS = 250;
const SWEEP_MS = 3_600_000;

/**
 * Turns events of the outbox (`SOURCE_TYPES`) into what customers are told: logs them, and writes a push for each endpoint that
 * wants them. Taking an event out and writing its pushes is one write, and their ids are made of the event's: whenever the
 * process dies, each endpoint gets each event under one id (faults.md I6).
 */
export function createEventDispatcher(deps: EventDispatcherDeps): EventDispatcher {
  return new OutboxDispatcher(deps);
}

class OutboxDispatcher implements EventDispatcher {
  readonly #deps: EventDispatcherDeps;
  readonly #loop: WorkLoop;
  #sweep: Timer | undefined;

  constructor(deps: EventDispatcherDeps) {
    const { store, clock, log, pollMs = POLL_MS } = deps;
    this.#deps = deps;
    this.#loop = new WorkLoop({
      clock,
      log,
      name: 'events',
      pollMs,
      takeSome: async () => (await this.#publishSome()) === BATCH,
      nextIn: () => store.nextEventIn({ types: SOURCE_TYPES }),
    });
  }

  async start(): Promise<void> {
    if (!this.#loop.stopped) return;
    this.#sweepNow();
    await this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel();
    await this.#loop.stop();
  }

  wake(): void {
    this.#loop.wake();
  }

  async #publishSome(): Promise<number> {
    const { store, endpoints, pushWaits, count } = this.#deps;
    const sources = await store.claimEvents({ limit: BATCH, leaseMs: LEASE_MS, types: SOURCE_TYPES });
    if (sources.length === 0) return 0;
    const events = sources.map(source => this.#read(source)).filter(event => event !== undefined);
    const all = await endpoints.recent();
    const pushes = events.flatMap(event =>
      all.filter(endpoint => wants(endpoint, event)).map(endpoint => endpointPush(event, endpoint)),
    );
    await store.publishEvents({ sources: sources.map(({ id }) => id), events, pushes });
    if (pushes.length > 0) pushWaits();
    if (events.length > 0) count?.('event-published', events.length);
    return sources.length;
  }

  #read(source: StoredEvent): NewLoggedEvent | undefined {
    const event = toCustomerEvent(source);
    if (!event) {
      this.#deps.log.error({ event: source.id, type: source.type }, 'events: one that nobody can read');
      this.#deps.count?.('event-malformed', 1);
    }
    return event;
  }

  #sweepNow(): void {
    const { store, clock, log, retentionMs } = this.#deps;
    background(log, 'sweeping the log of events', store.sweepLoggedEvents({ retentionMs }));
    this.#sweep = clock.after(SWEEP_MS, () => this.#sweepNow());
  }
}
