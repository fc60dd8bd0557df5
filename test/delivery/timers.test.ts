import { expect, it } from 'vitest';

import { createTimerLoop, type TimerOutcome } from '../../src/delivery/timers.ts';
import { ServiceError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import type { DueTimer } from '../../src/store/store.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** The store's side of timers, by its contract: due, leased, completed. */
function rig(handle: (timer: DueTimer) => Promise<TimerOutcome>) {
  const clock = new FakeClock();
  const timers = new Map<string, { timer: DueTimer; availableAt: number }>();
  const state = { down: false, claims: 0 };
  const up = (): void => {
    if (state.down) throw new ServiceError('unavailable');
  };
  const store = {
    async claimTimers({ limit, leaseMs }: { limit: number; leaseMs: number }) {
      up();
      state.claims++;
      const due = [...timers.values()].filter(one => one.availableAt <= clock.now()).slice(0, limit);
      for (const one of due) one.availableAt = clock.now() + leaseMs;
      return due.map(one => one.timer);
    },
    async completeTimer(id: string) {
      up();
      timers.delete(id);
    },
    async nextTimerIn() {
      up();
      const next = Math.min(...[...timers.values()].map(one => one.availableAt - clock.now()));
      return Number.isFinite(next) ? Math.max(0, next) : undefined;
    },
  };
  const loop = createTimerLoop({ store, clock, log: createLogger('silent'), handle });
  const arm = (id: string, inMs: number): void => {
    const dueAt = clock.now() + inMs;
    timers.set(id, { timer: { id, kind: 'test', dueAt, data: {} }, availableAt: dueAt });
  };
  return { clock, timers, state, loop, arm };
}

it('hands out a timer when it is due, once, and removes it', async () => {
  const handled: string[] = [];
  const { clock, timers, loop, arm } = rig(async timer => {
    handled.push(timer.id);
    return 'done';
  });
  arm('late', 1_200);
  arm('overdue', -5_000);
  await loop.start();
  expect(handled).toEqual(['overdue']);
  await clock.advanceAsync(1_199);
  expect(handled).toEqual(['overdue']);
  await clock.advanceAsync(6);
  expect(handled).toEqual(['overdue', 'late']);
  await clock.advanceAsync(60_000);
  expect(handled).toHaveLength(2);
  expect(timers.size).toBe(0);
  await loop.stop();
  expect(clock.pending).toBe(0);
});

it('finds a timer that was armed while it slept, within half a second', async () => {
  const handled: string[] = [];
  const { clock, loop, arm } = rig(async timer => {
    handled.push(timer.id);
    return 'done';
  });
  await loop.start();
  arm('soon', 10);
  await clock.advanceAsync(500);
  expect(handled).toEqual(['soon']);
  arm('now', 0);
  loop.wake();
  await clock.advanceAsync(0);
  expect(handled).toEqual(['soon', 'now']);
  await loop.stop();
});

it.each([
  ['fails', async (): Promise<TimerOutcome> => Promise.reject(new Error('no'))],
  ['keeps', async (): Promise<TimerOutcome> => 'keep'],
])('hands it out again after its lease when the handler %s', async (_, handle) => {
  let tries = 0;
  const { clock, timers, loop, arm } = rig(async () => {
    tries++;
    return tries < 3 ? await handle() : 'done';
  });
  arm('one', 0);
  await loop.start();
  expect(tries).toBe(1);
  await clock.advanceAsync(9_999);
  expect(tries).toBe(1);
  await clock.advanceAsync(10_100);
  expect(tries).toBe(3);
  expect(timers.size).toBe(0);
  await loop.stop();
});

it('survives a store that is away, without hammering it', async () => {
  const handled: string[] = [];
  const { clock, state, loop, arm } = rig(async timer => {
    handled.push(timer.id);
    return 'done';
  });
  arm('one', 100);
  state.down = true;
  await loop.start();
  await clock.advanceAsync(5_000);
  state.down = false;
  state.claims = 0;
  await clock.advanceAsync(500);
  expect(handled).toEqual(['one']);
  expect(state.claims).toBeLessThanOrEqual(3);
  await loop.stop();
});

it('waits at its stop for the handler that is running', async () => {
  let finish = (): void => {};
  const { loop, arm } = rig(async () => {
    await new Promise<void>(resolve => (finish = resolve));
    return 'done';
  });
  arm('one', 0);
  const started = loop.start();
  await new Promise(resolve => void setImmediate(resolve));
  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  await new Promise(resolve => void setImmediate(resolve));
  expect(stopped).toBe(false);
  finish();
  await Promise.all([started, stopping]);
  expect(stopped).toBe(true);
});
