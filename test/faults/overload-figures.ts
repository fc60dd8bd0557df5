import type { Answer } from '../support/crowd.ts';

/** Whoever waits longer has given up. */
const DEADLINE_MS = 2_000;
const SLOW_MS = 200;

/** So many good seconds one after the other: one slow second (a collection of garbage) is nothing of the overload. */
const GOOD_SECONDS = 3;

/**
 * From the end of the overload to the first of three seconds in which nothing is refused and 99 of 100 are answered in time, and no earlier
 * than the last refusal.
 */
export function backAfter(answers: readonly Answer[], ended: number): number {
  const seconds = Map.groupBy(answers, ({ startedAt }) => Math.floor((startedAt - ended) / 1_000));
  const isGood = (second: number): boolean => {
    const all = seconds.get(second) ?? [];
    return all.every(({ status }) => status === 200) && !(percentile(all, 99) > SLOW_MS);
  };
  let first = 0;
  while (!Array.from({ length: GOOD_SECONDS }, (_, n) => first + n).every(isGood)) first++;
  const refusals = answers.filter(({ status }) => status !== 200);
  return Math.max(first * 1_000, ...refusals.map(({ startedAt }) => Math.round(startedAt - ended)));
}

export function good(answers: readonly Answer[], kind: Answer['kind']): Answer[] {
  return answers.filter(answer => answer.kind === kind && answer.status === 200 && answer.ms <= DEADLINE_MS);
}

export function percentile(answers: readonly Answer[], percent: number): number {
  const sorted = answers.map(answer => answer.ms).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

export function phaseLine(name: string, answers: readonly Answer[], seconds: number, cpu?: number): string {
  const parts = (['send', 'verify'] as const).map(kind => {
    const all = answers.filter(answer => answer.kind === kind);
    const fine = good(answers, kind);
    const refused = all.filter(answer => answer.status === 503);
    const others = all.length - refused.length - all.filter(answer => answer.status === 200).length;
    const times = [50, 99].map(percent => percentile(fine, percent).toFixed(0)).join('/');
    const refusedIn = refused.length > 0 ? ` (p99 ${percentile(refused, 99).toFixed(0)} ms)` : '';
    return `${kind}: ${(fine.length / seconds).toFixed(0)}/s good, p50/p99 ${times} ms, ${refused.length} refused${refusedIn}, ${others} else`;
  });
  if (cpu !== undefined && cpu > 0) {
    parts.push(
      `${((cpu / seconds) * 100).toFixed(0)} % of a processor, ${(good(answers, 'send').length / cpu).toFixed(0)} sends for a second of it`,
    );
  }
  return `${name.padEnd(6)} ${parts.join('; ')}`;
}

/** Good sends and the slowest verification of each. */
export function bySecond(answers: readonly Answer[]): string {
  const start = answers.reduce((first, { startedAt }) => Math.min(first, startedAt), Infinity);
  const seconds = Map.groupBy(answers, ({ startedAt }) => Math.floor((startedAt - start) / 1_000));
  return [...seconds]
    .toSorted(([a], [b]) => a - b)
    .map(([, now]) => {
      const slowest = percentile(
        now.filter(({ kind }) => kind === 'verify'),
        100,
      );
      return `${good(now, 'send').length} (${slowest.toFixed(0)} ms)`;
    })
    .join(', ');
}
