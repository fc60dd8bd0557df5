import type { Clock } from '../clock.ts';

/** What may be let in by a part; carriers always are. */
export type SharedKind = 'verify' | 'send';

export interface ShareLimits {
  /** Waiting time above which sends, and with hardly any send left, verifies are let in less and less. */
  readonly sendWaitMs: number;
  readonly verifyWaitMs: number;
}

export interface ShareDeps {
  readonly clock: Clock;
  /** How long things wait for their turn, now. */
  readonly waitingMs: () => number;
  readonly limits: ShareLimits;
}

/** How often the share is adjusted, and how strongly: by the distance from the time allowed, and by where it is going. */
const ADJUST_EVERY_MS = 50;
const BY_DISTANCE = 0.05;
const BY_CHANGE = 0.8;
/** Of one adjustment, as logarithms. */
const MOST_CUT = 0.8;
const MOST_RAISE = 0.1;
/** So that there is always something to measure by. */
const LEAST_SHARE: Readonly<Record<SharedKind, number>> = { send: 0.05, verify: 0.2 };
/** Whatever waits for a shorter time had something to do, and did it (RFC 8033 4.4). */
const BURST_MS = 150;
/** Who comes after a longer time knows nothing of what went on before. */
const FORGET_MS = 500;
/** With so few under way, requests of this kind are not what makes everything wait: another process may have the processor. */
const FEW: Readonly<Record<SharedKind, number>> = { send: 16, verify: 128 };
/** So many sends under way are not the backlog of one pause of the processor. */
const CROWD = 64;
/** Below this share of sends verifies are cut too. */
const HARDLY_ANY = 0.06;

/** Which part of the requests is let in. It follows the time that everything waits for its turn, whatever makes it wait. */
export class AdmissionShare {
  readonly #deps: ShareDeps;
  readonly #share = { verify: 1, send: 1 };
  /** What of a request each kind has saved up: one whole lets one in. */
  readonly #credit = { verify: 1, send: 1 };
  #adjustedAt: number;
  #lateSince: number | undefined;
  #waitedBefore = 0;

  constructor(deps: ShareDeps) {
    this.#deps = deps;
    this.#adjustedAt = deps.clock.monotonic();
  }

  /** The share of a kind, 0 to 1. */
  of(kind: SharedKind): number {
    return this.#share[kind];
  }

  /** Whether one more may come in, which counts. @param inside how many of the kind are under way */
  take(kind: SharedKind, inside: number): boolean {
    const credit = Math.min(2, this.#credit[kind] + this.#share[kind]);
    const enough = credit >= 1 || inside < FEW[kind];
    this.#credit[kind] = enough ? Math.max(0, credit - 1) : credit;
    return enough;
  }

  /**
   * Once every `ADJUST_EVERY_MS`, by whoever comes; time that went by without anybody was as it is now.
   * @param sends how many are under way
   */
  adjust(sends: number): void {
    const { clock, waitingMs, limits } = this.#deps;
    const now = clock.monotonic();
    const away = now - this.#adjustedAt;
    const turns = Math.floor(away / ADJUST_EVERY_MS);
    if (turns <= 0) return;
    this.#adjustedAt = now;
    const waiting = waitingMs();
    // What is waited now says nothing about what was, when nobody has looked for a while.
    const before = away > FORGET_MS ? waiting : this.#waitedBefore;
    this.#waitedBefore = waiting;
    const share = this.#share;
    const { sendWaitMs, verifyWaitMs } = limits;
    const late = this.#isLate({ waiting, now, anew: away > FORGET_MS, sends });
    const verifiesToo = share.verify < 1 || (share.send <= HARDLY_ANY && waiting > verifyWaitMs);
    if (share.send < 1 || late) {
      const least = LEAST_SHARE.send;
      share.send = adjusted(share.send, { waiting, before, allowed: sendWaitMs, turns, least });
    }
    if (verifiesToo) {
      const least = LEAST_SHARE.verify;
      share.verify = adjusted(share.verify, { waiting, before, allowed: verifyWaitMs, turns, least });
    }
  }

  /** For longer than a burst takes; with a crowd inside it is no burst. */
  #isLate(look: { waiting: number; now: number; anew: boolean; sends: number }): boolean {
    const { waiting, now, anew, sends } = look;
    if (waiting <= this.#deps.limits.sendWaitMs) this.#lateSince = undefined;
    else if (anew || this.#lateSince === undefined) this.#lateSince = now;
    if (this.#lateSince === undefined) return false;
    return sends >= CROWD || now - this.#lateSince >= BURST_MS;
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
