import { createHealth, type Health } from './api/health.ts';
import { createOverload, type Overload } from './api/overload.ts';
import type { MetricsRoute } from './api/metrics.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { createLoopLag, createMetrics, type Metrics } from './metrics/index.ts';
import { instrumentStore } from './store/instrumented-store.ts';
import type { Store } from './store/store.ts';

/** What watches over the running service: metrics, readiness, the gate. */
export interface Watch {
  /** The store to hand to everybody: it measures. */
  readonly store: Store;
  readonly metrics: Metrics;
  /** For `createServer`. */
  readonly server: { readonly health: Health; readonly overload: Overload; readonly metrics: MetricsRoute };
  /** Everything runs: ready from now on. */
  started(running: { liveCalls: () => number }): void;
  /** The service is about to stop: not ready, and nothing new is taken. */
  drain(): void;
  stop(): void;
}

/** @param options.metricsToken who asks for /metrics must bring it; absent: nobody must */
export function createWatch(options: {
  store: Store;
  clock: Clock;
  log: Logger;
  version: string;
  carriers: readonly string[];
  metricsToken?: string | undefined;
}): Watch {
  const { clock, log, version, metricsToken } = options;
  const metrics = createMetrics({ version, carriers: options.carriers });
  const store = instrumentStore(options.store, { metrics, clock });
  const lag = createLoopLag({ clock, observe: ms => metrics.loopLag(ms) });
  const lagMs = (): number => lag.meanMs;
  // Whichever queue is the longer one: that of the process, or that before the store.
  const waitingMs = (): number => Math.max(lag.meanMs, store.waitingMs());
  const overload = createOverload({ clock, log, metrics, waitingMs });
  const { gate } = overload;
  const health = createHealth({
    store: options.store,
    clock,
    log,
    timersAskedMsAgo: () => store.timersAskedMsAgo(),
    lagMs,
  });
  metrics.watch({
    mediaSockets: () => gate.mediaSockets,
    requests: () => gate.requests(),
    admission: () => gate.admission(),
    ready: async () => (await health.reasons()).length === 0,
    backlog: async () => await options.store.backlog?.(),
  });
  lag.start();

  return {
    store,
    metrics,
    server: {
      health,
      overload,
      metrics: { page: metrics, ...(metricsToken !== undefined && { token: metricsToken }) },
    },
    started({ liveCalls }) {
      metrics.watch({ liveCalls });
      health.started();
    },
    drain() {
      health.drain();
      gate.drain();
    },
    stop() {
      lag.stop();
      metrics.close();
    },
  };
}
