import type { Answer } from '../support/crowd.ts';

/** Whoever waits longer has given up. */
const DEADLINE_MS = 2_000;
const SLOW_MS = 200;

/** Second by second: back when nothing is refused and 99 of 100 are answered in time. */
export function backAfter(answers: readonly Answer[], ended: number): number {
  const seconds = Map.groupBy(answers, ({ startedAt }) => Math.floor((startedAt - ended) / 1_000));
  const bad = [...seconds].filter(
    ([, all]) => all.some(({ status }) => status !== 200) || percentile(all, 99) > SLOW_MS,
  );
  return Math.max(
    0,
    ...bad
      .flatMap(([, all]) => all)
      .filter(({ status, ms }) => status !== 200 || ms > SLOW_MS)
      .map(({ startedAt }) => Math.round(startedAt - ended)),
  );
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
