import type { Clock, Timer } from '../clock.ts';
import { ServiceError } from '../errors.ts';

/**
 * `carrier`: webhooks and media sockets, which belong to calls that were promised. `verify`: somebody has heard a code and
 * types it in. `send`: everything else can be asked again a little later.
 */
export type GuardedKind = 'carrier' | 'verify' | 'send';
export type ShedReason = 'busy' | 'queue-full' | 'waited' | 'draining' | 'hard-limit';

export interface KindLimits {
  /** Requests worked on at a time; more wait. */
  readonly running: number;
  /** Requests that may wait; more are refused. */
  readonly waiting: number;
  /** How long one may wait while the queue runs empty now and then. */
  readonly patienceMs: number;
}

export interface GateLimits {
  readonly kinds: Readonly<Record<GuardedKind, KindLimits>>;
  /** Live media sockets; a further one is refused. */
  readonly mediaSockets: number;
  /** Waiting time above which sends, and with hardly any send left, verifies are let in less and less. */
  readonly sendWaitMs: number;
  readonly verifyWaitMs: number;
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

/** A place among the running requests of a kind. `leave` may be called while `reached` is open, which it then stays. */
interface Place {
  readonly reached: Promise<void>;
  leave(): void;
}

/** A queue that was never empty for this long is a standing one: waiting in it helps nobody. */
const STANDING_AFTER_MS = 500;
/** How long one may wait in a standing queue. */
const STANDING_PATIENCE_MS = 20;
/** How often the share is adjusted, and how strongly: by the distance from the time allowed, and by where it is going. */
const ADJUST_EVERY_MS = 50;
const BY_DISTANCE = 0.05;
const BY_CHANGE = 0.8;
/** Of one adjustment, as logarithms. */
const MOST_CUT = 0.8;
const MOST_RAISE = 0.1;
/** So that there is always something to measure by. */
const LEAST_SHARE: Readonly<Record<'verify' | 'send', number>> = { send: 0.05, verify: 0.2 };
/** Whatever waits for a shorter time had something to do, and did it (RFC 8033 4.4). */
const BURST_MS = 150;
/** Who comes after a longer time knows nothing of what went on before. */
const FORGET_MS = 500;
/** With so few under way, requests of this kind are not what makes everything wait: another process may have the processor. */
const FEW: Readonly<Record<'verify' | 'send', number>> = { send: 16, verify: 128 };
/** So many sends under way are not the backlog of one pause of the processor. */
const CROWD = 64;
/** Below this share of sends verifies are cut too. */
const HARDLY_ANY = 0.06;
/** Refused callers are told to come back after one to five seconds, so that they do not all come at once. */
const RETRY_SPREAD = 5;
const DRAIN_RETRY_MS = 5_000;

/**
 * What keeps a service that is asked for too much good for something: it refuses early and cheaply what it could not
 * answer in time. Sends are refused first, verifies after them, carriers only at hard limits.
 *
 * Two guards. The share that is let in follows the time that everything waits for its turn, whatever it is that makes it
 * wait: little is lost before it is too much, and no request is worked on only to be answered too late. And each kind has places, with a queue
 * before them whose patience is short once the queue stands (the controlled delay of Maurer, "Fail at Scale", ACM Queue
 * 13/8, 2015, after Nichols and Jacobson's CoDel): that is for a store or a hook that is slow.
 */
export class OverloadGate {
  readonly #deps: GateDeps;
  readonly #limits: GateLimits;
  readonly #queues: Readonly<Record<GuardedKind, PlaceQueue>>;
  readonly #share = { verify: 1, send: 1 };
  /** What of a request each kind has saved up: one whole lets one in. */
  readonly #credit = { verify: 1, send: 1 };
  /** Between the door and the end of their answer. */
  readonly #inside = { carrier: 0, verify: 0, send: 0 };
  #adjustedAt: number;
  #lateSince: number | undefined;
  #waitedBefore = 0;
  #sockets = 0;
  #refusals = 0;
  #draining = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#limits = { ...GATE_LIMITS, ...deps.limits };
    const queue = (kind: GuardedKind): PlaceQueue =>
      new PlaceQueue(deps.clock, this.#limits.kinds[kind], reason => this.refusal(kind, reason));
    this.#queues = { carrier: queue('carrier'), verify: queue('verify'), send: queue('send') };
    this.#adjustedAt = deps.clock.monotonic();
  }

