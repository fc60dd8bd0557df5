import type { Clock } from '../clock.ts';

/** A send that was let in at the door. */
export interface Waiting {
  readonly start: () => void;
  /** It waited too long. */
  readonly refuse: () => void;
}

export interface SendLane {
  /** Too many wait already. */
  readonly full: boolean;
  /** To be asked only while it is not full. */
  enter(send: Waiting): void;
}

export interface SendLaneDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly nextTurn?: NextTurn;
  readonly sendsPerTurn?: number | undefined;
}

/**
 * Runs something once everything that has come in this turn of the event loop was looked at; with `isBusy` once what came of that is in
 * the store, too.
 */
export type NextTurn = (run: () => void, isBusy: boolean) => void;

/**
 * Begun in one turn of the event loop. What these, the ones of the turns before and all that follows from them (writes, calls,
 * webhooks, verifications) take together is how long a turn is: some 30 ms with 1.4 ms a send. Half as many make shorter turns, but
 * more of them, each with a commit of its own.
 */
export const SENDS_PER_TURN = 20;
/**
 * With a store behind a network: a turn has no commit of its own, but whoever verifies waits for several, one for each answer of the store. In
 * 60 s of four times the peak on Redis verify p50 and p99 were 33 and 178 ms with these, 52 and 202 ms with 6, 100 and 257 ms with 20.
 */
export const SENDS_PER_TURN_REMOTE = 4;
/** A turn that took longer (a collection of garbage, a processor that others use) is followed by one with fewer in proportion. */
export const LONG_TURN_MS = 30;
/** Some dozen turns' worth. */
export const MOST_WAITING = 256;
/** A queue that was never empty for this long is a standing one: it is not a burst, and waiting in it helps nobody. */
const STANDING_AFTER_MS = 500;
/** How many may wait in a standing queue: who is refused at once costs least, and can go somewhere else. */
export const MOST_STANDING = 3 * SENDS_PER_TURN;
/** How long one may wait there. */
export const STANDING_PATIENCE_MS = 100;

/**
 * Lets sends begin a few at a time, after everything else of the turn. A turn of a loop with too much to do takes in all that came
 * during the one before; it gets longer with every send that it begins, and whoever has nothing to do with sends (somebody who types
 * in a code, a carrier's webhook) waits for its end, several times a request. With a quiet loop nobody notices.
 */
export function createSendLane({
  clock,
  nextTurn = later,
  sendsPerTurn = SENDS_PER_TURN,
}: SendLaneDeps): SendLane {
  const queue: (Waiting & { readonly since: number })[] = [];
  let scheduled = false;
  /** Since when somebody has always been waiting for more than one turn. */
  let standingSince: number | undefined;
  /** When the turn before was, if somebody has been waiting since. */
  let lastTurn: number | undefined;

  function stands(now: number): boolean {
    return standingSince !== undefined && now - standingSince >= STANDING_AFTER_MS;
  }

  function room(now: number): number {
    const took = now - (lastTurn ?? now);
    return took <= LONG_TURN_MS ? sendsPerTurn : Math.ceil((sendsPerTurn * LONG_TURN_MS) / took);
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    nextTurn(turn, lastTurn !== undefined);
  }

  function turn(): void {
    scheduled = false;
    const now = clock.monotonic();
    const late = stands(now) ? queue.findIndex(({ since }) => now - since <= STANDING_PATIENCE_MS) : 0;
    const refused = queue.splice(0, late < 0 ? queue.length : late);
    const begun = queue.splice(0, room(now));
    lastTurn = queue.length === 0 ? undefined : now;
    if (queue.length === 0) standingSince = undefined;
    else {
      standingSince ??= now;
      schedule();
    }
    for (const send of refused) send.refuse();
    for (const send of begun) send.start();
  }

  return {
    get full() {
      return queue.length >= MOST_WAITING || (queue.length >= MOST_STANDING && stands(clock.monotonic()));
    },
    enter({ start, refuse }) {
      queue.push({ start, refuse, since: clock.monotonic() });
      schedule();
    },
  };
}

/** Timers come behind the immediates, in which the store writes. */
export function later(run: () => void, isBusy: boolean): void {
  if (isBusy) setTimeout(run, 0);
  else setImmediate(run);
}
