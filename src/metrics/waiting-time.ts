import type { Clock } from '../clock.ts';

/** How much longer than it must something takes of late: what is spent waiting behind others. */
export interface WaitingTime {
  /** It begins; call what is returned at its end. */
  begin(): () => void;
  /**
   * The mean of about the last fifth of a second, or the age of the oldest that has not ended, over the least of the last minute.
   * In ms; 0 when there was nothing of late.
   */
  readonly ms: number;
}

const MEAN_OVER_MS = 200;
/** The least of the running and of the last such time. */
const LEAST_OF_MS = 30_000;
const STALE_MS = 2_000;

/**
 * The least time is what the thing itself takes (a commit to a slow disk, the way to a store on another machine); what comes on
 * top under load is a queue (the measure of TCP Vegas, Brakmo and Peterson 1995).
 */
export function createWaitingTime(clock: Pick<Clock, 'monotonic'>): WaitingTime {
  const running = new Set<{ readonly since: number }>();
  let mean = 0;
  let last: number | undefined;
  let least = Infinity;
  let leastBefore = Infinity;
  let leastSince = clock.monotonic();

  function observe(ms: number): void {
    const now = clock.monotonic();
    if (now - leastSince >= LEAST_OF_MS) {
      leastBefore = now - leastSince >= 2 * LEAST_OF_MS ? Infinity : least;
      least = Infinity;
      leastSince = now;
    }
    least = Math.min(least, ms);
    // Answers of one commit come at once, and are one observation: time is what they are weighed by.
    const kept = last === undefined ? 0 : Math.exp(-Math.max(1, now - last) / MEAN_OVER_MS);
    mean = mean * kept + ms * (1 - kept);
    last = now;
  }

  return {
    begin() {
      const one = { since: clock.monotonic() };
      running.add(one);
      return () => {
        if (running.delete(one)) observe(clock.monotonic() - one.since);
      };
    },
    get ms() {
      const now = clock.monotonic();
      const [oldest] = running;
      const recent = last !== undefined && now - last <= STALE_MS ? mean : 0;
      const longest = Math.max(recent, oldest ? now - oldest.since : 0);
      const must = Math.min(least, leastBefore);
      return Number.isFinite(must) ? Math.max(0, longest - must) : 0;
    },
  };
}
