import type { z } from 'zod';

import type { Message, VoiceResult } from '../../../domain/message.ts';
import { infobipResult } from '../../../domain/status.ts';
import { formatDate } from '../dates.ts';
import type { flatReportsAnswer, reportsAnswer } from './answer-schemas.ts';
import { FEATURE, PRICE } from './decisions.ts';

export type Report = z.output<typeof reportsAnswer>['results'][number];
export type FlatReport = z.output<typeof flatReportsAnswer>['results'][number];

/** What every report and log line says of a message in the same words. */
export function factsOf(message: Message) {
  return {
    bulkId: message.bulkId,
    messageId: message.messageId,
    to: message.to,
    // What was never tried was dealt with when it came.
    sentAt: formatDate(message.sentAt ?? message.createdAt),
    mccMnc: message.mccMnc ?? null,
    price: PRICE,
    ...infobipResult(message.outcome, message.channel),
  };
}

export function dateOrNull(at: number | undefined): string | null {
  return at === undefined ? null : formatDate(at);
}

export function seconds(value: number | undefined): number {
  return Math.max(0, Math.round(value ?? 0));
}

/** A report of today's form (infobip-api.md 3.7): pulled, and pushed as version 2. */
export function reportView(message: Message): Report {
  const { voice } = message;
  const duration = seconds(voice?.durationSeconds);
  return {
    ...factsOf(message),
    from: message.from,
    callbackData: message.callbackData ?? null,
    voiceCall: {
      feature: FEATURE,
      startTime: dateOrNull(voice?.startedAt),
      answerTime: dateOrNull(voice?.answeredAt),
      endTime: dateOrNull(voice?.endedAt),
      duration,
      chargedDuration: duration,
      fileDuration: fileDuration(voice),
      dtmfCodes: voice?.dtmfCodes ?? '',
      ...(voice?.answeredBy && { answeredBy: voice.answeredBy === 'machine' ? 'MACHINE' : 'HUMAN' }),
      ivr: null,
    },
  };
}

/** The deprecated form of `/tts/3/reports`: the same facts, flat. */
export function flatReportView(message: Message): FlatReport {
  const { voice } = message;
  return {
    ...factsOf(message),
    doneAt: dateOrNull(message.doneAt),
    startTime: dateOrNull(voice?.startedAt),
    endTime: dateOrNull(voice?.endedAt),
    answerTime: dateOrNull(voice?.answeredAt),
    duration: seconds(voice?.durationSeconds),
    fileDuration: fileDuration(voice),
    callbackData: message.callbackData ?? null,
    dtmfCodes: voice?.dtmfCodes ?? '',
    recordedAudioFileUrl: null,
    scenarioId: null,
    scenarioName: null,
  };
}

function fileDuration(voice: VoiceResult | undefined): number {
  return voice?.fileDurationSeconds ?? 0;
}
