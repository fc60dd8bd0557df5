import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { MAX_SENDER_LENGTH } from '../decisions.ts';
import {
  DEFAULT_PAGE,
  MAX_BULK_ID_LENGTH,
  MAX_LISTED_IDS,
  MAX_MESSAGE_ID_LENGTH,
  MAX_PAGE,
  MAX_TO_LENGTH,
  SETTABLE_STATUSES,
} from '../tts/decisions.ts';
import { MAX_CAMPAIGN_LENGTH, MAX_PLATFORM_ID_LENGTH, MAX_SMS_TEXT_LENGTH } from './decisions.ts';
import * as examples from './examples.ts';
import { cursor, flag, instant, listed, optional, timestamp, whole } from './fields.ts';
import { NATIONAL_LANGUAGES } from './text/alphabets.ts';
import { TRANSLITERATIONS } from './text/transliteration.ts';

/** Queries of infobip-api.md 5.3, and the small bodies that go with them. */

const limit = whole(1, MAX_PAGE).describe(`Default ${DEFAULT_PAGE}, at most ${MAX_PAGE}.`);

function idList(maxLength: number) {
  return z
    .preprocess(listed, z.array(z.string().max(maxLength)).max(MAX_LISTED_IDS).optional())
    .describe('Repeated or comma-separated.');
}

const ids = {
  bulkId: idList(MAX_BULK_ID_LENGTH),
  messageId: idList(MAX_MESSAGE_ID_LENGTH),
  entityId: optional(z.string().max(MAX_PLATFORM_ID_LENGTH)),
  applicationId: optional(z.string().max(MAX_PLATFORM_ID_LENGTH)),
  campaignReferenceId: idList(MAX_CAMPAIGN_LENGTH),
};

export const reportsQuery = z.object({ ...ids, limit });

const period = {
  generalStatus: optional(
    z.enum(['ACCEPTED', 'PENDING', 'UNDELIVERABLE', 'DELIVERED', 'EXPIRED', 'REJECTED']),
  ),
  sentSince: instant,
  sentUntil: instant,
  limit,
  mcc: optional(z.string().regex(/^\d{3}$/, { error: 'must be 3 digits' })),
  mnc: optional(z.string().regex(/^\d{2,3}$/, { error: 'must be 2 or 3 digits' })),
};

export const logsQuery = z.object({
  ...ids,
  ...period,
  sender: optional(z.string().max(MAX_SENDER_LENGTH)),
  destination: optional(z.string().max(MAX_TO_LENGTH)),
  useCursor: flag,
  cursor: cursor.describe('`nextCursor` of the page before.'),
});

export const olderLogsQuery = z.object({
  ...ids,
  ...period,
  from: optional(z.string().max(MAX_SENDER_LENGTH)),
  to: optional(z.string().max(MAX_TO_LENGTH)),
});

export const bulkQuery = z.object({ bulkId: z.string().min(1).max(MAX_BULK_ID_LENGTH) });

export const rescheduleRequest = documented('SmsBulkRequest', z.object({ sendAt: timestamp }), [
  examples.rescheduleRequest,
]);

export const bulkStatusRequest = documented(
  'SmsUpdateStatusRequest',
  z.object({
    status: z
      .enum(SETTABLE_STATUSES)
      .describe('`PAUSED` holds what is unsent, `PENDING` or `PROCESSING` goes on, `CANCELED` is for good.'),
  }),
  [examples.bulkStatusRequest],
);

export const previewRequest = documented(
  'SmsPreviewRequest',
  z.object({
    text: z.string().min(1).max(MAX_SMS_TEXT_LENGTH),
    languageCode: z.enum(['NONE', ...NATIONAL_LANGUAGES, 'AUTODETECT']).nullish(),
    transliteration: z.enum(TRANSLITERATIONS).nullish(),
  }),
  [examples.previewRequest],
);

export const inboxQuery = z.object({ limit });
