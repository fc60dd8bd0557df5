import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { DEFAULT_PAGE, MAX_PAGE, MAX_TO_LENGTH, MAX_URL_LENGTH } from '../shared/decisions.ts';
import {
  generalStatus,
  idList,
  instant,
  LISTED,
  networkCodes,
  optional,
  PAGE,
  whole,
} from '../shared/query-fields.ts';
import { olderError as error, orNull, status } from '../shared/result-fields.ts';
import { MAX_NUMBERS } from './decisions.ts';
import * as examples from './examples.ts';

/** Bodies, queries and answers of infobip-api.md 5.4. */

const MAX_ID_LENGTH = 200;

const to = z
  .array(z.string().max(MAX_TO_LENGTH))
  .min(1, { error: 'must not be empty' })
  .max(MAX_NUMBERS, { error: `must have at most ${MAX_NUMBERS} entries` })
  .describe('International numbers, with or without a plus.');

export const queryRequest = documented('NumberLookupRequest', z.object({ to }), [examples.queryRequest]);

const URL_PROBLEM = 'must be an http or https URL';

export const notifyRequest = documented(
  'NumberLookupNotifyRequest',
  z.object({
    to,
    notifyUrl: z
      .string()
      .max(MAX_URL_LENGTH)
      .refine(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), { error: URL_PROBLEM })
      .describe('Where the answer is sent to.'),
    notifyContentType: z
      .string()
      .max(100)
      .regex(/^\s*(application\/(json|xml)\s*(;.*)?)?$/i, {
        error: 'must be application/json or application/xml',
      })
      .nullish()
      .describe('Default `application/json`.'),
  }),
  [examples.notifyRequest],
);

const network = z.object({
  networkName: z.string(),
  networkPrefix: z.string(),
  countryName: z.string(),
  countryPrefix: z.string(),
  networkId: z.int().optional(),
});

/** Also the shape in which an answer is kept. */
export const lookupResult = z.object({
  to: z.string(),
  mccMnc: orNull,
  imsi: orNull,
  originalNetwork: network.nullable(),
  ported: z.boolean(),
  portedNetwork: network.optional(),
  roaming: z.boolean(),
  roamingNetwork: network.optional(),
  servingMSC: orNull,
  status,
  error,
});

export const queryAnswer = documented(
  'NumberLookupResponse',
  z.object({ results: z.array(lookupResult), bulkId: z.string() }),
  [examples.queryAnswer],
);

export const notifyAnswer = documented(
  'NumberLookupNotifyResponse',
  z.object({
    results: z.array(z.object({ to: z.string(), status, messageId: z.string() })),
    bulkId: z.string(),
  }),
  [examples.notifyAnswer],
);

const ids = idList(MAX_ID_LENGTH).describe(LISTED);

export const logsQuery = z.object({
  to: optional(z.string().max(MAX_TO_LENGTH)),
  bulkId: ids,
  messageId: ids,
  generalStatus,
  sentSince: instant,
  sentUntil: instant,
  limit: whole(1, MAX_PAGE)
    .transform(limit => limit ?? DEFAULT_PAGE)
    .describe(PAGE),
  ...networkCodes,
  mnc: optional(z.string().regex(/^\d{2,3}$/, { error: 'must be 2 or 3 digits' })),
});

export const logsAnswer = documented(
  'NumberLookupLogsResponse',
  z.object({
    results: z.array(
      z.object({
        bulkId: z.string(),
        messageId: z.string(),
        to: z.string(),
        sentAt: z.string(),
        doneAt: orNull,
        mccMnc: orNull,
        price: z.object({ pricePerLookup: z.number(), currency: z.string() }),
        status,
        error,
      }),
    ),
  }),
  [examples.logs],
);

export type LookupResult = z.output<typeof lookupResult>;
