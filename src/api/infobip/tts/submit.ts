import type { SubmitBulk, SubmitMessage } from '../../../delivery/messaging.ts';
import { normaliseRetry, sendAtProblem, sendingSpeed, validityMs } from '../../../domain/schedule.ts';
import type { SendingSpeed } from '../../../domain/message.ts';
import { fieldError } from '../../../errors.ts';
import { parseDate } from '../dates.ts';
import { destinationsOf } from '../shared/destinations.ts';
import { given } from '../shared/given.ts';
import { windowOf } from '../shared/delivery-window.ts';
import { voiceContent, type AnyMessage } from './content.ts';
import { DEFAULTS } from './decisions.ts';
import { judge } from './judge.ts';
import { notifyTarget } from './notify.ts';

/** A message and whom it goes to. */
export interface Addressed {
  readonly message: AnyMessage;
  readonly destinations: readonly { to: string; messageId?: string | null }[];
}

/**
 * The request as the engine takes it: defaults, clamps and rounding of infobip-api.md 3.4.
 * @throws ServiceError badRequest, naming the fields
 */
export function toSubmit(
  request: { bulkId?: string | null; messages: readonly Addressed[] },
  now: number,
): SubmitBulk {
  assertSendTimes(request.messages, now);
  const bulkId = given(request.bulkId);
  return {
    face: 'tts3',
    channel: 'voice',
    ...(bulkId !== undefined && { bulkId }),
    messages: request.messages.map(submitMessage),
  };
}

function submitMessage({ message, destinations }: Addressed): SubmitMessage {
  const from = given(message.from);
  const rejection = judge(message);
  const notify = notifyTarget(message);
  return {
    destinations: destinationsOf(destinations),
    ...(from !== undefined && { from }),
    content: voiceContent(message),
    ...(rejection ? { rejection } : timing(message)),
    ...(notify && { notify }),
    ...(message.callbackData != null && { callbackData: message.callbackData }),
  };
}

function timing(
  message: AnyMessage,
): Pick<SubmitMessage, 'sendAt' | 'speed' | 'window' | 'retry' | 'validityMs'> {
  const { retry, deliveryTimeWindow, validityPeriod } = message;
  const sendAt = sendTime(message);
  const speed = speedOf(message.sendingSpeed);
  const validity = validityMs(
    validityPeriod == null ? undefined : { amount: validityPeriod, unit: 'minute' },
    speed,
  );
  return {
    ...(sendAt !== undefined && { sendAt }),
    ...(speed && { speed }),
    ...(validity !== undefined && { validityMs: validity }),
    ...(retry && { retry: normaliseRetry(retry) }),
    ...(deliveryTimeWindow && { window: windowOf(deliveryTimeWindow) }),
  };
}

function speedOf(asked: AnyMessage['sendingSpeed']): SendingSpeed | undefined {
  if (!asked) return undefined;
  const unit = given(asked.timeUnit)?.toLowerCase();
  return sendingSpeed(asked.speed, UNITS.find(known => known === unit) ?? DEFAULTS.speedUnit);
}

const UNITS = ['second', 'minute', 'hour', 'day'] as const;

/** The schema has seen that it is one. */
function sendTime({ sendAt }: AnyMessage): number | undefined {
  return sendAt == null ? undefined : parseDate(sendAt);
}

function assertSendTimes(messages: readonly Addressed[], now: number): void {
  for (const [index, { message }] of messages.entries()) {
    const sendAt = sendTime(message);
    const problem = sendAt === undefined ? undefined : sendAtProblem(sendAt, now);
    if (problem !== undefined) throw fieldError(`messages[${index}].sendAt`, problem);
  }
}
