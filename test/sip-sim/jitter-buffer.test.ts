import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { JitterBuffer, JITTER_DEFAULTS, type JitterFrame } from '../../sip-sim/web/jitter-buffer.ts';

const frame = (index: number, silent = false): JitterFrame => ({
  index,
  silent,
  samples: Float32Array.of(index),
});

/** Pushes `arrivals[t]` frames before each pull; gives what was played, null for nothing. */
function play(
  buffer: JitterBuffer,
  arrivals: number[],
  silent: (index: number) => boolean,
): (number | null)[] {
  let next = 0;
  return arrivals.map(count => {
    for (let i = 0; i < count; i++) buffer.push(frame(next, silent(next++)));
    return buffer.next()?.index ?? null;
  });
}

const sound = (): boolean => false;

test('waits for four frames, then plays each once, in order', () => {
  const played = play(new JitterBuffer(), Array<number>(10).fill(1), sound);
  expect(played).toEqual([null, null, null, 0, 1, 2, 3, 4, 5, 6]);
});

test('a gap in arrival is bridged, and not heard', () => {
  const played = play(new JitterBuffer(), [1, 1, 1, 1, 0, 0, 0, 4, 1, 1], sound);
  expect(played.slice(3)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('run dry, it waits for one frame more than before, up to a limit', () => {
  const buffer = new JitterBuffer();
  const targets: number[] = [];
  for (let round = 0, index = 0; round < 7; round++) {
    for (let i = 0; i < 12; i++) buffer.push(frame(index++));
    while (buffer.next()) continue;
    targets.push(buffer.target);
  }
  expect(targets).toEqual([5, 6, 7, 8, 8, 8, 8]);
});

test('too full, it leaves out pauses and never sound', () => {
  const buffer = new JitterBuffer();
  for (let index = 0; index < 10; index++) buffer.push(frame(index, index % 2 === 0));
  const played: number[] = [];
  for (let next = buffer.next(); next; next = buffer.next()) played.push(next.index);
  expect(played).toEqual(expect.arrayContaining([1, 3, 5, 7, 9]));
  expect(new Set(played).size).toBeLessThan(10);
});

test('too empty, it lengthens a pause to get its distance back', () => {
  const buffer = new JitterBuffer();
  const played = play(buffer, [4, 0, 0, 1, 1, 1, 1, 1, 1], index => index === 3);
  expect(played).toEqual([0, 1, 2, 3, 3, 3, 4, 5, 6]);
  expect(buffer.depth).toBe(3);
});

test('far behind, it is cut at once, even through sound', () => {
  const buffer = new JitterBuffer();
  for (let index = 0; index <= JITTER_DEFAULTS.limitFrames; index++) buffer.push(frame(index));
  expect(buffer.depth).toBe(JITTER_DEFAULTS.startFrames);
  expect(buffer.next()?.index).toBe(9);
});

test('another call starts from nothing', () => {
  const buffer = new JitterBuffer();
  for (let index = 100; index < 105; index++) buffer.push(frame(index));
  buffer.clear();
  expect(play(buffer, [4], sound)).toEqual([0]);
});

test('whatever arrives when: order is kept, sound comes at most once, and it is never more than 240 ms behind', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(15), { maxLength: 200 }), fc.func(fc.boolean()), (arrivals, silent) => {
      const buffer = new JitterBuffer();
      const played = play(buffer, arrivals, silent).filter(index => index !== null);
      for (const [at, index] of played.entries()) {
        const before = played[at - 1] ?? -1;
        expect(index).toBeGreaterThanOrEqual(before);
        if (index === before) expect(silent(index)).toBe(true);
      }
      expect(buffer.depth).toBeLessThanOrEqual(JITTER_DEFAULTS.limitFrames);
    }),
  );
});
