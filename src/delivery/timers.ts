import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { DueTimer, Store } from '../store/store.ts';
import { WorkLoop } from './work-loop.ts';

/**
 * `done` removes the timer. `keep` leaves it: it was armed anew under the same id, or it is too early to tell and
 * the end of the lease will ask again.
 */
export type TimerOutcome = 'done' | 'keep';

export interface TimerLoopDeps {
  readonly store: Pick<Store, 'claimTimers' | 'completeTimer' | 'nextTimerIn'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Idempotent: a timer whose handler failed, or whose process died, is handed out again after its lease. */
  handle(timer: DueTimer): Promise<TimerOutcome>;
}

const LEASE_MS = 10_000;
const BATCH = 64;
const POLL_MS = 500;

/**
 * Hands due timers of the store to their handler, from any life of the service. It has begun when the first that were overdue are done, and
 * has stopped when no handler is running any more.
 */
export function createTimerLoop(deps: TimerLoopDeps): WorkLoop {
  const { store, clock, log } = deps;

  async function handle(timer: DueTimer): Promise<void> {
    try {
      const outcome = await deps.handle(timer);
      if (outcome === 'done') await store.completeTimer(timer.id);
    } catch (error) {
      log.warn({ err: error, timer: timer.kind }, 'timer failed; it comes again after its lease');
    }
  }

  return new WorkLoop({
    clock,
    log,
    name: 'timers',
    pollMs: POLL_MS,
    async takeSome() {
      const due = await store.claimTimers({ limit: BATCH, leaseMs: LEASE_MS });
      await Promise.all(due.map(handle));
      return due.length > 0;
    },
    nextIn: () => store.nextTimerIn(),
  });
}
