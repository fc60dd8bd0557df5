import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { parseDate } from '../dates.ts';
import {
  DEFAULT_PAGE,
  MAX_BULK_ID_LENGTH,
  MAX_LISTED_IDS,
  MAX_MESSAGE_ID_LENGTH,
  MAX_PAGE,
  SETTABLE_STATUSES,
} from './decisions.ts';
import * as examples from './examples.ts';
import { NO_DATE, timestamp } from './send-schemas.ts';

/** Queries of infobip-api.md 3.6 to 3.8, and the two small bodies that go with them. */

/** What the Node SDK sends for an argument that was left out (0.5) is no value. */
function given(value: unknown): unknown {
  return value === '' || value === 'undefined' ? undefined : value;
}

function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(given, schema.optional());
}

/** Repeated, comma-separated, or both (0.11). */
export function idList(maxLength: number) {
  return z.preprocess(
    value => {
      const texts = Array.isArray(value) ? value : [given(value)];
      const ids = texts.flatMap(text => (typeof text === 'string' ? text.split(',') : []));
      const present = ids.map(id => id.trim()).filter(id => id !== '');
      return present.length > 0 ? present : undefined;
    },
    z.array(z.string().max(maxLength)).max(MAX_LISTED_IDS).optional(),
  );
}

const limit = z
  .preprocess(
    value => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : given(value)),
    z.int().min(1).optional(),
  )
  .describe(`Default ${DEFAULT_PAGE}, at most ${MAX_PAGE}.`);

/** A plus that nobody encoded arrives as a space. */
const since = optional(
  z
    .string()
    .max(64)
    .transform(text => parseDate(text.trim().replace(' ', '+')))
    .refine(at => at !== undefined, { error: NO_DATE })
    .meta({ format: 'date-time' }),
);

const GENERAL_STATUSES = [
  'ACCEPTED',
  'PENDING',
  'UNDELIVERABLE',
  'DELIVERED',
  'EXPIRED',
  'REJECTED',
] as const;

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
  generalStatus: optional(z.enum(GENERAL_STATUSES)),
  sentSince: since,
  sentUntil: since,
  limit,
  mcc: optional(z.string().regex(/^\d{3}$/, { error: 'must be 3 digits' })),
  mnc: optional(z.string().regex(/^\d{2,3}$/, { error: 'must be 2 or 3 digits' })),
});

export const bulkQuery = z.object({ bulkId: z.string().min(1).max(MAX_BULK_ID_LENGTH) });

export const rescheduleRequest = documented('VoiceBulkRequest', z.object({ sendAt: timestamp }), [
  examples.rescheduleRequest,
]);

export const bulkStatusRequest = documented(
  'VoiceBulkStatusRequest',
  z.object({
    status: z
      .enum(SETTABLE_STATUSES)
      .describe('`PAUSED` holds what is unsent, `PENDING` or `PROCESSING` goes on, `CANCELED` is for good.'),
  }),
  [examples.bulkStatusRequest],
);

export const voicesParams = z.object({ language: z.string() });
/** There are no neural voices here: whatever it says, the answer is the same. */
export const voicesQuery = z.object({ includeNeural: z.unknown().optional() });
