import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { bulkAnswerNamed, bulkStatusAnswerNamed } from '../shared/bulk-schemas.ts';
import { date, orNull, statusIn } from '../shared/result-fields.ts';
import * as examples from './examples.ts';

/** Answers of infobip-api.md 3.5 to 3.8. What a report does not know is null (0.8). */

/** Open: voice has groups of its own. */
const status = statusIn(z.string());
const error = status.omit({ action: true }).extend({ permanent: z.boolean() });
const price = z.object({ pricePerSecond: z.number(), currency: z.string() });

export const sendAnswer = documented(
  'StandardVoiceResponse',
  z.object({
    bulkId: z.string(),
    messages: z.array(z.object({ to: z.string(), status, messageId: z.string() })),
  }),
  [examples.accepted],
);

export const voicesAnswer = documented(
  'GetVoicesResponse',
  z.object({
    voices: z.array(
      z.object({
        name: z.string(),
        gender: z.string(),
        supplier: z.string(),
        ssmlSupported: z.boolean(),
        isDefault: z.boolean(),
        isNeural: z.boolean(),
      }),
    ),
  }),
  [examples.voices],
);

export const bulkAnswer = bulkAnswerNamed('VoiceBulkResponse', examples.bulk);
export const bulkStatusAnswer = bulkStatusAnswerNamed('VoiceBulkStatusResponse', examples.bulkStatus);

export const reportsAnswer = documented(
  'VoiceReportResponse',
  z.object({
    results: z.array(
      z.object({
        bulkId: z.string(),
        messageId: z.string(),
        from: z.string(),
        to: z.string(),
        sentAt: date,
        mccMnc: orNull,
        callbackData: orNull,
        voiceCall: z.object({
          feature: z.string(),
          startTime: date.nullable(),
          answerTime: date.nullable(),
          endTime: date.nullable(),
          duration: z.int32(),
          chargedDuration: z.int32(),
          fileDuration: z.number(),
          dtmfCodes: z.string(),
          answeredBy: z.string().optional().describe('`HUMAN` or `MACHINE`, where detection was on.'),
          ivr: z.null(),
        }),
        price,
        status,
        error,
      }),
    ),
  }),
  [examples.reports],
);

export const flatReportsAnswer = documented(
  'DeprecatedVoiceReportResponse',
  z.object({
    results: z.array(
      z.object({
        bulkId: z.string(),
        messageId: z.string(),
        to: z.string(),
        sentAt: date,
        doneAt: date.nullable(),
        startTime: date.nullable(),
        endTime: date.nullable(),
        answerTime: date.nullable(),
        duration: z.int32(),
        fileDuration: z.number(),
        mccMnc: orNull,
        callbackData: orNull,
        dtmfCodes: z.string(),
        recordedAudioFileUrl: orNull,
        scenarioId: orNull,
        scenarioName: orNull,
        price,
        status,
        error,
      }),
    ),
  }),
  [examples.flatReports],
);

export const logsAnswer = documented(
  'VoiceLogsResponse',
  z.object({
    results: z.array(
      z.object({
        bulkId: z.string(),
        messageId: z.string(),
        to: z.string(),
        from: z.string(),
        text: orNull.describe('Digits and spelled codes are masked.'),
        sentAt: date,
        doneAt: date.nullable(),
        duration: z.int32(),
        mccMnc: orNull,
        price,
        status,
        error,
      }),
    ),
  }),
  [examples.logs],
);
