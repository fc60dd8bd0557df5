import type { Random } from './random.ts';
import type { Injected, RestFaults } from './settings.ts';

export type RestOperation = 'create' | 'update' | 'message' | 'list';

/** Decides whether a REST request is hit, counting down the faults' `count`. */
export class RestFaultGate {
  #faults: RestFaults;
  readonly #random: () => Random;
  readonly #injected: Injected;

  constructor(faults: RestFaults, random: () => Random, injected: Injected) {
    this.#faults = faults;
    this.#random = random;
    this.#injected = injected;
  }

  get faults(): RestFaults {
    return this.#faults;
  }

  set(faults: RestFaults): void {
    this.#faults = faults;
  }

  /** The fault to make of this request, or undefined. */
  take(operation: RestOperation): RestFaults | undefined {
    const faults = this.#faults;
    if (faults.mode === 'none' || faults.count === 0) return undefined;
    if (faults.on !== 'all' && faults.on !== operation) return undefined;
    if (!this.#random().chance(faults.rate)) return undefined;
    if (faults.count !== null) this.#faults = { ...faults, count: faults.count - 1 };
    this.#injected.rest++;
    return faults;
  }
}
