import type { Clock } from '../../clock.ts';
import type { PinMessage, PinMessageCause, PinMessageReport } from '../../domain/pin-message.ts';
import { isEmail } from '../../domain/email.ts';
import type { Destination } from '../../domain/types.ts';
import { maskNumber, type Logger } from '../../log.ts';
import type { PinMessageStep } from '../../store/pin-message-store.ts';
import type { Store } from '../../store/store.ts';
import type { FollowUp } from '../plans/follow.ts';
import { pinMessageGuardId } from './guards.ts';

export interface MessageEnd {
  readonly cause: PinMessageCause;
  readonly at: number;
  readonly carrierCode?: string | undefined;
  readonly carrierMessageId?: string | undefined;
}

export type EndMessage = (message: PinMessage, end: MessageEnd) => Promise<void>;

/** Writes a message off, and in the same write what its plan does next. @throws ServiceError unavailable */
export function createEndMessage(deps: {
  readonly store: Pick<Store, 'stepPinMessage'>;
  readonly followUp: (message: PinMessage, report: PinMessageReport) => Promise<FollowUp>;
}): EndMessage {
  return async (message, end) => {
    const report = reportOf(end);
    const follow = await deps.followUp(message, report);
    const step = endOf(message, end, report);
    const { applied } = await deps.store.stepPinMessage({
      ...step,
      arm: follow.arm,
      cancel: [...(step.cancel ?? []), ...follow.cancel],
    });
    if (applied) follow.after();
  };
}

/** Writes a message off at this instant. @throws ServiceError unavailable */
export async function endNow(
  { ended, clock, log }: { readonly ended: EndMessage; readonly clock: Clock; readonly log: Logger },
  message: PinMessage,
  end: Omit<MessageEnd, 'at'>,
): Promise<void> {
  await ended(message, { ...end, at: clock.now() });
  if (end.cause !== 'accepted') log.info({ ref: message.ref, cause: end.cause }, 'PIN message ended');
}

function reportOf(end: MessageEnd): PinMessageReport {
  return {
    cause: end.cause,
    ...(end.carrierCode !== undefined && { carrierCode: end.carrierCode }),
    endedAt: end.at,
  };
}

/** The step that writes a message off, with its report and the event that tells of it. */
function endOf(message: PinMessage, end: MessageEnd, report: PinMessageReport): PinMessageStep {
  const { ref, pinId, applicationId, channel, to, from, carrier } = message;
  return {
    ref,
    to: 'ended',
    ...(end.carrierMessageId !== undefined && { carrierMessageId: end.carrierMessageId }),
    report,
    cancel: [pinMessageGuardId(ref)],
    // One message has one end: the id is the same whoever writes it.
    events: [
      {
        id: `${channel}-report-${ref}`,
        type: `${channel}.report`,
        data: { ref, pinId, applicationId, channel, to, from, carrier, report },
      },
    ],
  };
}

/** `john@example.com` as `j***@example.com`. */
export function maskDestination(to: Destination): string {
  return isEmail(to) ? to.replace(/^(.).*@/su, '$1***@') : maskNumber(to);
}
