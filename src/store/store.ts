import type {
  Application,
  ApplicationId,
  CallRef,
  CallReport,
  Delivery,
  DeliveryState,
  Destination,
  EmailTemplate,
  Limit,
  MessageId,
  PinId,
  PinRecord,
  Template,
} from '../domain/types.ts';
import type { StoreBacklog } from '../metrics/metrics.ts';
import type { AuthStore } from './auth-store.ts';
import type { EventStore } from './event-store.ts';
import type { LookupStore } from './lookup-store.ts';
import type { MessageStep, MessageStore } from './message-store.ts';
import type { NewEvent, OutboxStore } from './outbox-store.ts';

export type { NewEvent, StoredEvent } from './outbox-store.ts';
import type { PinMessageStore } from './pin-message-store.ts';
import type { NewRun, PlanStore } from './plan-store.ts';

/**
 * The store's port (DESIGN decision 3): about a dozen verbs, each one atomic and durable when its promise
 * resolves. It runs on its own clock: no verb takes the time of day. A verb that cannot commit rejects with
 * ServiceError `unavailable` and has changed nothing (it fails closed).
 *
 * `opId` names one logical call: a repeated opId (a re-sent command) returns the first result without a second effect,
 * for at least 60 s. Only stores with a network in between need it; all accept it.
 */
export interface Store
  extends AuthStore, EventStore, LookupStore, MessageStore, OutboxStore, PinMessageStore, PlanStore {
  /** Inserts or replaces, whole. */
  putApplication(application: Application): Promise<void>;
  getApplication(id: ApplicationId): Promise<Application | undefined>;
  /** Oldest first. */
  listApplications(): Promise<readonly Application[]>;

  putTemplate(template: Template): Promise<void>;
  /** For SMS and voice. */
  getTemplate(application: ApplicationId, id: MessageId): Promise<Template | undefined>;
  putEmailTemplate(template: EmailTemplate): Promise<void>;
  getEmailTemplate(application: ApplicationId, id: MessageId): Promise<EmailTemplate | undefined>;
  /** Both kinds, oldest first. */
  listTemplates(application: ApplicationId): Promise<readonly (Template | EmailTemplate)[]>;

  /** One write: both send limits, the PIN, its first delivery, timers, events; supersession where asked. */
  createPin(request: CreatePin): Promise<CreatePinResult>;
  /** A further delivery of a PIN that is still alive: counts against both send limits, leaves TTL and attempts. */
  addDelivery(request: AddDelivery): Promise<AddDeliveryResult>;
  getPin(id: PinId): Promise<PinRecord | undefined>;
  /**
   * One write: checks verify limit, state, expiry and cap, counts the attempt, compares the two digests in constant
   * time, consumes. An unknown pinId costs the same write. A right PIN clears the number's failures, but its attempt stays
   * counted.
   */
  attemptPin(request: AttemptPin): Promise<AttemptResult>;
  /** One row a PIN, newest first. `sent` asks whether a message was handed to a carrier. */
  listVerifications(filter: VerificationFilter): Promise<readonly VerificationRow[]>;

  getDelivery(ref: CallRef): Promise<Delivery | undefined>;
  /**
   * Moves a delivery up the lattice; a step down or sideways changes nothing and answers `applied: false`, except that
   * `dialog`, and `carrierCallId` while none is known, are always taken. The PIN counts as sent once a carrier has the
   * call: it has an id, or a state between `dialing` and `ended`.
   */
  transition(request: Transition): Promise<{ applied: boolean; delivery: Delivery | undefined }>;
  /**
   * Write-ahead of a further dial after a crash: applies only while the delivery is `dialing`, has no carrierCallId,
   * `dials` equals `expectedDials`, and its PIN (if it brings one) was not verified since, cancelled or superseded.
   */
  claimRedial(request: {
    ref: CallRef;
    expectedDials: number;
    arm?: readonly NewTimer[];
  }): Promise<Delivery | undefined>;
  /** Stores the hash of a one-use media token, replacing an earlier one of the call. */
  issueMediaToken(request: { ref: CallRef; tokenHash: string; expiresInMs: number }): Promise<void>;
  /** Redeems it: the delivery on the first use in time, undefined ever after. */
  redeemMediaToken(tokenHash: string): Promise<Delivery | undefined>;

  /** Leases due timers, oldest first: nobody else gets them until the lease ends. */
  claimTimers(request: { limit: number; leaseMs: number }): Promise<readonly DueTimer[]>;
  /** Removes a leased timer. One that was armed again since it was claimed stays; an unclaimed one is cancelled by `transition`. */
  completeTimer(id: string): Promise<void>;
  /** Milliseconds until the next timer can be claimed, due or its lease over (0: now), undefined without timers. */
  nextTimerIn(): Promise<number | undefined>;

  /**
   * Erases seeds of dead PINs and deletes transient rows older than `retentionMs`: PINs by their expiry, with their
   * deliveries. Timers and events stay until they are done. Returns what it did.
   */
  sweep(request: { retentionMs: number }): Promise<{ seedsErased: number; rowsDeleted: number }>;
  /** The store's clock, ms since the epoch. */
  now(): Promise<number>;
  /** Resolves when a durable write went through. @throws ServiceError unavailable */
  ping(): Promise<void>;
  /** What waits, for metrics: cheap whatever waits, and never older than the last few seconds. */
  backlog?(): Promise<StoreBacklog>;
  close(): Promise<void>;
}

