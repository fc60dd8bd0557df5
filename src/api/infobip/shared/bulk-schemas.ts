import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { MAX_BULK_ID_LENGTH, SETTABLE_STATUSES } from './decisions.ts';
import { date } from './result-fields.ts';
import type { dateText, timestamp } from './timestamps.ts';

/** The query, bodies and answers of the bulk calls (infobip-api.md 3.6 and 5.3), under the names of each face. */

export const bulkQuery = z.object({ bulkId: z.string().min(1).max(MAX_BULK_ID_LENGTH) });

export function bulkAnswerNamed(id: string, example: unknown) {
  return documented(id, z.object({ bulkId: z.string(), sendAt: date }), [example]);
}

export function bulkStatusAnswerNamed(id: string, example: unknown) {
  const status = z.enum(['PENDING', 'PAUSED', 'PROCESSING', 'CANCELED', 'FINISHED', 'FAILED']);
  return documented(id, z.object({ bulkId: z.string(), status }), [example]);
}

export function rescheduleRequestNamed<Time extends typeof dateText | typeof timestamp>(
  id: string,
  sendAt: Time,
  example: unknown,
) {
  return documented(id, z.object({ sendAt }), [example]);
}

export function bulkStatusRequestNamed(id: string, example: unknown) {
  const status = z
    .enum(SETTABLE_STATUSES)
    .describe('`PAUSED` holds what is unsent, `PENDING` or `PROCESSING` goes on, `CANCELED` is for good.');
  return documented(id, z.object({ status }), [example]);
}
