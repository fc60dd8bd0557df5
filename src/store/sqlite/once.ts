/** How long a repeated opId finds its first result. */
const REMEMBERED_MS = 60_000;
/** And how many are kept: a flood must not fill the memory. */
const MAX_REMEMBERED = 100_000;

interface Entry {
  readonly until: number;
  again: () => Promise<unknown>;
}

/**
 * Results by opId. In memory, because the embedded store is a function call away: there is no connection that could
 * drop between a command and its reply, and after a crash nobody is left who could send it again. A write that failed is
 * forgotten, since it changed nothing.
 */
export function createOnce(now: () => number) {
  const entries = new Map<string, Entry>();

  function prune(at: number): void {
    for (const [key, entry] of entries) {
      if (entry.until > at && entries.size < MAX_REMEMBERED) break;
      entries.delete(key);
    }
  }

  /**
   * `recall` rebuilds a result that is too large to keep, or that holds a seed: it must give the same outcome, of the
   * same records as they are now.
   */
  return async function once<Result>(
    opId: string,
    run: () => Promise<Result>,
    recall?: (result: Result) => () => Promise<Result>,
  ): Promise<Result> {
    const at = now();
    prune(at);
    const known = entries.get(opId);
    if (known) return (await known.again()) as Result;
    const first = run();
    const entry: Entry = { until: at + REMEMBERED_MS, again: () => first };
    entries.set(opId, entry);
    try {
      const result = await first;
      entry.again = recall?.(result) ?? (() => Promise.resolve(result));
      return result;
    } catch (error) {
      entries.delete(opId);
      throw error;
    }
  };
}