  /**
   * The door, before anything is read of a request. Who is let in must `leave`, whatever happens.
   * @param changes whether it asks for something new: refused while the service is stopping
   * @throws ServiceError unavailable, with the time to wait
   */
  admit(kind: GuardedKind, changes: boolean): Visit {
    if (this.#draining && kind === 'send' && changes) throw this.refusal(kind, 'draining');
    this.#adjust();
    const queue = this.#queues[kind];
    if (queue.full) throw this.refusal(kind, kind === 'carrier' ? 'hard-limit' : 'queue-full');
    if (kind !== 'carrier' && !this.#hasCredit(kind)) throw this.refusal(kind, 'busy');
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
      leave: once(() => {
        left = true;
        this.#inside[kind]--;
        place?.leave();
      }),
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
  admission(): readonly { kind: 'verify' | 'send'; share: number }[] {
    this.#adjust();
    return [
      { kind: 'verify', share: this.#share.verify },
      { kind: 'send', share: this.#share.send },
    ];
  }

  #hasCredit(kind: 'verify' | 'send'): boolean {
    const credit = Math.min(2, this.#credit[kind] + this.#share[kind]);
    const enough = credit >= 1 || this.#inside[kind] < FEW[kind];
    this.#credit[kind] = enough ? Math.max(0, credit - 1) : credit;
    return enough;
  }

  /** Once every `ADJUST_EVERY_MS`, by whoever comes; time that went by without anybody was as it is now. */
  #adjust(): void {
    const now = this.#deps.clock.monotonic();
    const away = now - this.#adjustedAt;
    const turns = Math.floor(away / ADJUST_EVERY_MS);
    if (turns <= 0) return;
    this.#adjustedAt = now;
    const waiting = this.#deps.waitingMs();
    // What is waited now says nothing about what was, when nobody has looked for a while.
    const before = away > FORGET_MS ? waiting : this.#waitedBefore;
    this.#waitedBefore = waiting;
    const share = this.#share;
    const { sendWaitMs, verifyWaitMs } = this.#limits;
    const late = this.#isLate(waiting, now, away > FORGET_MS);
    const verifiesToo = share.verify < 1 || (share.send <= HARDLY_ANY && waiting > verifyWaitMs);
    if (share.send < 1 || late) {
      share.send = adjusted(share.send, {
        waiting,
        before,
        allowed: sendWaitMs,
        turns,
        least: LEAST_SHARE.send,
      });
    }
    if (verifiesToo) {
      const least = LEAST_SHARE.verify;
      share.verify = adjusted(share.verify, { waiting, before, allowed: verifyWaitMs, turns, least });
    }
  }

  /** For longer than a burst takes; with a crowd inside it is no burst. */
  #isLate(waiting: number, now: number, anew: boolean): boolean {
    if (waiting <= this.#limits.sendWaitMs) this.#lateSince = undefined;
    else if (anew || this.#lateSince === undefined) this.#lateSince = now;
    if (this.#lateSince === undefined) return false;
    return this.#inside.send >= CROWD || now - this.#lateSince >= BURST_MS;
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

/**
 * PIE's control law (RFC 8033 4.2), on the logarithm of the share that is let in. What was let in makes work a little later too
 * (calls, webhooks): without the second term every cut comes too late, and is too deep.
 */
function adjusted(
  share: number,
  by: { waiting: number; before: number; allowed: number; turns: number; least: number },
): number {
  const { waiting, before, allowed, turns, least } = by;
  const step = BY_DISTANCE * turns * (waiting / allowed - 1) + (BY_CHANGE * (waiting - before)) / allowed;
  const change = Math.min(MOST_RAISE * turns, Math.max(-MOST_CUT, -step));
  return Math.min(1, Math.max(least, share * Math.exp(change)));
}

interface Waiting {
  readonly reach: () => void;
  readonly timeOut: Timer;
}

/** Places of one kind, and who waits for one; first come, first served. */
class PlaceQueue {
  readonly #clock: Clock;
  readonly #limits: KindLimits;
  readonly #tooLong: (reason: 'waited') => ServiceError;
  readonly #queue = new Set<Waiting>();
  #running = 0;
  /** Since when somebody has always been waiting. */
  #standingSince: number | undefined;

  constructor(clock: Clock, limits: KindLimits, tooLong: (reason: 'waited') => ServiceError) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tooLong = tooLong;
  }

  get running(): number {
    return this.#running;
  }

  get full(): boolean {
    return this.#queue.size >= this.#limits.waiting;
  }

  enter(): Place {
    if (this.#running < this.#limits.running) {
      this.#running++;
      return { reached: Promise.resolve(), leave: once(() => this.#free()) };
    }
    return this.#wait();
  }

  #wait(): Place {
    let leave = (): void => undefined;
    const reached = new Promise<void>((resolve, reject) => {
      const away = (): void => {
        waiting.timeOut.cancel();
        this.#queue.delete(waiting);
        if (this.#queue.size === 0) this.#standingSince = undefined;
      };
      const waiting: Waiting = {
        reach: () => {
          away();
          this.#running++;
          leave = () => this.#free();
          resolve();
        },
        timeOut: this.#clock.after(this.#patienceMs(), () => {
          away();
          leave = () => undefined;
          reject(this.#tooLong('waited'));
        }),
      };
      this.#queue.add(waiting);
      this.#standingSince ??= this.#clock.monotonic();
      // The caller went away: nobody waits for this promise any more, and it stays open.
      leave = away;
    });
    return { reached, leave: once(() => leave()) };
  }

  #patienceMs(): number {
    const stands =
      this.#standingSince !== undefined && this.#clock.monotonic() - this.#standingSince >= STANDING_AFTER_MS;
    return stands ? Math.min(STANDING_PATIENCE_MS, this.#limits.patienceMs) : this.#limits.patienceMs;
  }

  #free(): void {
    this.#running--;
    const [next] = this.#queue;
    next?.reach();
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
