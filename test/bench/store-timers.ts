import { setTimeout as pause } from 'node:timers/promises';

import { systemClock } from '../../src/clock.ts';
import { createTimerLoop } from '../../src/delivery/timers.ts';
import { createLogger } from '../../src/log.ts';
import type { Store } from '../../src/store/store.ts';
import { createdPin } from '../support/store-fixtures.ts';
import { quantile } from './store-rate.ts';

const TIMERS = 10_000;
const SPREAD_MS = 4000;
/** Issue 5. */
const MOST_LATE_MS = 100;
/** Arming takes a while; none may be due before all are armed. */
const HEAD_START_MS = 10_000;
const PER_SEND = 100;

/**
 * 10,000 timers, due within 4 s, through the loop that the service runs, with a handler that does nothing. Prints how late they were by the
 * store's clock; false where the 99th percentile is 100 ms or more.
 */
export async function benchTimers(store: Store): Promise<boolean> {
  const begin = performance.now();
  for (let n = 0; n < TIMERS; n += PER_SEND) {
    const waited = performance.now() - begin;
    const timers = Array.from({ length: PER_SEND }, (_, k) => ({
      id: `late-${n + k}`,
      kind: 'late',
      inMs: HEAD_START_MS - waited + ((n + k) * SPREAD_MS) / TIMERS,
      data: { n: n + k },
    }));
    await createdPin(store, { timers });
  }
  const ahead = (await store.now()) - Date.now();
  const late: number[] = [];
  const loop = createTimerLoop({
    store,
    clock: systemClock,
    log: createLogger('warn'),
    handle: timer => {
      if (timer.kind === 'late') late.push(Date.now() + ahead - timer.dueAt);
      return Promise.resolve('done');
    },
  });
  const processor = process.cpuUsage();
  await loop.start();
  const end = begin + HEAD_START_MS + SPREAD_MS + 10_000;
  while (late.length < TIMERS && performance.now() < end) {
    await pause(50);
  }
  await loop.stop();
  const { user, system } = process.cpuUsage(processor);
  late.sort((a, b) => a - b);
  const [p50, p99] = [quantile(late, 0.5), quantile(late, 0.99)];
  console.log(
    `${late.length} timers due in ${SPREAD_MS} ms: late p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${(late.at(-1) ?? Number.NaN).toFixed(0)} ms; ${((user + system) / TIMERS).toFixed(0)} µs of processor time here each`,
  );
  return late.length === TIMERS && p99 < MOST_LATE_MS;
}
