import type { Clock, Timer } from '../clock.ts';
import { background, type Logger } from '../log.ts';
import type { Holds } from './node-bus.ts';

/** How long one mark stands. Renewed at a third of it, so that two lost ones in a row do no harm. */
const HOLD_MS = 6_000;
const RENEW_MS = 2_000;
/** Between what we believe and what the store may think: its longest answer, and a late turn of our event loop. */
const MARGIN_MS = 1_000;

/** A piece of work that was committed with a guard and is under way in this process. */
export interface Held {
  /** False: the guard may have fired on another node. Whoever goes on then must claim the work anew first. */
  isOurs(): boolean;
  /** It was claimed anew, with a new guard. */
  renewed(): void;
  end(): void;
}

export interface HoldingDeps {
  /** Absent: no other node can take our work over. */
  readonly nodes?: { readonly holds: Holds };
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps other nodes from taking work for forgotten while its carrier is slow. The common case costs nothing: only what
 * takes long enough to worry its guard is marked in the store, and again every 2 s for as long as it takes.
 */
export class Holding {
  readonly #deps: HoldingDeps;

  constructor(deps: HoldingDeps) {
    this.#deps = deps;
  }

  /** @param guardMs how long after its commit, which was just now, the work's guard fires */
  begin(id: string, guardMs: number): Held {
    const { nodes, clock, log } = this.#deps;
    const holds = nodes?.holds;
    if (!holds) return { isOurs: () => true, renewed() {}, end() {} };
    let oursUntil = clock.monotonic() + guardMs - MARGIN_MS;
    let timer: Timer | undefined;
    let ended = false;
    const mark = async (): Promise<void> => {
      const asked = clock.monotonic();
      // Slept through its own end: another node may be at it.
      if (asked >= oursUntil) return;
      await holds.hold(id, HOLD_MS);
      oursUntil = Math.max(oursUntil, asked + HOLD_MS - MARGIN_MS);
    };
    const next = (ms: number): void => {
      timer = clock.after(ms, () => {
        background(log, 'holding work that takes long', mark());
        if (!ended) next(RENEW_MS);
      });
    };
    next(Math.max(0, guardMs - MARGIN_MS - RENEW_MS));
    return {
      isOurs: () => clock.monotonic() < oursUntil,
      renewed() {
        oursUntil = Math.max(oursUntil, clock.monotonic() + guardMs - MARGIN_MS);
      },
      end() {
        ended = true;
        timer?.cancel();
      },
    };
  }

  /** Whether another node is at it. @throws when nobody can tell, which is no reason to do it twice */
  async isHeld(id: string): Promise<boolean> {
    return (await this.#deps.nodes?.holds.isHeld(id)) ?? false;
  }
}
