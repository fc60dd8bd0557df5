import { randomBytes } from 'node:crypto';

/**
 * Seeded choices (mulberry32): the same seed gives the same faults in the same order. Identifiers are not drawn from
 * it: a restarted simulator must not hand out the call ids of its last run.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/** A Twilio identifier: two letters and 32 hex digits. */
export function newSid(prefix: 'CA' | 'SM' | 'MM' | 'MZ'): string {
  return prefix + randomBytes(16).toString('hex');
}
