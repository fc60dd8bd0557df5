import { ServiceError } from '../../../errors.ts';
import type { BulkFace } from '../shared/bulk-routes.ts';
import { bulkAnswer, bulkStatusAnswer } from './answer-schemas.ts';
import { SEND, TAG } from './context.ts';
import { bulkStatusRequest, rescheduleRequest } from './query-schemas.ts';

/** infobip-api.md 3.6. */
export const VOICE_BULKS: BulkFace = {
  channel: 'voice',
  path: '/tts/3/bulks',
  scopes: SEND,
  tag: TAG,
  operationIds: {
    schedule: 'getSentBulks',
    reschedule: 'rescheduleSentBulk',
    status: 'getSentBulksStatus',
    setStatus: 'manageSentBulksStatus',
  },
  schemas: { bulkAnswer, bulkStatusAnswer, rescheduleRequest, bulkStatusRequest },
  statusProblem: 'the bulk has ended',
  notFound: () => new ServiceError('notFound'),
};