/** A durable timer, written with the thing that it belongs to. Arming an id again replaces it. */
export interface NewTimer {
  readonly id: string;
  readonly kind: string;
  readonly inMs: number;
  /** JSON-able; no secrets. */
  readonly data: Readonly<Record<string, string | number>>;
}

export interface DueTimer {
  readonly id: string;
  readonly kind: string;
  readonly dueAt: number;
  readonly data: Readonly<Record<string, string | number>>;
}

export interface SendLimits {
  readonly perApplication: Limit;
  readonly perNumber: Limit;
}

export type NewDelivery = Pick<
  Delivery,
  'callRef' | 'pinId' | 'applicationId' | 'messageRef' | 'channel' | 'carrier' | 'to' | 'from' | 'script'
>;

export interface CreatePin {
  readonly opId: string;
  /** `expiresInMs` instead of instants: the store's clock decides. `step` was drawn by the caller. */
  readonly pin: Omit<
    PinRecord,
    'createdAt' | 'expiresAt' | 'attemptsUsed' | 'state' | 'verifiedAt' | 'sentAt' | 'seed'
  > & { readonly seed: Buffer; readonly expiresInMs: number };
  /** Starts in state `dialing` with `dials: 1`. */
  readonly delivery: NewDelivery;
  readonly limits: SendLimits;
  /** Strict profile: earlier active PINs of this application and number die. */
  readonly supersede: boolean;
  readonly timers: readonly NewTimer[];
  readonly events: readonly NewEvent[];
  /** Its plan, at turn 1 with this delivery. Superseded PINs that have one emit `verification.superseded` in the same write. */
  readonly run?: NewRun;
}

export type LimitHit = {
  readonly outcome: 'limited';
  readonly limit: 'application' | 'number';
  readonly retryAfterMs: number;
};

export type CreatePinResult =
  | { readonly outcome: 'created'; readonly pin: PinRecord; readonly delivery: Delivery }
  | LimitHit;

export interface AddDelivery {
  readonly opId: string;
  readonly pinId: PinId;
  readonly delivery: NewDelivery;
  readonly limits: SendLimits;
  readonly timers: readonly NewTimer[];
  readonly events: readonly NewEvent[];
}

export type AddDeliveryResult =
  | { readonly outcome: 'created'; readonly pin: PinRecord; readonly delivery: Delivery }
  | LimitHit
  /** Unknown, expired, exhausted, verified (single use) or superseded. */
  | { readonly outcome: 'dead' };

export interface AttemptPin {
  readonly opId: string;
  readonly pinId: PinId;
  /** 32-byte keyed digests of the right and the offered PIN; `expected` undefined when the seed is gone. */
  readonly expected: Buffer | undefined;
  readonly candidate: Buffer;
  /** Infobip's verifyPinLimit, per number and application. */
  readonly verifyLimit: Limit;
  /** Failures per number and application over 24 h; undefined: no cap (compat). */
  readonly failureCap: Limit | undefined;
  /** Written when the PIN is verified for the first time, and only then. */
  readonly events: readonly NewEvent[];
  /** Written when this was the last attempt, and wrong. */
  readonly exhaustedEvents?: readonly NewEvent[];
}

export type AttemptResult =
  | { readonly outcome: 'unknown' }
  /** Not compared, not counted as an attempt. */
  | { readonly outcome: 'limited'; readonly retryAfterMs: number }
  /** Not compared: `capped` is the per-number failure cap. */
  | {
      readonly outcome: 'expired' | 'superseded' | 'cancelled' | 'exhausted' | 'used' | 'capped';
      readonly to: Destination;
      readonly attemptsRemaining: number;
    }
  /** Compared. */
  | { readonly outcome: 'wrong'; readonly to: Destination; readonly attemptsRemaining: number }
  | {
      readonly outcome: 'verified';
      readonly to: Destination;
      readonly attemptsRemaining: number;
      /** Its calls that are not over: nobody needs them any more. */
      readonly live: readonly CallRef[];
    };

export interface VerificationFilter {
  readonly applicationId: ApplicationId;
  readonly to: Destination;
  readonly verified?: boolean;
  readonly sent?: boolean;
}

export interface VerificationRow {
  readonly to: Destination;
  readonly verified: boolean;
  readonly verifiedAt: number | undefined;
  readonly sentAt: number | undefined;
}

export interface Transition {
  readonly ref: CallRef;
  readonly to: DeliveryState;
  readonly carrierCallId?: string;
  readonly report?: CallReport;
  /** Saved state of the markup dialogue; written even when the lattice does not move. */
  readonly dialog?: string;
  /** Only when applied. */
  readonly arm?: readonly NewTimer[];
  readonly cancel?: readonly string[];
  readonly events?: readonly NewEvent[];
  /** What the end of the call means for the message that it brought, in the same write. */
  readonly message?: MessageStep;
}
