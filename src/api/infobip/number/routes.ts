import type { z } from 'zod';

import { pushEvent } from '../../../delivery/push/index.ts';
import { infobipResult } from '../../../domain/status.ts';
import type { RandomBytes } from '../../../domain/ids.ts';
import { REQUEST_LIMITS } from '../../auth.ts';
import { errorAnswers } from '../../openapi.ts';
import type { LookupRecord } from '../../../store/lookup-store.ts';
import type { InfobipApp } from '../context.ts';
import { formatDate } from '../dates.ts';
import { destinationOf } from '../shared/destinations.ts';
import { LOGS, SEND, TAG, type NumberDeps } from './context.ts';
import { KEEP_MS, LOG_MS, PRICE } from './decisions.ts';
import { answerOf, lookUpAll } from './lookups.ts';
import { NUMBER_PUSH, type NumberPushData } from './render-push.ts';
import {
  logsAnswer,
  logsQuery,
  lookupResult,
  notifyAnswer,
  notifyRequest,
  queryAnswer,
  queryRequest,
} from './schemas.ts';

const ERRORS = errorAnswers(400, 401, 403, 429, 500, 503);
const WAITING = infobipResult({ kind: 'waiting-delivery' }, 'sms', 'Ok');

/** infobip-api.md 5.4. */
export function numberRoutes(app: InfobipApp, deps: NumberDeps): void {
  const { store, random } = deps;

  app.route({
    method: 'POST',
    url: '/number/1/query',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'numberLookupQuery',
      summary: 'Ask about numbers, and wait for the answer',
      body: queryRequest,
      response: { 200: queryAnswer, ...ERRORS },
    },
    handler: async request => {
      const results = await lookUpAll(request.body.to, deps);
      const bulkId = newId(random);
      const lookups = results.map(result => ({
        messageId: newId(random),
        to: result.to,
        answer: answerOf(result),
      }));
      await store.addLookups({ bulkId, lookups, events: [], keepMs: KEEP_MS });
      return { results: [...results], bulkId };
    },
  });

  app.route({
    method: 'POST',
    url: '/number/1/notify',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'numberLookupNotify',
      summary: 'Ask about numbers, and have the answer sent',
      body: notifyRequest,
      response: { 200: notifyAnswer, ...ERRORS },
    },
    handler: async request => {
      const { to, notifyUrl, notifyContentType } = request.body;
      const bulkId = newId(random);
      const lookups = to.map(each => ({ messageId: newId(random), to: destinationOf(each) }));
      const data: NumberPushData = { bulkId };
      const contentType = /xml/i.test(notifyContentType ?? '') ? 'application/xml' : 'application/json';
      const push = pushEvent({
        id: `number-${bulkId}`,
        data: { url: notifyUrl, contentType, kind: NUMBER_PUSH, ...data },
      });
      await store.addLookups({ bulkId, lookups, events: [push], keepMs: KEEP_MS });
      deps.pushWaits?.();
      const results = lookups.map(lookup => ({
        to: lookup.to,
        status: WAITING.status,
        messageId: lookup.messageId,
      }));
      return { results, bulkId };
    },
  });

  app.route({
    method: 'GET',
    url: '/number/1/logs',
    config: { scopes: LOGS, rate: REQUEST_LIMITS.numberLogs },
    schema: {
      tags: [TAG],
      operationId: 'getNumberLookupLogs',
      summary: 'Look back at lookups of the last 48 hours, newest first',
      querystring: logsQuery,
      response: { 200: logsAnswer, ...ERRORS },
    },
    handler: async request => {
      const { to, bulkId, messageId, generalStatus, ...others } = request.query;
      const records = await store.listLookups({
        ...others,
        withinMs: LOG_MS,
        ...(to !== undefined && { to: destinationOf(to) }),
        ...(bulkId && { bulkIds: bulkId }),
        ...(messageId && { messageIds: messageId }),
        ...(generalStatus && { statusGroup: generalStatus }),
      });
      return { results: records.map(logView) };
    },
  });
}

function logView(record: LookupRecord): z.output<typeof logsAnswer>['results'][number] {
  const { bulkId, messageId, to, sentAt, doneAt, result } = record;
  const known = result && lookupResult.parse(result);
  const { status, error } = known ?? WAITING;
  return {
    bulkId,
    messageId,
    to,
    sentAt: formatDate(sentAt),
    doneAt: doneAt === undefined ? null : formatDate(doneAt),
    mccMnc: known?.mccMnc ?? null,
    price: PRICE,
    status,
    error,
  };
}

/** 32 hex digits. */
function newId(random: RandomBytes): string {
  return random(16).toString('hex');
}
