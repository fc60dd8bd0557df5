/**
 * Chi-square over 2 M PINs of each type and length (security.md "PINs"): `npx node test/bench/pin-uniformity.ts
 * [count] [seed]`. Exits 1 when a score is outside ±4.
 */
import { PIN_TYPES } from '../../src/domain/types.ts';
import { pinUniformity } from '../support/pin-counts.ts';

const count = Number(process.argv[2] ?? 2_000_000);
const seed = Number(process.argv[3] ?? 1);
console.log(
  `node ${process.version}, ${count} PINs each, seed ${seed}; z of each position, then of adjacent pairs`,
);
let worst = 0;
for (const pinType of PIN_TYPES) {
  for (const pinLength of [4, 6, 8]) {
    const { positions, pairs } = pinUniformity(pinType, pinLength, count, seed);
    const scores = pairs === undefined ? positions : [...positions, pairs];
    worst = Math.max(worst, ...scores.map(Math.abs));
    console.log(`${pinType.padEnd(12)} ${pinLength}  ${scores.map(z => z.toFixed(2).padStart(5)).join(' ')}`);
  }
}
console.log(`worst |z| ${worst.toFixed(2)}`);
if (worst >= 4) process.exitCode = 1;
