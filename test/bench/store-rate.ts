/** Measuring for the benchmarks of the stores: loops in flight, rate and latencies. */

export interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** `workers` loops for `seconds`; latencies in ms. */
export async function measure(
  { seconds, workers }: { seconds: number; workers: number },
  work: () => Promise<unknown>,
): Promise<Rate> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const loop = async () => {
    while (performance.now() < end) {
      const before = performance.now();
      await work();
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: workers }, loop));
  const perSecond = (latencies.length * 1000) / (performance.now() - start);
  latencies.sort((a, b) => a - b);
  return { perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function print(name: string, rate: Rate, floor?: Rate): void {
  const ratio = floor ? `  ${(rate.perSecond / floor.perSecond).toFixed(2)} x floor` : '';
  const { perSecond, p50, p99 } = rate;
  console.log(
    `${name.padEnd(34)} ${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms${ratio}`,
  );
}
