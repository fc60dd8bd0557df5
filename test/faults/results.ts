import { appendFileSync } from 'node:fs';

/** One line of the table in docs/RELIABILITY.md. */
export interface Result {
  /** As in faults.md: `F1`. */
  readonly fault: string;
  /** What the run was about, where there are several: the store, the step. */
  readonly on: string;
  /** How often it was injected. */
  readonly runs: number;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Tells `scripts/faults.ts` (by the file named in `FAULT_RESULTS`), or whoever looks at the screen, what was measured. */
export function record(result: Result): void {
  const path = process.env.FAULT_RESULTS;
  const line = JSON.stringify(result);
  if (path) appendFileSync(path, `${line}\n`);
  else process.stdout.write(`  ${line}\n`);
}

/** The full form of a run, or the short one of `npm test`. */
export const FULL = process.env.KILLS !== undefined;

/** How often a thing is done: so often in the short form, and `KILLS` times by `npm run test:faults`. */
export const times = (short: number, of = 'KILLS'): number => Number(process.env[of] ?? short);
