import { z } from 'zod';

import { parseDate } from '../dates.ts';
import { bulkStatusRequestNamed, rescheduleRequestNamed } from '../shared/bulk-schemas.ts';
import { MAX_BULK_ID_LENGTH, MAX_MESSAGE_ID_LENGTH } from '../shared/decisions.ts';
import { generalStatus, idList, networkCodes, optional, PAGE, whole } from '../shared/query-fields.ts';
import { dateText, NO_DATE } from '../shared/timestamps.ts';
import * as examples from './examples.ts';

/** Queries of infobip-api.md 3.6 to 3.8, and the two small bodies that go with them. */

const limit = whole(1).describe(PAGE);

/** A plus that nobody encoded arrives as a space. */
const since = optional(
  z
    .string()
    .max(64)
    .transform(text => parseDate(text.trim().replace(' ', '+')))
    .refine(at => at !== undefined, { error: NO_DATE })
    .meta({ format: 'date-time' }),
);

export const reportsQuery = z.object({
  bulkId: idList(MAX_BULK_ID_LENGTH),
  messageId: idList(MAX_MESSAGE_ID_LENGTH),
  limit,
});

export const logsQuery = z.object({
  from: optional(z.string().max(64)),
  to: optional(z.string().max(64)),
  bulkId: idList(MAX_BULK_ID_LENGTH),
  messageId: idList(MAX_MESSAGE_ID_LENGTH),
  generalStatus,
  sentSince: since,
  sentUntil: since,
  limit,
  ...networkCodes,
});

export const rescheduleRequest = rescheduleRequestNamed(
  'VoiceBulkRequest',
  dateText,
  examples.rescheduleRequest,
);
export const bulkStatusRequest = bulkStatusRequestNamed('VoiceBulkStatusRequest', examples.bulkStatusRequest);

export const voicesParams = z.object({ language: z.string() });
/** There are no neural voices here: whatever it says, the answer is the same. */
export const voicesQuery = z.object({ includeNeural: z.unknown().optional() });
