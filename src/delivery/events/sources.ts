import type { PlanChannel, StepTrigger } from '../../domain/plan.ts';
import type { ApplicationId, CallRef, Destination, PinId } from '../../domain/types.ts';
import type { NewEvent } from '../../store/outbox-store.ts';

/**
 * Events of the outbox that tell customers what became of a verification. Each is written in the transaction of what it tells
 * of, under an id made of that alone: whoever writes it, it is one event. Reports of deliveries (`voice.report`, `sms.report`,
 * `email.report`) are written where the delivery ends.
 */

/** How a verification can end, and `undeliverable`: no step of its plan is left, and the last one failed. */
export const VERIFICATION_EVENTS = [
  'verified',
  'expired',
  'exhausted',
  'superseded',
  'cancelled',
  'undeliverable',
] as const;
export type VerificationEventKind = (typeof VERIFICATION_EVENTS)[number];

export interface VerificationFacts {
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly to: Destination;
  /** ms since the epoch; absent: when the store wrote the event. */
  readonly at?: number;
}

/** What became of a PIN; once for each kind, and for each `turn` of its plan where that is given (`undeliverable`). */
export function verificationEvent(
  kind: VerificationEventKind,
  facts: VerificationFacts & { readonly turn?: number },
): NewEvent {
  const { pinId, applicationId, to, at, turn } = facts;
  return {
    id: `verification-${kind}-${pinId}${turn === undefined ? '' : `-${turn}`}`,
    type: `verification.${kind}`,
    data: { pinId, applicationId, to, ...(at !== undefined && { at }) },
  };
}

export interface DeliveryFacts extends VerificationFacts {
  readonly channel: PlanChannel | 'email';
  readonly carrier: string;
  /** Of the call or message. */
  readonly ref: CallRef;
  readonly trigger: StepTrigger;
}

/** A delivery was begun: committed, its carrier not asked yet. */
export function deliveryStarted(facts: DeliveryFacts): NewEvent {
  const { pinId, applicationId, to, channel, carrier, ref, trigger, at } = facts;
  return {
    id: `delivery-started-${ref}`,
    type: 'delivery.started',
    data: { pinId, applicationId, to, channel, carrier, ref, trigger, ...(at !== undefined && { at }) },
  };
}

/** What the dispatcher of customers' events takes out of the outbox; nobody else may. */
export const SOURCE_TYPES: readonly string[] = [
  ...VERIFICATION_EVENTS.map(kind => `verification.${kind}`),
  'delivery.started',
  'voice.report',
  'sms.report',
  'email.report',
];
