import type { DeliveryPlan, PlanChannel, VerificationState } from '../domain/plan.ts';
import type {
  Application,
  ApplicationId,
  CallRef,
  E164,
  MessageId,
  PinId,
  Template,
} from '../domain/types.ts';
import type { PolicyOwner, VerificationListFilter, VerificationRecord } from '../store/plan-store.ts';
import type { AttemptResult } from '../store/store.ts';

/** Verifications with delivery plans: what our own API calls. PINs that came through Infobip's face are verifications too. */
export interface Verifications {
  /**
   * Makes a PIN and starts the first step of its plan that can reach the number. Resolves once that is committed; what the
   * carrier says comes later.
   * @throws ServiceError tooManyRequests (a send limit), denied (the hook; `reason`), badRequest (naming the field: no step
   * can reach the number, an unknown carrier), unavailable
   */
  create(request: CreateVerification): Promise<VerificationView>;
  get(pinId: PinId): Promise<VerificationView | undefined>;
  /** Newest first. */
  list(filter: VerificationListFilter): Promise<{ views: readonly VerificationView[]; nextCursor?: string }>;
  /**
   * One attempt: counted, compared, consumed in one write. Once it answers `verified`, nothing is dialled any more.
   * An unknown pinId takes as long as a wrong PIN.
   * @throws ServiceError unavailable
   */
  check(request: { pinId: PinId; candidate: string }): Promise<AttemptResult>;
  /** Undefined: unknown. @throws ServiceError conflict when it is over already */
  cancel(pinId: PinId): Promise<VerificationView | undefined>;
  /**
   * The next step now ("call me instead"): the next one of the plan, or the next one over `channel`, or, where the plan has none
   * behind this, the same words over `channel` once more. It counts against the send limits, and ends what is under way.
   * `ref` makes it repeatable: asked again with the same one, it does nothing.
   * Undefined: unknown.
   * @throws ServiceError conflict (over, or nothing left to do), tooManyRequests, denied, unavailable
   */
  next(request: {
    pinId: PinId;
    channel?: PlanChannel;
    ref?: CallRef;
  }): Promise<VerificationView | undefined>;
  /** For `next`, in the shard of its PIN. */
  newRef(pinId: PinId): CallRef;
  /** For `create`, in the shard of the number. */
  newPinId(to: E164): PinId;

  /** Takes effect for PINs made from now on; undefined takes it away. @throws ServiceError badRequest, notFound */
  putPolicy(request: PolicyOwner & { plan: DeliveryPlan | undefined }): Promise<void>;
  getPolicy(owner: PolicyOwner): Promise<DeliveryPlan | undefined>;
  /** What a PIN of this application and template would get: the template's plan, the application's, or the configuration's. */
  policyFor(request: {
    applicationId: ApplicationId;
    messageId: MessageId;
  }): Promise<DeliveryPlan | undefined>;
}

export interface CreateVerification {
  readonly application: Application;
  /** Of the store, or made up for this one PIN (`messageId` of 32 zeros). */
  readonly template: Template;
  readonly to: E164;
  /** Absent: `policyFor`, or else one text. */
  readonly plan?: DeliveryPlan;
  readonly placeholders: Readonly<Record<string, string>>;
  readonly from?: string;
  /** Its id; a second `create` with the same one answers what the first one made. */
  readonly pinId?: PinId;
}

export interface VerificationView extends VerificationRecord {
  readonly state: VerificationState;
  /** No step is left, and the last one failed. */
  readonly undeliverable: boolean;
  readonly attemptsLeft: number;
  /** ms since the epoch: from when on the client may ask for one more; undefined: not over this channel, or not any more. */
  readonly nextSmsAllowedAt: number | undefined;
  readonly nextVoiceAllowedAt: number | undefined;
  /** When the next step starts by itself; undefined: it does not. */
  readonly nextStepAt: number | undefined;
}

/** Asked before each send of a PIN: the operator's hook, or nobody. */
export interface SendGate {
  ask(
    request: SendQuestion,
  ): Promise<{ readonly allow: true } | { readonly allow: false; readonly reason: string }>;
}

export interface SendQuestion {
  readonly pinId: PinId | undefined;
  readonly applicationId: ApplicationId;
  readonly to: string;
  readonly channel: 'sms' | 'voice' | 'email';
  readonly carrier: string;
  /** The first send of a PIN, a further one asked for, or a step of its plan. */
  readonly trigger: 'first' | 'resend' | 'fallback';
}
