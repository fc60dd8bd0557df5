import type { Clock } from '../clock.ts';
import { CarrierError } from '../errors.ts';

/** `half-open`: the next request, and no other, is let through to see. */
export type CircuitState = 'closed' | 'half-open' | 'open';

/** The carrier is taken to be down, and was not asked: whatever was to be sent certainly was not. */
export class CircuitOpenError extends CarrierError {
  constructor(what: string) {
    super('unreachable', { message: `carrier: ${what} is taken to be down`, retryable: true });
    this.name = 'CircuitOpenError';
  }
}

/** Times in milliseconds. */
export interface CircuitSettings {
  /** So many failures in a row, none older than `windowMs`, and nothing goes out for a while. */
  readonly failures: number;
  readonly windowMs: number;
  /** Until the first look whether the carrier is back; twice as long after each look that failed. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

export const CIRCUIT: CircuitSettings = {
  failures: 5,
  windowMs: 30_000,
  pauseMs: 5_000,
  maxPauseMs: 60_000,
};

/** Nodes, and carriers' customers, do not come back all at once: a pause is up to this part shorter. */
const JITTER = 0.2;
/** A look that takes longer does not keep others from having one: no adapter's request may last so long. */
const LOOK_MS = 120_000;

export interface CircuitDeps {
  /** For errors; no secrets, no numbers. */
  readonly what: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** 0 to 1, without 1. */
  readonly chance: () => number;
  /** Whether an error shows that the carrier is down, rather than that it does not want this one. */
  readonly isOutage: (error: CarrierError) => boolean;
  readonly changed: (change: { state: CircuitState; pauseMs?: number; error?: CarrierError }) => void;
}

/**
 * Fails at once while a carrier is down (faults.md F15), so that plans go on to their next step without each send having to find
 * out for itself. Any answer closes it, a refusal too: only outages count.
 */
export class Circuit {
  readonly #deps: CircuitDeps;
  readonly #settings: CircuitSettings;
  #state: CircuitState = 'closed';
  /** Counts changes of state: what was asked before the last one says nothing about now. */
  #era = 0;
  /** When the last failures in a row were. */
  #failures: number[] = [];
  /** Looks in a row that failed, the failures that opened it being the first. */
  #looks = 0;
  #lookAt = 0;

  constructor(deps: CircuitDeps, settings: CircuitSettings = CIRCUIT) {
    this.#deps = deps;
    this.#settings = settings;
  }

  get state(): CircuitState {
    if (this.#state !== 'open') return this.#state;
    return this.#deps.clock.monotonic() >= this.#lookAt ? 'half-open' : 'open';
  }

  /** @throws CircuitOpenError, or whatever `work` throws */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#admit();
    const era = this.#era;
    try {
      const result = await work();
      if (era === this.#era) this.alive();
      return result;
    } catch (error) {
      if (era === this.#era) this.#failed(error);
      throw error;
    }
  }

  /** The carrier works, whoever says so: an answer, or a webhook of what it never answered. */
  alive(): void {
    this.#failures = [];
    this.#looks = 0;
    if (this.#state !== 'closed') this.#change('closed');
  }

  #admit(): void {
    if (this.#state === 'closed') return;
    const now = this.#deps.clock.monotonic();
    if (now < this.#lookAt) throw new CircuitOpenError(this.#deps.what);
    // This one looks; the others wait for what it finds.
    this.#lookAt = now + LOOK_MS;
    this.#change('half-open');
  }

  #failed(error: unknown): void {
    const outage = error instanceof CarrierError && this.#deps.isOutage(error);
    if (error instanceof CarrierError && !outage) {
      this.alive();
      return;
    }
    if (this.#state === 'half-open') {
      this.#open(error);
      return;
    }
    // An adapter that trips over itself says nothing about its carrier.
    if (!outage) return;
    const now = this.#deps.clock.monotonic();
    const { failures, windowMs } = this.#settings;
    this.#failures = [...this.#failures.filter(at => now - at < windowMs), now];
    if (this.#failures.length >= failures) this.#open(error);
  }

  #open(error: unknown): void {
    const { pauseMs, maxPauseMs } = this.#settings;
    const longest = Math.min(maxPauseMs, pauseMs * 2 ** this.#looks);
    const pause = Math.round(longest * (1 - JITTER * this.#deps.chance()));
    this.#failures = [];
    this.#looks++;
    this.#lookAt = this.#deps.clock.monotonic() + pause;
    this.#change('open', { pauseMs: pause, ...(error instanceof CarrierError && { error }) });
  }

  #change(state: CircuitState, more: { pauseMs?: number; error?: CarrierError } = {}): void {
    this.#state = state;
    this.#era++;
    this.#deps.changed({ state, ...more });
  }
}
