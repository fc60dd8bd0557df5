import { cpus } from 'node:os';

import { LIMITS, overload } from '../faults/overload-run.ts';

/**
 * faults.md F29 by itself, with what it was like second by second; on the embedded store. Exits 1 when goodput falls under 80 % of the
 * peak, verifies take more than 200 ms (p99), anything but sends is refused, or it is not back within 5 s. The same limits hold in
 * `node scripts/faults.ts F29`, on both stores.
 *
 *   node test/bench/overload.ts [seconds=60] [factor=4]
 */
const seconds = Number(process.argv[2] ?? 60);
const factor = Number(process.argv[3] ?? 4);
const result = await overload({
  seconds,
  factor,
  peakSeconds: Math.max(6, Math.min(15, seconds / 3)),
  backSeconds: 10,
  say: line => console.log(line),
});
const [before, after] = result.peaks.map(peak => peak.toFixed(0));
const checks: [string, boolean][] = [
  [
    `goodput ${result.goodput.toFixed(0)}/s, ${percent(result.goodputOfPeak)} of the peak of ${before}/s before and ${after}/s after (at least ${percent(LIMITS.goodputOfPeak)})`,
    result.goodputOfPeak >= LIMITS.goodputOfPeak,
  ],
  [
    `verify p50/p99 ${result.verifyP50Ms.toFixed(0)}/${result.verifyP99Ms.toFixed(0)} ms (at most ${LIMITS.verifyP99Ms})`,
    result.verifyP99Ms <= LIMITS.verifyP99Ms,
  ],
  [`${result.verifiesRefused} verifies refused (none)`, result.verifiesRefused === 0],
  [
    `${result.callbacksRefused} callbacks refused of ${result.callbacks} (none)`,
    result.callbacksRefused === 0,
  ],
  [
    `back ${(result.backMs / 1_000).toFixed(1)} s after the end (at most ${LIMITS.backMs / 1_000})`,
    result.backMs <= LIMITS.backMs,
  ],
  [`lost after a kill: ${result.lost} of ${result.acknowledged}`, result.lost === 0],
  [
    `offered ${result.offered.toFixed(0)}/s (a vacuous run otherwise)`,
    result.offered >= result.peaks[0] * factor * LIMITS.goodputOfPeak,
  ],
];
for (const [what, holds] of checks) console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, store node:sqlite`);
process.exitCode = checks.every(([, holds]) => holds) ? 0 : 1;

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}
