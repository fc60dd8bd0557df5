import { setTimeout as pause } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { systemClock, type Clock } from '../../src/clock.ts';
import { createLoopLag } from '../../src/metrics/index.ts';

/** Timers that fire late by `lateMs`. */
class LateClock implements Clock {
  time = 0;
  lateMs = 0;
  #fire: (() => void) | undefined;
  #due = 0;

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, fire: () => void) {
    this.#due = this.time + ms;
    this.#fire = fire;
    return {
      cancel: () => {
        this.#fire = undefined;
      },
    };
  }

  turn(): void {
    this.time = this.#due + this.lateMs;
    this.#fire?.();
  }
}

test('a single pause hardly counts, a loop that is always late does, and both are forgotten', () => {
  const clock = new LateClock();
  const seen: number[] = [];
  const lag = createLoopLag({ clock, observe: ms => void seen.push(ms) });
  lag.start();
  for (let turn = 0; turn < 10; turn++) clock.turn();
  expect(lag.meanMs).toBe(0);

  clock.lateMs = 50;
  clock.turn();
  expect(lag.meanMs).toBeLessThan(20);
  for (let turn = 0; turn < 10; turn++) clock.turn();
  expect(lag.meanMs).toBeGreaterThan(45);
  expect(lag.meanMs).toBeLessThanOrEqual(50);

  clock.lateMs = 0;
  for (let turn = 0; turn < 40; turn++) clock.turn();
  expect(lag.meanMs).toBeLessThan(1);
  expect(seen.filter(ms => ms === 50)).toHaveLength(11);
});

test('a stall that has not ended counts already', () => {
  const clock = new LateClock();
  const lag = createLoopLag({ clock });
  lag.start();
  clock.turn();
  clock.time += 25 + 5_000;
  expect(lag.meanMs).toBeGreaterThan(4_900);
});

test('stopped, it measures nothing', () => {
  const clock = new LateClock();
  const lag = createLoopLag({ clock });
  lag.start();
  lag.stop();
  clock.time += 10_000;
  expect(lag.meanMs).toBe(0);
});

test('on the real clock a blocked loop is seen', async () => {
  const worst: number[] = [];
  const lag = createLoopLag({ clock: systemClock, observe: ms => void worst.push(ms) });
  lag.start();
  await new Promise(resolve => setImmediate(resolve));
  const end = performance.now() + 150;
  while (performance.now() < end);
  expect(lag.meanMs).toBeGreaterThan(50);
  await pause(5);
  lag.stop();
  expect(Math.max(...worst)).toBeGreaterThan(100);
});
