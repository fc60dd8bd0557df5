import type { Clock } from '../clock.ts';

/** A send that was let in at the door. */
export interface Waiting {
  readonly start: () => void;
  /** It waited too long. */
  readonly refuse: () => void;
}

export interface SendLane {
  /** False: too many wait already. */
  enter(send: Waiting): boolean;
}

export interface SendLaneDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Runs something once everything that has come in this turn of the event loop was looked at. */
  readonly nextTurn?: (run: () => void) => void;
}

/**
 * Begun in one turn of the event loop. What these, the ones of the turns before and all that follows from them (writes, calls,
 * webhooks, verifications) take together is how long a turn is: some 35 ms with 1.3 ms a send. Half as many make shorter turns, but
 * more of them, each with a commit of its own.
 */
export const SENDS_PER_TURN = 24;
/** Some ten turns' worth. */
export const MOST_WAITING = 256;
/** A queue that was never empty for this long is a standing one: it is not a burst, and waiting in it helps nobody. */
const STANDING_AFTER_MS = 500;
/** How long one may wait in a standing queue. */
export const STANDING_PATIENCE_MS = 100;

/**
 * Lets sends begin a few at a time, after everything else of the turn. A turn of a loop with too much to do takes in all that came
 * during the one before; it gets longer with every send that it begins, and whoever has nothing to do with sends (somebody who types
 * in a code, a carrier's webhook) waits for its end, several times a request. With a quiet loop nobody notices.
 */
export function createSendLane({ clock, nextTurn = later }: SendLaneDeps): SendLane {
  const queue: (Waiting & { readonly since: number })[] = [];
  let scheduled = false;
  /** Since when somebody has always been waiting for more than one turn. */
  let standingSince: number | undefined;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    nextTurn(turn);
  }

  function turn(): void {
    scheduled = false;
    const now = clock.monotonic();
    const stands = standingSince !== undefined && now - standingSince >= STANDING_AFTER_MS;
    const late = stands ? queue.findIndex(({ since }) => now - since <= STANDING_PATIENCE_MS) : 0;
    const refused = queue.splice(0, late < 0 ? queue.length : late);
    const begun = queue.splice(0, SENDS_PER_TURN);
    if (queue.length === 0) standingSince = undefined;
    else {
      standingSince ??= now;
      schedule();
    }
    for (const send of refused) send.refuse();
    for (const send of begun) send.start();
  }

  return {
    enter({ start, refuse }) {
      if (queue.length >= MOST_WAITING) return false;
      queue.push({ start, refuse, since: clock.monotonic() });
      schedule();
      return true;
    },
  };
}

function later(run: () => void): void {
  setImmediate(run);
}
