import type { z } from 'zod';

import type { SubmittedBulk } from '../../../delivery/messaging.ts';
import type { Message, SmsContent, VoiceContent } from '../../../domain/message.ts';
import { infobipResult } from '../../../domain/status.ts';
import { formatDate } from '../dates.ts';
import type {
  advancedAnswer,
  logsAnswer,
  olderLogsAnswer,
  olderReportsAnswer,
  reportsAnswer,
  sendAnswer,
} from './answer-schemas.ts';
import type { olderError } from '../shared/result-fields.ts';
import { PRICE } from './decisions.ts';

/** What the engine says, in the words of v3 and of the older calls. */

type Result<Schema extends z.ZodType<{ results: readonly unknown[] }>> = z.output<Schema>['results'][number];

/** One entry a destination, in the request's order. */
export function sendView({ bulkId, messages }: SubmittedBulk): z.output<typeof sendAnswer> {
  return {
    bulkId,
    messages: messages.map(({ to, messageId, outcome, smsCount = 0 }) => ({
      messageId,
      status: infobipResult(outcome, 'sms').status,
      destination: to,
      details: { messageCount: smsCount },
    })),
  };
}

export function advancedView(
  { bulkId, messages }: SubmittedBulk,
  withCount: boolean,
): z.output<typeof advancedAnswer> {
  return {
    bulkId,
    messages: messages.map(({ to, messageId, outcome, smsCount = 0 }) => ({
      messageId,
      status: infobipResult(outcome, 'sms').status,
      to,
      ...(withCount && { smsCount }),
    })),
  };
}

export function reportView(message: Message): Result<typeof reportsAnswer> {
  return {
    ...factsOf(message),
    to: message.to,
    sender: message.from,
    messageCount: smsCount(message),
    callbackData: message.callbackData ?? null,
    error: errorOf(message),
    platform: { ...message.platform },
    campaignReferenceId: message.campaignReferenceId ?? null,
  };
}

export function olderReportView(message: Message): Result<typeof olderReportsAnswer> {
  return {
    ...factsOf(message),
    to: message.to,
    from: message.from,
    smsCount: smsCount(message),
    callbackData: message.callbackData ?? null,
    error: olderErrorOf(message),
    entityId: message.platform?.entityId ?? null,
    applicationId: message.platform?.applicationId ?? null,
  };
}

export function logView(message: Message): Result<typeof logsAnswer> {
  const { text, binary } = smsOf(message.content);
  return {
    ...factsOf(message),
    sender: message.from,
    destination: message.to,
    messageCount: smsCount(message),
    error: errorOf(message),
    platform: { ...message.platform },
    content: binary ? { hex: binary.hex } : { text: text ?? '' },
    campaignReferenceId: message.campaignReferenceId ?? null,
  };
}

export function olderLogView(message: Message): Result<typeof olderLogsAnswer> {
  return {
    ...factsOf(message),
    to: message.to,
    from: message.from,
    text: smsOf(message.content).text ?? null,
    smsCount: smsCount(message),
    error: olderErrorOf(message),
    entityId: message.platform?.entityId ?? null,
    applicationId: message.platform?.applicationId ?? null,
    campaignReferenceId: message.campaignReferenceId ?? null,
  };
}

/** A message that was never sent has the time when it was accepted, or refused. */
function factsOf(message: Message) {
  const { bulkId, messageId, outcome, sentAt, createdAt, doneAt, mccMnc } = message;
  return {
    bulkId,
    messageId,
    sentAt: formatDate(sentAt ?? createdAt),
    doneAt: doneAt === undefined ? null : formatDate(doneAt),
    mccMnc: mccMnc ?? null,
    price: PRICE,
    status: infobipResult(outcome, 'sms').status,
  };
}

function errorOf({ outcome }: Message) {
  const { groupName, ...rest } = infobipResult(outcome, 'sms').error;
  return { ...rest, groupName: groupName === 'Ok' ? 'OK' : groupName };
}

function olderErrorOf({ outcome }: Message): z.output<typeof olderError> {
  return infobipResult(outcome, 'sms', 'Ok').error;
}

function smsCount({ content }: Message): number {
  return smsOf(content).messageCount ?? 0;
}

/** Everything of this channel has such content. */
function smsOf(content: VoiceContent | SmsContent): Partial<SmsContent> {
  return 'messageCount' in content ? content : {};
}
