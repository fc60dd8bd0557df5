import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import { CarrierError } from '../../errors.ts';
import { lazily } from '../../lazily.ts';
import type { NumberContext, NumberLookup } from '../message-carrier.ts';

const MAX_NUMBERS = 10_000;
const TTL_MS = 600_000;
/** A phone that was off is on a moment later, when its owner wonders where the PIN is. */
const ABSENT_TTL_MS = 30_000;

/**
 * Remembers answers: ten minutes, but "not reachable" and "unknown" half a minute only. Lookups of one number at the same
 * time are one. Failures are not remembered.
 */
export function cachedLookup(
  lookup: NumberLookup,
  options: { clock: Clock; max?: number; ttlMs?: number },
): NumberLookup {
  const { clock, max = MAX_NUMBERS, ttlMs = TTL_MS } = options;
  const known = lazily(
    () =>
      new LRUCache<string, NumberContext>({
        max,
        ttl: ttlMs,
        // The cache takes 0 for "no time at all", and would keep what came in then for ever.
        perf: { now: () => clock.monotonic() + 1 },
        // Else it reads the time once a millisecond by a timer of its own.
        ttlResolution: 0,
      }),
  );
  const live = new Map<string, Promise<NumberContext>>();

  const ask = async (to: string): Promise<NumberContext> => {
    try {
      const context = await lookup.lookup(to);
      const absent = context.reachable === 'not-reachable' || context.reachable === 'unknown';
      known().set(to, context, { ttl: absent ? Math.min(ABSENT_TTL_MS, ttlMs) : ttlMs });
      return context;
    } finally {
      live.delete(to);
    }
  };

  return {
    name: lookup.name,

    async lookup(to, signal) {
      const remembered = known().get(to);
      if (remembered) return remembered;
      if (signal?.aborted) throw cancelled();
      let work = live.get(to);
      if (!work) {
        // Not cancelled with this caller: others may wait for it, and the answer is of use anyway.
        work = ask(to);
        live.set(to, work);
      }
      return signal ? await unlessAborted(work, signal) : await work;
    },
  };
}

async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(cancelled());
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function cancelled(): CarrierError {
  return new CarrierError('timeout', { message: 'lookup: was cancelled', retryable: true });
}
