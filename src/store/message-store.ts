import type {
  Bulk,
  Message,
  MessageChannel,
  MessageFace,
  NotifyTarget,
  Outcome,
  RetryPlan,
  SendingSpeed,
  TimeWindow,
  VoiceResult,
} from '../domain/message.ts';
import type { Delivery } from '../domain/types.ts';
import type { NewDelivery, NewTimer } from './store.ts';

/**
 * Bulks and messages: the part of the store's port that voice messages and SMS need. As everywhere in the port each verb
 * is atomic, durable when its promise resolves, and runs on the store's clock.
 *
 * A message is `scheduled`, then claimed (`sending`: committed before any carrier is asked), then `sent` (with the
 * carrier), then `done`. Only a retry leads back to `scheduled`, and nothing leaves `done`. Whatever makes a message
 * final writes the push of its report (`customer.push`) in the same write, where it has a notify target.
 */
export interface MessageStore {
  /**
   * All of it or nothing, however many messages it holds; other writes may go on meanwhile. A used messageId takes its
   * message out (`duplicates`). Nothing of it can be claimed before the promise resolves.
   */
  addBulk(bulk: NewBulk): Promise<AddBulkResult>;
  getBulk(channel: MessageChannel, bulkId: string): Promise<Bulk | undefined>;
  /** Only while PAUSED. Validity, where it is counted from the send time, moves along. */
  rescheduleBulk(request: { channel: MessageChannel; bulkId: string; sendAt: number }): Promise<BulkChange>;
  /**
   * `paused` holds what is unsent, `running` lets it go on without making up for lost time, `canceled` is for good: what
   * is unsent ends as `cancelled`, a part at each `settleMessages`.
   */
  switchBulk(request: {
    channel: MessageChannel;
    bulkId: string;
    to: 'paused' | 'running' | 'canceled';
  }): Promise<BulkChange>;

  getMessage(ref: string): Promise<Message | undefined>;
  /**
   * Write-ahead: up to `limit` messages that may be sent now (time, pace, window, validity, hold) become `sending` with
   * one more try. Whoever claimed has `leaseMs` until `claimStaleMessages` hands them to someone else.
   */
  claimMessages(request: {
    channel: MessageChannel;
    limit: number;
    leaseMs: number;
  }): Promise<readonly Message[]>;
  /** Messages left in `sending` by a lease that ended or a process that died, leased anew. */
  claimStaleMessages(request: { limit: number; leaseMs: number }): Promise<readonly Message[]>;
  /** Ms until one of the verbs above or below has something to do (0: now); undefined: nothing is waiting. */
  nextMessageIn(channels: readonly MessageChannel[]): Promise<number | undefined>;
  /**
   * Ends what needs no carrier: expired messages, and the unsent rest of canceled bulks. At most `limit` at a time;
   * returns how many.
   */
  settleMessages(request: { limit: number }): Promise<number>;

  /**
   * A claimed voice message gets its call: the delivery with its timers, and the message is `sent`. Undefined when the
   * message is no longer in this try.
   */
  startCall(request: {
    ref: string;
    tries: number;
    delivery: NewDelivery;
    timers: readonly NewTimer[];
  }): Promise<Delivery | undefined>;
  /** Moves a message up its lattice, or back for a retry. A step that does not fit changes nothing. */
  stepMessage(step: MessageStep): Promise<{ applied: boolean; message: Message | undefined }>;
  /** Whether a carrier's id of a call or text is on record already. */
  knowsCarrierId(request: { carrier: string; kind: 'call' | 'text'; id: string }): Promise<boolean>;

  /** Final reports of the last `withinMs`, oldest first; each message is handed out once, ever. */
  takeReports(filter: StoredReportFilter): Promise<readonly Message[]>;
  /** Newest first (by the time sent, else accepted). */
  listMessages(filter: StoredLogFilter): Promise<{ messages: readonly Message[]; nextCursor?: string }>;
  /** Deletes bulks all of whose messages were done before `retentionMs`; returns the rows deleted. */
  sweepMessages(request: { retentionMs: number }): Promise<number>;
}

/** What all messages of one submitted message have in common. */
export interface NewBatch {
  readonly from: string;
  readonly content: Message['content'];
  /** Its own schedule instead of the bulk's. ms since the epoch. */
  readonly sendAt?: number;
  readonly speed?: SendingSpeed;
  readonly window?: TimeWindow;
  readonly retry?: RetryPlan;
  /** Counted from the send time, or, at a limited speed, from when the carrier is asked. */
  readonly validityMs?: number;
  readonly notify?: NotifyTarget;
  readonly callbackData?: string;
  readonly platform?: Message['platform'];
  readonly campaignReferenceId?: string;
}

export interface NewMessage {
  readonly ref: string;
  readonly messageId: string;
  readonly to: string;
  /** Index into `batches`. */
  readonly batch: number;
  /** Rejected at the door: kept for logs and reports, never sent. */
  readonly rejection?: Extract<Outcome, { kind: 'rejected' }>;
}

export interface NewBulk {
  readonly bulkId: string;
  readonly channel: MessageChannel;
  readonly face: MessageFace;
  /** ms since the epoch; absent: now. */
  readonly sendAt?: number;
  readonly speed?: SendingSpeed;
  readonly batches: readonly NewBatch[];
  readonly messages: readonly NewMessage[];
}

export type AddBulkResult =
  /** The bulkId is in use on this channel. */
  | { readonly outcome: 'taken' }
  /** Indices of the messages whose messageId was in use. */
  | { readonly outcome: 'added'; readonly duplicates: readonly number[] };

export type BulkChange =
  | { readonly outcome: 'changed'; readonly bulk: Bulk }
  | { readonly outcome: 'unknown' }
  /** Its status does not allow it. */
  | { readonly outcome: 'refused'; readonly bulk: Bulk };

export interface MessageStep {
  readonly ref: string;
  /** The try that it is about: a late word on an earlier one changes nothing. */
  readonly tries?: number;
  readonly to: 'scheduled' | 'sent' | 'done';
  readonly outcome: Outcome;
  /** `scheduled`: how long until the next try. Where its validity ends before, or its bulk was canceled, it is done. */
  readonly dueInMs?: number;
  /** `scheduled`: nobody was reached, so the try does not count against a retry plan. */
  readonly refund?: boolean;
  readonly carrier?: string;
  readonly carrierMessageId?: string;
  /** `sent`: a word on it must come within this time, or it is done as `expired`. */
  readonly expiresInMs?: number;
  readonly voice?: VoiceResult;
}

export interface StoredReportFilter {
  readonly channel: Message['channel'];
  readonly withinMs: number;
  readonly limit: number;
  readonly bulkIds?: readonly string[];
  readonly messageIds?: readonly string[];
  readonly entityId?: string;
  readonly applicationId?: string;
  readonly campaignReferenceIds?: readonly string[];
}

export interface StoredLogFilter extends StoredReportFilter {
  readonly from?: string;
  readonly to?: string;
  /** By what became of it, in the registry's words (`statusGroup`). */
  readonly statusGroup?: string;
  readonly sentSince?: number;
  readonly sentUntil?: number;
  readonly cursor?: string;
  readonly mccMnc?: { readonly mcc?: string; readonly mnc?: string };
}
