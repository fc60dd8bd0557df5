/**
 * The outbox: the part of the store's port that brings events to customers. Events are written in the same transaction
 * as what they tell of (`events` of the verbs in store.ts). As everywhere in the port each verb is atomic, durable when
 * its promise resolves, and runs on the store's clock.
 */
export interface OutboxStore {
  /**
   * Leases events that are due, oldest first, and counts a try. Nobody else gets them until the lease ends; they stay
   * until `ackEvent`.
   */
  claimEvents(request: ClaimEvents): Promise<readonly StoredEvent[]>;
  /** Removes an event, with its followers: delivered, or given up. */
  ackEvent(id: string): Promise<void>;
  /** Puts an event back: due again in `inMs`, also after a restart. One that is gone stays gone. */
  deferEvent(request: { id: string; inMs: number }): Promise<void>;
  /** Ms until an event of these types can be claimed, due or its lease over (0: now); undefined without any. */
  nextEventIn(request: { types: readonly string[] }): Promise<number | undefined>;
  /** Deletes events of types that nobody consumes once they are older than `olderThanMs`. Returns how many. */
  dropEvents(request: { exceptTypes: readonly string[]; olderThanMs: number }): Promise<number>;

  /** Remembers for `forMs` that an address wants no more events; a second call replaces the first. */
  disableAddress(request: { address: string; forMs: number }): Promise<void>;
  /** Which of these addresses are disabled now. */
  disabledAddresses(addresses: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface ClaimEvents {
  readonly limit: number;
  readonly leaseMs: number;
  /** Only these; absent: all. */
  readonly types?: readonly string[];
  /**
   * One event a target at most, the targets in the order of their names, from behind `after` round to it, and none of
   * `except`: however much waits for one target, the next one's turn comes. Needs `types`. Up to `batch` events of the
   * same `NewEvent.batch` come as one: the oldest, the others as its `followers`.
   */
  readonly spread?: {
    readonly after: string;
    readonly except: readonly string[];
    readonly batch: number;
  };
}

/** An event for the outbox; `id` is constant over all tries. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Whose turn it takes (`spread`): absent, the origin of `data.url` where that is a URL. */
  readonly target?: string;
  /** Events of one type and target with the same value may travel together: it names the URL and form of the push. */
  readonly batch?: string;
}

export interface StoredEvent extends NewEvent {
  /** `-`: none. */
  readonly target: string;
  readonly createdAt: number;
  /** This one included. */
  readonly tries: number;
  /** The rest of its batch, oldest first. Fixed at the first claim: the same over all tries. */
  readonly followers?: readonly StoredEvent[];
}
