import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { AdmissionShare, type ShareLimits, type SharedKind } from './admission-share.ts';
import { PlaceQueue, type Place, type PlaceLimits } from './place-queue.ts';

/**
 * `carrier`: webhooks and media sockets, which belong to calls that were promised. `verify`: somebody has heard a code and
 * types it in. `send`: everything else can be asked again a little later.
 */
export type GuardedKind = 'carrier' | SharedKind;
export type ShedReason = 'busy' | 'queue-full' | 'waited' | 'draining' | 'hard-limit';

export interface GateLimits extends ShareLimits {
  readonly kinds: Readonly<Record<GuardedKind, PlaceLimits>>;
  /** Live media sockets; a further one is refused. */
  readonly mediaSockets: number;
}

export const GATE_LIMITS: GateLimits = {
  kinds: {
    // A carrier waits 15 s for its webhook: late is better than never.
    carrier: { running: 1_024, waiting: 4_096, patienceMs: 5_000 },
    verify: { running: 512, waiting: 1_024, patienceMs: 150 },
    send: { running: 128, waiting: 256, patienceMs: 250 },
  },
  mediaSockets: 5_000,
  sendWaitMs: 60,
  verifyWaitMs: 150,
};

export interface GateDeps {
  readonly clock: Clock;
  /** How long things wait for their turn, now: in the event loop (metrics/loop-lag.ts), before the store (metrics/waiting-time.ts). */
  readonly waitingMs: () => number;
  readonly limits?: Partial<GateLimits>;
  readonly onShed?: (refusal: { kind: GuardedKind; reason: ShedReason }) => void;
}

/** A request that was let in. */
export interface Visit {
  /** Resolves when it may be worked on. @throws ServiceError unavailable when that took too long */
  enter(): Promise<void>;
  /** May be called oftener, and while it waits. */
  leave(): void;
}

/** Refused callers are told to come back after one to five seconds, so that they do not all come at once. */
const RETRY_SPREAD = 5;
const DRAIN_RETRY_MS = 5_000;

/**
 * What keeps a service that is asked for too much good for something: it refuses early and cheaply what it could not
 * answer in time. Sends are refused first, verifies after them, carriers only at hard limits.
 *
 * Two guards. The share that is let in follows the time that everything waits for its turn (`AdmissionShare`): little is lost before
 * it is too much, and no request is worked on only to be answered too late. And each kind has places, with a queue before them
 * (`PlaceQueue`): that is for a store or a hook that is slow.
 */
export class OverloadGate {
  readonly #deps: GateDeps;
  readonly #limits: GateLimits;
  readonly #queues: Readonly<Record<GuardedKind, PlaceQueue>>;
  readonly #share: AdmissionShare;
  /** Between the door and the end of their answer. */
  readonly #inside = { carrier: 0, verify: 0, send: 0 };
  #sockets = 0;
  #refusals = 0;
  #draining = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#limits = { ...GATE_LIMITS, ...deps.limits };
    const { clock, waitingMs } = deps;
    this.#share = new AdmissionShare({ clock, waitingMs, limits: this.#limits });
    const queue = (kind: GuardedKind): PlaceQueue =>
      new PlaceQueue(clock, this.#limits.kinds[kind], reason => this.refusal(kind, reason));
    this.#queues = { carrier: queue('carrier'), verify: queue('verify'), send: queue('send') };
  }

  /**
   * The door, before anything is read of a request. Who is let in must `leave`, whatever happens.
   * @param changes whether it asks for something new: refused while the service is stopping
   * @throws ServiceError unavailable, with the time to wait
   */
  admit(kind: GuardedKind, changes: boolean): Visit {
    if (this.#draining && kind === 'send' && changes) throw this.refusal(kind, 'draining');
    this.#share.adjust(this.#inside.send);
    const queue = this.#queues[kind];
    if (queue.full) throw this.refusal(kind, kind === 'carrier' ? 'hard-limit' : 'queue-full');
    if (kind !== 'carrier' && !this.#share.take(kind, this.#inside[kind])) throw this.refusal(kind, 'busy');
    this.#inside[kind]++;
    let place: Place | undefined;
    let left = false;
    return {
      async enter() {
        // Whoever went away while the body was read needs no place, and would give none back.
        if (left) return;
        place = queue.enter();
        await place.reached;
      },
      leave: () => {
        if (left) return;
        left = true;
        this.#inside[kind]--;
        place?.leave();
      },
    };
  }

  /** A media socket asks to be opened. Returns what to call when it is closed. @throws ServiceError unavailable */
  openSocket(): () => void {
    if (this.#sockets >= this.#limits.mediaSockets) throw this.refusal('carrier', 'hard-limit');
    this.#sockets++;
    let open = true;
    return () => {
      if (open) this.#sockets--;
      open = false;
    };
  }

  /** From now on nothing new is taken; what runs, and verifications, goes on. */
  drain(): void {
    this.#draining = true;
  }

  get mediaSockets(): number {
    return this.#sockets;
  }

  requests(): readonly { kind: GuardedKind; running: number; waiting: number }[] {
    return KINDS.map(kind => ({
      kind,
      running: this.#queues[kind].running,
      // For their turn, for the rest of their body, or for a place.
      waiting: this.#inside[kind] - this.#queues[kind].running,
    }));
  }

  /** The part of the requests that the door lets in, 0 to 1. */
  admission(): readonly { kind: SharedKind; share: number }[] {
    this.#share.adjust(this.#inside.send);
    return [
      { kind: 'verify', share: this.#share.of('verify') },
      { kind: 'send', share: this.#share.of('send') },
    ];
  }

  /** Counts a refusal, and says when to come back. */
  refusal(kind: GuardedKind, reason: ShedReason): ServiceError {
    this.#deps.onShed?.({ kind, reason });
    const draining = reason === 'draining';
    const retryAfterMs = draining ? DRAIN_RETRY_MS : 1_000 * (1 + (this.#refusals++ % RETRY_SPREAD));
    return withoutStack(
      () => new ServiceError('unavailable', { retryAfterMs, reason: draining ? 'draining' : 'overloaded' }),
    );
  }
}

const KINDS: readonly GuardedKind[] = ['carrier', 'verify', 'send'];

/** A stack trace is a third of what a refusal costs, and nobody reads it. */
function withoutStack<Thing>(make: () => Thing): Thing {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
