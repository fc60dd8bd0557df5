import type { Clock, Timer } from '../clock.ts';

/** How late the event loop is: the one queue of a Node process that has no length. In ms. */
export interface LoopLag {
  /**
   * The mean of about the last fifth of a second, a stall that has not ended included. One pause of the garbage collector hardly
   * moves it; a loop that has more to do than it can does.
   */
  readonly meanMs: number;
  start(): void;
  stop(): void;
}

const TICK_MS = 25;
const MEAN_OVER_MS = 200;

/**
 * Measures by its own timer how long after its time the loop comes to it.
 *
 * @param observe every measurement, in ms
 */
export function createLoopLag(deps: { clock: Clock; observe?: (lagMs: number) => void }): LoopLag {
  const { clock, observe } = deps;
  let mean = 0;
  let expected = 0;
  let timer: Timer | undefined;

  /** Each measurement weighs as long as it took, so that long stalls count for what they are. */
  function meanWith(lag: number): number {
    const kept = Math.exp(-(TICK_MS + lag) / MEAN_OVER_MS);
    return mean * kept + lag * (1 - kept);
  }

  function tick(): void {
    const lag = Math.max(0, clock.monotonic() - expected);
    mean = meanWith(lag);
    observe?.(lag);
    arm();
  }

  function arm(): void {
    expected = clock.monotonic() + TICK_MS;
    timer = clock.after(TICK_MS, tick);
  }

  return {
    get meanMs() {
      const late = timer ? clock.monotonic() - expected : 0;
      return late > 0 ? meanWith(late) : mean;
    },
    start() {
      if (!timer) arm();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
      mean = 0;
    },
  };
}
