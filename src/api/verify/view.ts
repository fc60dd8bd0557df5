import type { MessageId } from '../../domain/types.ts';
import type { VerificationView } from '../../delivery/verifications.ts';
import { planBody } from './plan.ts';
import type { VerificationBody } from './schemas.ts';
import { iso, timelineOf } from './timeline.ts';

/** Of a template that was made up for one PIN. */
export const INLINE_TEMPLATE = '0'.repeat(32) as MessageId;

/** A verification as the wire has it, its fields in the order of their schema. */
export function verificationBody(view: VerificationView): VerificationBody {
  const { pin, run } = view;
  const timeline = timelineOf(view);
  const latest = timeline.findLast(step => step.state !== 'skipped');
  return {
    id: pin.pinId,
    applicationId: pin.applicationId,
    ...(pin.messageId !== INLINE_TEMPLATE && { template: pin.messageId }),
    to: pin.to,
    state: view.state,
    ...(latest && { channel: latest.channel }),
    createdAt: iso(pin.createdAt),
    expiresAt: iso(pin.expiresAt),
    ...instant('verifiedAt', pin.verifiedAt),
    attemptsLeft: view.attemptsLeft,
    ...instant('nextSmsAllowedAt', view.nextSmsAllowedAt),
    ...instant('nextVoiceAllowedAt', view.nextVoiceAllowedAt),
    ...instant('nextStepAt', view.nextStepAt),
    undeliverable: view.undeliverable,
    ...(run && { plan: planBody(run.plan) }),
    timeline,
  };
}

function instant<Field extends string>(field: Field, at: number | undefined): { [Key in Field]?: string } {
  return at === undefined ? {} : ({ [field]: iso(at) } as { [Key in Field]: string });
}
