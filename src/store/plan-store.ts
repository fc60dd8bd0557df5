import type { DeliveryPlan, PlanRun, RunEntry, VerificationState } from '../domain/plan.ts';
import type { PinMessage } from '../domain/pin-message.ts';
import type {
  ApplicationId,
  CallRef,
  Delivery,
  Destination,
  MessageId,
  PinId,
  PinRecord,
} from '../domain/types.ts';
import type { NewPinMessage } from './pin-message-store.ts';
import type { LimitHit, NewDelivery, NewEvent, NewTimer, SendLimits } from './store.ts';

/**
 * Delivery plans and our own verify API: the part of the store's port that they need. As everywhere in the port each verb
 * is atomic, durable when its promise resolves, and runs on the store's clock.
 */
export interface PlanStore {
  getRun(pinId: PinId): Promise<PlanRun | undefined>;
  /**
   * The next turn of a plan, in one write: its delivery (if it has one), entries, timers, events. Only while the PIN is
   * `active`, not expired, not exhausted, and the run is still at `expectedTurn`. Repeated with the `ref` of a delivery that
   * is there already it changes nothing and answers as the first time.
   */
  advanceRun(request: AdvanceRun): Promise<AdvanceRunResult>;
  /** Ends a PIN that nobody needs any more: its seed is erased, nothing of its plan starts. */
  cancelPin(request: {
    opId: string;
    pinId: PinId;
    /** Written only when it was `pending` until now. */
    events: readonly NewEvent[];
  }): Promise<CancelPinResult>;

  /** A PIN with everything that was done to deliver it, of one instant. */
  getVerification(pinId: PinId): Promise<VerificationRecord | undefined>;
  /** Newest first. */
  listVerificationRecords(
    filter: VerificationListFilter,
  ): Promise<{ records: readonly VerificationRecord[]; nextCursor?: string }>;
  /** Ms until both send limits would let one more through; 0: now. Counts nothing. */
  sendAllowedIn(request: {
    applicationId: ApplicationId;
    to: Destination;
    limits: SendLimits;
  }): Promise<number>;

  /** The plan of an application, or of one of its templates; undefined takes it away. */
  putPolicy(request: PolicyOwner & { plan: DeliveryPlan | undefined }): Promise<void>;
  getPolicy(owner: PolicyOwner): Promise<DeliveryPlan | undefined>;
  /** The template's, else the application's. */
  policyFor(request: {
    applicationId: ApplicationId;
    messageId: MessageId;
  }): Promise<DeliveryPlan | undefined>;

  /**
   * Claims an `Idempotency-Key` of an account (Stripe's rules). `subject` is the id that the request is about to give to what
   * it makes: whoever takes over after a crash gets the first one's, and finds by it whether the work was done.
   */
  openIdempotency(request: {
    account: string;
    /** SHA-256 of the key, hex. */
    keyHash: string;
    /** SHA-256 of method, path and body, hex. */
    fingerprint: string;
    subject: string;
    /** Until then a second request finds it `busy`, later it takes over. */
    leaseMs: number;
    keepMs: number;
  }): Promise<IdempotencyClaim>;
  /** Keeps the answer for later requests. Only by the holder of `subject`. */
  closeIdempotency(
    request: IdempotencyName & { subject: string; status: number; body: string },
  ): Promise<void>;
  /** Forgets the key: the request never got as far as doing something. */
  dropIdempotency(request: IdempotencyName & { subject: string }): Promise<void>;
}

export interface PolicyOwner {
  readonly applicationId: ApplicationId;
  /** Absent: the application itself. */
  readonly messageId?: MessageId;
}

export interface IdempotencyName {
  readonly account: string;
  readonly keyHash: string;
}

export type IdempotencyClaim =
  /** Do it, under this subject. `resumed`: somebody began, and did not finish. */
  | { readonly outcome: 'yours'; readonly subject: string; readonly resumed: boolean }
  | { readonly outcome: 'busy' }
  /** The key was used for another request. */
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'done'; readonly status: number; readonly body: string };

/** Written with a PIN (`run` of `createPin` and `createPinMessage`): turn 1. */
export type NewRun = Pick<PlanRun, 'plan' | 'words' | 'origin' | 'position'> & {
  readonly entries: readonly NewRunEntry[];
};

type Timeless<Entry> = Entry extends unknown ? Omit<Entry, 'at'> : never;
/** The store's clock dates it. */
export type NewRunEntry = Timeless<RunEntry>;

export interface AdvanceRun {
  readonly opId: string;
  readonly pinId: PinId;
  readonly expectedTurn: number;
  readonly position: number;
  readonly entries: readonly NewRunEntry[];
  /** Absent: nothing is left to try. */
  readonly start?: { readonly delivery: NewDelivery } | { readonly message: NewPinMessage };
  /** Absent: the send was counted with the first one. */
  readonly limits?: SendLimits;
  readonly timers: readonly NewTimer[];
  readonly cancel: readonly string[];
  readonly events: readonly NewEvent[];
}

export type AdvanceRunResult =
  | {
      readonly outcome: 'advanced';
      readonly run: PlanRun;
      readonly pin: PinRecord;
      readonly delivery?: Delivery;
      readonly message?: PinMessage;
      /** `live` of the turn before. */
      readonly replaced: CallRef | undefined;
    }
  /** Another turn came first. */
  | { readonly outcome: 'stale'; readonly run: PlanRun }
  /** The PIN is over, or has no plan. */
  | { readonly outcome: 'dead' }
  | LimitHit;

export type CancelPinResult =
  /** `live`: its calls that are not over. */
  | { readonly outcome: 'cancelled'; readonly live: readonly CallRef[] }
  /** It was over before; nothing was changed. */
  | { readonly outcome: 'over' }
  | { readonly outcome: 'unknown' };

export interface VerificationRecord {
  readonly pin: PinRecord;
  readonly run: PlanRun | undefined;
  /** Oldest first, as the texts are. */
  readonly calls: readonly Delivery[];
  readonly messages: readonly PinMessage[];
  /** The store's clock. */
  readonly now: number;
}

export interface VerificationListFilter {
  readonly limit: number;
  readonly cursor?: string;
  readonly applicationId?: ApplicationId;
  readonly to?: Destination;
  readonly state?: VerificationState;
  /** By `createdAt`: from, and before. */
  readonly since?: number;
  readonly until?: number;
}
