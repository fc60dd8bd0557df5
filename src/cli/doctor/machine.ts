import type { Clock } from '../../clock.ts';
import type { Findings } from './finding.ts';

const OLDEST_NODE = 24;
/** Signed webhooks of ours are believed for five minutes by their receivers, and reports say when things happened. */
const WRONG_CLOCK_MS = 60_000;
const LOOSE_CLOCK_MS = 5_000;

export function checkNode(version: string, findings: Findings): void {
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= OLDEST_NODE) findings.ok(`Node ${version.slice(1)}`);
  else
    findings.error(
      `Node ${version} cannot read TypeScript`,
      `use Node ${OLDEST_NODE} or newer; \`npm ci\` here installs one`,
    );
}

/** What others said the time is, while they were asked for something else. */
export interface Witness {
  readonly who: string;
  /** Theirs minus ours, in milliseconds. */
  readonly offsetMs: number;
}

/** The `Date` header of an answer has whole seconds; half the time that it took may be the way there. */
export function witnessOf(
  who: string,
  date: string | null,
  clock: Pick<Clock, 'now'>,
  tookMs: number,
): Witness | undefined {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return undefined;
  return { who, offsetMs: theirs + 500 - (clock.now() - tookMs / 2) };
}

export function checkClock(witnesses: readonly Witness[], findings: Findings): void {
  if (witnesses.length === 0) {
    findings.skipped('nobody was asked who could tell whether this clock is right');
    return;
  }
  for (const { who, offsetMs } of witnesses) {
    const seconds = Math.abs(offsetMs / 1_000).toFixed(1);
    const text = `this clock is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} that of ${who}`;
    const fix = 'let NTP keep the time on both machines: timedatectl set-ntp true, or chrony';
    if (Math.abs(offsetMs) >= WRONG_CLOCK_MS) findings.error(text, fix);
    else if (Math.abs(offsetMs) >= LOOSE_CLOCK_MS) findings.warning(text, fix);
    else
      findings.ok(
        `agrees with that of ${who} within ${Math.max(1, Math.ceil(Math.abs(offsetMs) / 1_000))} s`,
      );
  }
}
