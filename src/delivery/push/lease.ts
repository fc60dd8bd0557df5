import type { Clock, Timer } from '../../clock.ts';
import { background, type Logger } from '../../log.ts';
import type { OutboxStore } from '../../store/outbox-store.ts';

/** How long an event that a process took stays away from others once that process is dead. */
export const LEASE_MS = 15_000;
/** Two renewals may be lost, or come late from a process that stands still for a moment. */
const RENEW_MS = 5_000;

/** Renews the lease of an event for as long as its push takes: a push may well take longer than customers should wait for that of a dead process. */
export class Lease {
  readonly #store: Pick<OutboxStore, 'deferEvent'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #id: string;
  #timer: Timer;

  /** @param id of an event that was claimed just now, for `LEASE_MS` */
  constructor(
    { store, clock, log }: { store: Pick<OutboxStore, 'deferEvent'>; clock: Clock; log: Logger },
    id: string,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#id = id;
    this.#timer = this.#next();
  }

  /** Before what became of the push is written down. */
  end(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#clock.after(RENEW_MS, () => {
      this.#timer = this.#next();
      const renewed = this.#store.deferEvent({ id: this.#id, inMs: LEASE_MS });
      background(this.#log, 'renewing the lease of an event', renewed);
    });
  }
}
