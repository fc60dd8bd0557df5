import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { bulkAnswerNamed, bulkStatusAnswerNamed } from '../shared/bulk-schemas.ts';
import { date, error, olderError, orNull, status } from '../shared/result-fields.ts';
import * as examples from './examples.ts';

/** Answers of infobip-api.md 5.1 to 5.3. What a report does not know is null (0.8). */

const price = z.object({ pricePerMessage: z.number(), currency: z.string() });
const platform = z.object({ entityId: z.string().optional(), applicationId: z.string().optional() });

export const sendAnswer = documented(
  'SmsResponse',
  z.object({
    bulkId: z.string(),
    messages: z.array(
      z.object({
        messageId: z.string(),
        status,
        destination: z.string(),
        details: z.object({ messageCount: z.int32() }),
      }),
    ),
  }),
  [examples.sendAnswer],
);

export const advancedAnswer = documented(
  'SmsAdvancedResponse',
  z.object({
    bulkId: z.string(),
    messages: z.array(
      z.object({ messageId: z.string(), status, to: z.string(), smsCount: z.int32().optional() }),
    ),
  }),
  [examples.advancedAnswer],
);

const facts = {
  bulkId: z.string(),
  messageId: z.string(),
  sentAt: date,
  doneAt: date.nullable(),
  mccMnc: orNull,
  price,
  status,
};

export const reportsAnswer = documented(
  'SmsDeliveryReports',
  z.object({
    results: z.array(
      z.object({
        ...facts,
        to: z.string(),
        sender: z.string(),
        messageCount: z.int32(),
        callbackData: orNull,
        error,
        platform,
        campaignReferenceId: orNull,
      }),
    ),
  }),
  [examples.reports],
);

export const olderReportsAnswer = documented(
  'SmsDeliveryResult',
  z.object({
    results: z.array(
      z.object({
        ...facts,
        to: z.string(),
        from: z.string(),
        smsCount: z.int32(),
        callbackData: orNull,
        error: olderError,
        entityId: orNull,
        applicationId: orNull,
      }),
    ),
  }),
  [examples.oldReports],
);

export const logsAnswer = documented(
  'SmsLogsResponse',
  z.object({
    results: z.array(
      z.object({
        ...facts,
        sender: z.string(),
        destination: z.string(),
        messageCount: z.int32(),
        error,
        platform,
        content: z
          .object({ text: z.string().optional(), hex: z.string().optional() })
          .describe('What may be a PIN is masked.'),
        campaignReferenceId: orNull,
      }),
    ),
    cursor: z
      .object({ limit: z.int32(), nextCursor: orNull })
      .optional()
      .describe('With `useCursor`; null on the last page.'),
  }),
  [examples.logs],
);

export const olderLogsAnswer = documented(
  'SmsOlderLogsResponse',
  z.object({
    results: z.array(
      z.object({
        ...facts,
        to: z.string(),
        from: z.string(),
        text: orNull.describe('What may be a PIN is masked.'),
        smsCount: z.int32(),
        error: olderError,
        entityId: orNull,
        applicationId: orNull,
        campaignReferenceId: orNull,
      }),
    ),
  }),
  [examples.oldLogs],
);

export const bulkAnswer = bulkAnswerNamed('SmsBulkResponse', examples.bulk);
export const bulkStatusAnswer = bulkStatusAnswerNamed('SmsBulkStatusResponse', examples.bulkStatus);

export const previewAnswer = documented(
  'SmsPreviewResponse',
  z.object({
    originalText: z.string(),
    previews: z.array(
      z.object({
        textPreview: z.string(),
        messageCount: z.int32(),
        charactersRemaining: z.int32(),
        configuration: z.object({
          language: z.object({ languageCode: z.string() }).optional(),
          transliteration: z.string().optional(),
        }),
      }),
    ),
  }),
  [examples.preview],
);

export const inboxAnswer = documented(
  'SmsInboundMessageResult',
  z.object({
    results: z.array(
      z.object({
        messageId: z.string(),
        from: z.string(),
        to: z.string(),
        text: z.string(),
        cleanText: z.string(),
        keyword: orNull,
        receivedAt: date,
        smsCount: z.int32(),
        price,
        callbackData: orNull,
      }),
    ),
    messageCount: z.int32(),
    pendingMessageCount: z.int32(),
  }),
  [examples.inbox],
);
