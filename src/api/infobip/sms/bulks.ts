import type { BulkFace } from '../shared/bulk-routes.ts';
import { bulkAnswer, bulkStatusAnswer } from './answer-schemas.ts';
import { SEND, TAG } from './context.ts';
import { BulkNotFound } from './error-envelope.ts';
import { bulkStatusRequest, rescheduleRequest } from './query-schemas.ts';

/** infobip-api.md 5.3. */
export const SMS_BULKS: BulkFace = {
  channel: 'sms',
  path: '/sms/1/bulks',
  scopes: SEND,
  tag: TAG,
  operationIds: {
    schedule: 'getScheduledSmsMessages',
    reschedule: 'rescheduleSmsMessages',
    status: 'getScheduledSmsMessagesStatus',
    setStatus: 'updateScheduledSmsMessagesStatus',
  },
  schemas: { bulkAnswer, bulkStatusAnswer, rescheduleRequest, bulkStatusRequest },
  statusProblem: 'cannot follow the present status of the bulk',
  notFound: () => new BulkNotFound(),
};
