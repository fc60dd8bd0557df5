import type { Clock, Timer } from '../clock.ts';

/** The result, or undefined when it takes longer. A late failure is nobody's. */
export async function within<Result>(
  clock: Clock,
  ms: number,
  work: Promise<Result>,
): Promise<Result | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = clock.after(ms, () => resolve(undefined));
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
