import type { ApplicationId, PinId } from '../domain/types.ts';
import type { NewEvent } from './outbox-store.ts';

/**
 * Events for customers: where they go, and a log of them for replays. As everywhere in the port each verb is atomic, durable
 * when its promise resolves, and runs on the store's clock.
 */
export interface EventStore {
  /** Inserts or replaces, whole. */
  putEndpoint(endpoint: WebhookEndpoint): Promise<void>;
  getEndpoint(id: string): Promise<WebhookEndpoint | undefined>;
  /** Oldest first. */
  listEndpoints(): Promise<readonly WebhookEndpoint[]>;
  /** False when there was none. Its pushes on their way go on, and find nobody. */
  removeEndpoint(id: string): Promise<boolean>;

  /** Writes events to the outbox; an id that was written before changes nothing. */
  emitEvents(events: readonly NewEvent[]): Promise<void>;
  /**
   * What a claimed event of the outbox means to customers, in one write: takes `sources` out of the outbox, logs `events`, emits
   * `pushes`. An event whose id is in the log already is not logged twice.
   */
  publishEvents(request: {
    sources: readonly string[];
    events: readonly NewLoggedEvent[];
    pushes: readonly NewEvent[];
  }): Promise<void>;
  getLoggedEvent(id: string): Promise<LoggedEvent | undefined>;
  /** Oldest first. */
  listLoggedEvents(
    filter: LoggedEventFilter,
  ): Promise<{ events: readonly LoggedEvent[]; nextCursor?: string }>;
  /** Deletes logged events older than `retentionMs`; returns how many. */
  sweepLoggedEvents(request: { retentionMs: number }): Promise<number>;
}

/** An address of a customer. Its secret is derived from the master key and never stored. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  /** Tried at once when `url` does not take a push. */
  readonly secondaryUrl?: string;
  /** Event types, or `*`. */
  readonly types: readonly string[];
  /** Only events of this application. */
  readonly applicationId?: ApplicationId;
  readonly description?: string;
  readonly enabled: boolean;
  /** `gone`: it answered 410. */
  readonly disabledReason?: 'gone' | 'operator';
  /** Which master key, and how often the secret was changed. */
  readonly keyId: string;
  readonly secretVersion: number;
  /** The version before signs too, until then. ms since the epoch. */
  readonly previousUntil?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewLoggedEvent {
  readonly id: string;
  readonly type: string;
  readonly applicationId: ApplicationId;
  readonly pinId: PinId;
  /** The `data` of the customer's event, JSON-able; no PIN, no keys pressed. */
  readonly data: Readonly<Record<string, unknown>>;
  /** When it happened; ms since the epoch. */
  readonly at: number;
}

export interface LoggedEvent extends NewLoggedEvent {
  readonly loggedAt: number;
}

export interface LoggedEventFilter {
  readonly limit: number;
  readonly cursor?: string;
  readonly type?: string;
  readonly applicationId?: ApplicationId;
  readonly pinId?: PinId;
  /** By `at`: from, and before. */
  readonly since?: number;
  readonly until?: number;
}
