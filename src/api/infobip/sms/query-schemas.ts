import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { MAX_SENDER_LENGTH } from '../decisions.ts';
import { bulkStatusRequestNamed, rescheduleRequestNamed } from '../shared/bulk-schemas.ts';
import { MAX_BULK_ID_LENGTH, MAX_MESSAGE_ID_LENGTH, MAX_PAGE, MAX_TO_LENGTH } from '../shared/decisions.ts';
import {
  flag,
  generalStatus,
  idList,
  instant,
  LISTED,
  networkCodes,
  optional,
  PAGE,
  whole,
} from '../shared/query-fields.ts';
import { timestamp } from '../shared/timestamps.ts';
import { MAX_CAMPAIGN_LENGTH, MAX_PLATFORM_ID_LENGTH, MAX_SMS_TEXT_LENGTH } from './decisions.ts';
import * as examples from './examples.ts';
import { cursor } from './fields.ts';
import { NATIONAL_LANGUAGES } from './text/alphabets.ts';
import { TRANSLITERATIONS } from './text/transliteration.ts';

/** Queries of infobip-api.md 5.3, and the small bodies that go with them. */

const limit = whole(1, MAX_PAGE).describe(PAGE);

const ids = {
  bulkId: idList(MAX_BULK_ID_LENGTH).describe(LISTED),
  messageId: idList(MAX_MESSAGE_ID_LENGTH).describe(LISTED),
  entityId: optional(z.string().max(MAX_PLATFORM_ID_LENGTH)),
  applicationId: optional(z.string().max(MAX_PLATFORM_ID_LENGTH)),
  campaignReferenceId: idList(MAX_CAMPAIGN_LENGTH).describe(LISTED),
};

export const reportsQuery = z.object({ ...ids, limit });

const period = {
  generalStatus,
  sentSince: instant,
  sentUntil: instant,
  limit,
  ...networkCodes,
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

export const rescheduleRequest = rescheduleRequestNamed(
  'SmsBulkRequest',
  timestamp,
  examples.rescheduleRequest,
);
export const bulkStatusRequest = bulkStatusRequestNamed('SmsUpdateStatusRequest', examples.bulkStatusRequest);

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
