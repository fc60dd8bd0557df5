import type { SimClock } from './clock.ts';

/** What happened, as the event stream tells it; `data` is JSON. */
export interface SimEvent {
  readonly id: number;
  readonly type: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The last events (bounded) and those who listen for the next. */
export class EventLog {
  readonly #clock: SimClock;
  readonly #limit: number;
  readonly #ring: SimEvent[] = [];
  readonly #listeners = new Set<(event: SimEvent) => void>();
  #lastId = 0;

  constructor(clock: SimClock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  emit(type: string, data: Readonly<Record<string, unknown>>): void {
    const event = { id: ++this.#lastId, type, at: this.#clock.wall().toISOString(), data };
    this.#ring.push(event);
    // Trimmed a batch at a time, so that an event costs no shift of the whole array.
    if (this.#ring.length > this.#limit * 1.25) this.#ring.splice(0, this.#ring.length - this.#limit);
    for (const listener of this.#listeners) listener(event);
  }

  /** Kept events newer than `id`, oldest first. */
  since(id: number): readonly SimEvent[] {
    return this.#ring.filter(event => event.id > id);
  }

  listen(listener: (event: SimEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
