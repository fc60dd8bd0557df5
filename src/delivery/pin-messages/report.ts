import type { PinMessage, PinMessageCause } from '../../domain/pin-message.ts';
import { isEmail } from '../../domain/email.ts';
import type { Destination } from '../../domain/types.ts';
import { maskNumber } from '../../log.ts';
import type { PinMessageStep } from '../../store/pin-message-store.ts';
import { pinMessageGuardId } from './guards.ts';

/** The step that writes a message off, with its report and the event that tells of it. */
export function endOf(
  message: PinMessage,
  end: {
    readonly cause: PinMessageCause;
    readonly at: number;
    readonly carrierCode?: string | undefined;
    readonly carrierMessageId?: string | undefined;
  },
): PinMessageStep {
  const { ref, pinId, applicationId, channel, to, from, carrier } = message;
  const report = {
    cause: end.cause,
    ...(end.carrierCode !== undefined && { carrierCode: end.carrierCode }),
    endedAt: end.at,
  };
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
