import { describe, expect, test } from 'vitest';
import { digitGroups } from '../bench/digit-groups.ts';
import { tone } from './support.ts';

/** A recording of alternating sound and silence, in milliseconds, sound first. */
function recording(...lengths: number[]): Int16Array {
  return Int16Array.from(
    lengths.flatMap((ms, index) =>
      index % 2 === 0
        ? [...tone({ hz: 300, ms, rate: 8_000, amplitude: 6_000 })]
        : Array<number>(ms * 8).fill(0),
    ),
  );
}

/** Where each group begins, in milliseconds, its margin taken off. */
function starts(samples: Int16Array, digits: number): number[] {
  return digitGroups(samples, digits).map(group => Math.round(group[0]!.start / 8) + 60);
}

const SIX = [400, 400, 350, 400, 500, 430, 300, 400, 450, 410, 400];

describe('finding digits in a recording', () => {
  test('after words and a pause', () => {
    expect(starts(recording(1_200, 1_000, ...SIX), 6)).toEqual([2_200]);
  });

  test('after words half a second away', () => {
    expect(starts(recording(0, 800, 300, 500, ...SIX), 6)).toEqual([1_600]);
  });

  test('two readings with their words', () => {
    const one = [900, 1_000, ...SIX];
    const length = one.reduce((sum, ms) => sum + ms, 0);
    expect(starts(recording(...one, 1_400, ...one), 6)).toEqual([1_900, length + 1_400 + 1_900]);
  });

  test('words behind the digits, as near as the digits to each other', () => {
    expect(starts(recording(900, 1_000, ...SIX, 400, 700), 6)).toEqual([1_900]);
  });

  test('the gap inside "six" and a soft onset do not split or lose a digit', () => {
    const digits = [300, 400, 120, 180, 200, 730, 400, 400, 350];
    expect(digitGroups(recording(900, 1_000, ...digits), 4)).toHaveLength(1);
  });

  test('too few sounds, or silence, are no reading', () => {
    expect(digitGroups(recording(900, 1_000, ...SIX.slice(0, 9)), 6)).toEqual([]);
    expect(digitGroups(new Int16Array(8_000), 4)).toEqual([]);
  });
});
