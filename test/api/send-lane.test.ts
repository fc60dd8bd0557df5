import { stat } from 'node:fs';

import { beforeEach, describe, expect, test } from 'vitest';

import {
  createSendLane,
  later,
  LONG_TURN_MS,
  MOST_WAITING,
  SENDS_PER_TURN,
  STANDING_PATIENCE_MS,
  type SendLane,
} from '../../src/api/send-lane.ts';
import { FakeClock } from '../support/fake-clock.ts';

let clock: FakeClock;
let lane: SendLane;
let scheduled: (() => void)[];
let begun: number[];
let refused: number[];
let busy: boolean[];

beforeEach(() => {
  clock = new FakeClock();
  scheduled = [];
  begun = [];
  refused = [];
  busy = [];
  lane = createSendLane({
    clock,
    nextTurn(run, isBusy) {
      scheduled.push(run);
      busy.push(isBusy);
    },
  });
});

/** The event loop comes round; what asks for a turn meanwhile gets the one after it. */
function turn(ms = 0): void {
  clock.advance(ms);
  for (const run of scheduled.splice(0)) run();
}

function come(count: number, from = 0): number {
  let entered = 0;
  for (let n = from; n < from + count; n++) {
    const send = { start: () => void begun.push(n), refuse: () => void refused.push(n) };
    if (lane.full) continue;
    lane.enter(send);
    entered++;
  }
  return entered;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('sends in front of the router', () => {
  test('begin after everything else of their turn, in the order in which they came', () => {
    come(3);
    expect(begun).toStrictEqual([]);
    expect(scheduled).toHaveLength(1);
    turn();
    expect(begun).toStrictEqual([0, 1, 2]);
    // Nothing to do: no turn is asked for.
    expect(scheduled).toStrictEqual([]);
  });

  test('begin a few a turn, whoever came in between', () => {
    come(SENDS_PER_TURN + 5);
    turn();
    expect(begun).toStrictEqual(numbers(SENDS_PER_TURN));
    come(SENDS_PER_TURN, SENDS_PER_TURN + 5);
    turn();
    expect(begun).toStrictEqual(numbers(2 * SENDS_PER_TURN));
    turn();
    expect(begun).toStrictEqual(numbers(2 * SENDS_PER_TURN + 5));
    expect(scheduled).toStrictEqual([]);
    expect(refused).toStrictEqual([]);
  });

  test('begin as few a turn as is asked for', () => {
    const few = createSendLane({ clock, nextTurn: run => void scheduled.push(run), sendsPerTurn: 3 });
    for (let n = 0; n < 8; n++) few.enter({ start: () => void begun.push(n), refuse: () => undefined });
    turn();
    expect(begun).toHaveLength(3);
    turn(3 * LONG_TURN_MS);
    expect(begun).toHaveLength(4);
  });

  test('begin at once where nobody waits, and behind the writes of the others where somebody does', () => {
    come(SENDS_PER_TURN + 1);
    expect(busy).toStrictEqual([false]);
    turn();
    come(1, 1_000);
    expect(busy).toStrictEqual([false, true]);
    turn();
    come(1, 2_000);
    expect(busy).toStrictEqual([false, true, false]);
  });

  test('begin in smaller numbers after a turn that took long, and in full ones after that', () => {
    come(8 * SENDS_PER_TURN);
    turn();
    turn(4 * LONG_TURN_MS);
    expect(begun).toHaveLength(1.25 * SENDS_PER_TURN);
    turn(LONG_TURN_MS);
    expect(begun).toHaveLength(2.25 * SENDS_PER_TURN);
    // However long: somebody begins.
    turn(5 * LONG_TURN_MS);
    expect(begun).toHaveLength(2.25 * SENDS_PER_TURN + Math.ceil(SENDS_PER_TURN / 5));
    while (scheduled.length > 0) turn();
    // Nobody waited meanwhile: the time says nothing of turns.
    begun = [];
    clock.advance(10_000);
    come(SENDS_PER_TURN);
    turn();
    expect(begun).toHaveLength(SENDS_PER_TURN);
  });

  test('of a burst all begin, however long it takes', () => {
    expect(come(MOST_WAITING)).toBe(MOST_WAITING);
    while (scheduled.length > 0) turn(30);
    expect(begun).toStrictEqual(numbers(MOST_WAITING));
    expect(refused).toStrictEqual([]);
  });

  test('are turned away when too many wait, and let in again after the next turn', () => {
    expect(come(MOST_WAITING + 7)).toBe(MOST_WAITING);
    turn();
    expect(come(SENDS_PER_TURN + 7, 1_000)).toBe(SENDS_PER_TURN);
    while (scheduled.length > 0) turn();
    expect(begun).toStrictEqual([...numbers(MOST_WAITING), ...numbers(SENDS_PER_TURN).map(n => 1_000 + n)]);
  });

  test('have to wait in a standing queue for so long only, and the refused take no place of a turn', () => {
    // Twice what can be begun, for a second.
    const since = new Map<number, number>();
    for (let n = 0, time = 0; time < 1_000; time += 20) {
      for (let more = 0; more < 2 * SENDS_PER_TURN; more++, n++) {
        if (come(1, n) === 1) since.set(n, clock.monotonic());
      }
      const before = begun.length;
      turn(20);
      expect(begun.length - before).toBe(SENDS_PER_TURN);
      if (clock.monotonic() <= 520) continue;
      for (const one of begun.slice(before))
        expect(clock.monotonic() - since.get(one)!).toBeLessThanOrEqual(STANDING_PATIENCE_MS);
    }
    // It is short: nobody is let in whose turn is far.
    expect(come(1_000, 10_000)).toBe(SENDS_PER_TURN);
    for (let n = 10_000; n < 10_000 + SENDS_PER_TURN; n++) since.set(n, clock.monotonic());
    expect(refused.length).toBeGreaterThan(SENDS_PER_TURN);
    // Everybody was answered, once.
    while (scheduled.length > 0) turn(20);
    expect([...begun, ...refused].toSorted((a, b) => a - b)).toStrictEqual([...since.keys()]);
  });

  test('all too late for a queue that stood: the loop was away, and it is empty', () => {
    come(10 * SENDS_PER_TURN);
    turn(10);
    turn(600);
    expect(begun).toStrictEqual(numbers(SENDS_PER_TURN));
    expect(refused).toHaveLength(9 * SENDS_PER_TURN);
    expect(scheduled).toStrictEqual([]);
    // A new queue, which has not stood yet.
    come(2 * SENDS_PER_TURN, 1_000);
    turn(300);
    turn(300);
    expect(begun.length).toBeGreaterThan(2 * SENDS_PER_TURN);
    expect(refused).toHaveLength(9 * SENDS_PER_TURN);
  });
});

test('who is busy comes behind the immediates of the turn, in which the store writes', async () => {
  const order: string[] = [];
  await new Promise<void>(resolve => {
    // As requests do, in the phase of the loop that reads.
    stat(import.meta.filename, () => {
      later(() => {
        order.push('busy');
        resolve();
      }, true);
      later(() => order.push('not busy'), false);
      setImmediate(() => order.push('the store'));
    });
  });
  expect(order).toStrictEqual(['not busy', 'the store', 'busy']);
});
