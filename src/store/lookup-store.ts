import type { NewEvent } from './outbox-store.ts';

/**
 * Number lookups: the part of the store's port that remembers who was asked about and what came back. As everywhere in
 * the port each verb is atomic, durable when its promise resolves, and runs on the store's clock.
 */
export interface LookupStore {
  /** All of it or nothing, with the events that bring it on. Forgets what is older than `keepMs` on the way. */
  addLookups(request: AddLookups): Promise<void>;
  /** Answers those of a bulk that have none yet; a second answer changes nothing. */
  finishLookups(request: { bulkId: string; answers: readonly LookupAnswer[] }): Promise<void>;
  /** In the order in which they were added; empty: forgotten, or never known. */
  lookupsOf(bulkId: string): Promise<readonly LookupRecord[]>;
  /** Newest first. */
  listLookups(filter: LookupFilter): Promise<readonly LookupRecord[]>;
}

export interface AddLookups {
  readonly bulkId: string;
  readonly lookups: readonly NewLookup[];
  readonly events: readonly NewEvent[];
  readonly keepMs: number;
}

export interface NewLookup {
  readonly messageId: string;
  /** As the client gave it, digits without plus where it is a number. */
  readonly to: string;
  /** Absent: still to be asked. */
  readonly answer?: Omit<LookupAnswer, 'messageId'>;
}

/** What became of a lookup; `result` is the caller's, JSON-able. */
export interface LookupAnswer {
  readonly messageId: string;
  readonly result: Readonly<Record<string, unknown>>;
  /** Infobip's group name, for filters. */
  readonly statusGroup: string;
  readonly mccMnc?: string;
}

export interface LookupRecord {
  readonly bulkId: string;
  readonly messageId: string;
  readonly to: string;
  readonly sentAt: number;
  readonly doneAt: number | undefined;
  readonly result: Readonly<Record<string, unknown>> | undefined;
}

export interface LookupFilter {
  readonly withinMs: number;
  readonly limit: number;
  readonly to?: string;
  readonly bulkIds?: readonly string[];
  readonly messageIds?: readonly string[];
  readonly statusGroup?: string;
  readonly sentSince?: number;
  readonly sentUntil?: number;
  readonly mcc?: string;
  readonly mnc?: string;
}
