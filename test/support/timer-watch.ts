import { setTimeout as pause } from 'node:timers/promises';

import type { Redis } from 'ioredis';

const SHARDS = [...'0123456789abcdef'];
const LOOK_MS = 150;

/**
 * Looks at the timers of a Redis store from outside of the service (`saypin:{s7}t`: a sorted set of ids by when they may be
 * taken, which is when they are due, or when the lease of whoever took one ends). What lies there beyond that time,
 * nobody has looked after.
 */
export class TimerWatch {
  /** Of any timer at any look. */
  maxOverdueMs = 0;
  /** Different timers. */
  get seen(): number {
    return this.#ids.size;
  }
  readonly #ids = new Set<string>();
  readonly #redis: Redis;
  #watching: Promise<void> | undefined;
  #stopped = false;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const [seconds, micros] = await this.#redis.time();
      const now = Number(seconds) * 1_000 + Number(micros) / 1_000;
      const shards = await Promise.all(
        SHARDS.map(shard => this.#redis.zrange(`saypin:{s${shard}}t`, '0', '-1', 'WITHSCORES')),
      );
      for (const rows of shards) {
        for (let at = 0; at < rows.length; at += 2) {
          this.#ids.add(String(rows[at]));
          this.maxOverdueMs = Math.max(this.maxOverdueMs, now - Number(rows[at + 1]));
        }
      }
      await pause(LOOK_MS);
    }
  }
}
