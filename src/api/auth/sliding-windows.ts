import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import { lazily } from '../../lazily.ts';

/** At most `requests` within any stretch of `windowMs`. */
export interface WindowLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/**
 * Sliding windows in memory, exact: the instant of every counted event is kept until it leaves the window. Of keys
 * the `maxKeys` last used are kept, of a key its limit's number of instants.
 */
export class SlidingWindows {
  readonly #clock: Clock;
  /** It makes room for all keys at once: not before there is one. */
  readonly #events: () => LRUCache<string, number[]>;

  constructor(options: { clock: Clock; maxKeys: number }) {
    this.#clock = options.clock;
    this.#events = lazily(() => new LRUCache({ max: options.maxKeys }));
  }

  /** Counts an event now and returns 0; when the window is full, counts nothing and returns the ms until it is not. */
  take(key: string, { requests, windowMs }: WindowLimit): number {
    const now = this.#clock.monotonic();
    const events = this.#events().get(key) ?? [];
    while (events[0] !== undefined && events[0] + windowMs <= now) events.shift();
    if (events.length >= requests) return events[0]! + windowMs - now;
    events.push(now);
    this.#events().set(key, events);
    return 0;
  }

  /** Takes back the last event of a key. */
  refund(key: string): void {
    this.#events().get(key)?.pop();
  }
}
