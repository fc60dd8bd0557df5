import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { MAX_SENDER_LENGTH } from '../decisions.ts';
import {
  MAX_BULK_ID_LENGTH,
  MAX_MESSAGE_ID_LENGTH,
  MAX_TO_LENGTH,
  MAX_URL_LENGTH,
} from '../shared/decisions.ts';
import { deliveryTimeWindow } from '../shared/delivery-window.ts';
import { flag, instant, LISTED, listed, optional, whole } from '../shared/query-fields.ts';
import { timestamp } from '../shared/timestamps.ts';
import {
  MAX_CAMPAIGN_LENGTH,
  MAX_HEX_LENGTH,
  MAX_OLD_PLATFORM_ID_LENGTH,
  MAX_PLATFORM_ID_LENGTH,
  MAX_QUERY_DESTINATIONS,
  MAX_SMS_CALLBACK_DATA_LENGTH,
} from './decisions.ts';
import * as examples from './examples.ts';
import { regional } from './fields.ts';
import { NATIONAL_LANGUAGES } from './text/alphabets.ts';
import { TRANSLITERATIONS } from './text/transliteration.ts';

/**
 * Bodies of infobip-api.md 5.1 and 5.2. Unknown fields are dropped (0.6); null is as good as absent in optional fields
 * (0.8). What has a registry status is judged in `content.ts` and by the engine.
 */

const to = z.string().max(MAX_TO_LENGTH);
const sender = z.string().max(MAX_SENDER_LENGTH).describe('Default: the sender of the service.');
const text = z.string().describe('At most 255 SMS long.');
const transliteration = z
  .enum(TRANSLITERATIONS)
  .describe('Letters that cost a whole SMS alphabet become ones that do not.');
const languageCode = z
  .enum(['NONE', ...NATIONAL_LANGUAGES, 'AUTODETECT'])
  .describe('National shift tables, where the carrier can; they decide how SMS are counted.');
const binary = {
  dataCoding: z.int32().min(0).max(255),
  esmClass: z.int32().min(0).max(255),
  hex: z
    .string()
    .max(MAX_HEX_LENGTH)
    .regex(/^\s*[0-9a-f]{2}(\s*[0-9a-f]{2})*\s*$/i, { error: 'must be pairs of hexadecimal digits' }),
};
const callbackData = z.string().max(MAX_SMS_CALLBACK_DATA_LENGTH);
const campaignReferenceId = z.string().max(MAX_CAMPAIGN_LENGTH);
const url = z.string().max(MAX_URL_LENGTH);
const contentType = z.string().max(100).describe('`application/json` (default) or `application/xml`.');
const messageId = z.string().max(MAX_MESSAGE_ID_LENGTH);
const bulkId = z.string().max(MAX_BULK_ID_LENGTH).describe('Must not be in use.');
const speedLimit = z.object({
  amount: z.int32().min(1),
  timeUnit: z.enum(['MINUTE', 'HOUR', 'DAY']).nullish().describe('Default `MINUTE`.'),
});
const NOT_EMPTY = { error: 'must not be empty' };

export const message = z.object({
  sender: sender.nullish(),
  destinations: z.array(z.object({ to, messageId: messageId.nullish() })).min(1, NOT_EMPTY),
  content: z
    .object({
      text: text.nullish(),
      transliteration: transliteration.nullish(),
      language: z
        .object({
          languageCode: languageCode.nullish(),
          singleShift: z.boolean().nullish(),
          lockingShift: z.boolean().nullish(),
        })
        .nullish(),
      dataCoding: binary.dataCoding.nullish().describe('Default 0.'),
      esmClass: binary.esmClass.nullish().describe('Default 0.'),
      hex: binary.hex.nullish(),
    })
    .refine(content => content.text != null || content.hex != null, {
      path: ['text'],
      error: 'must not be null',
    })
    .refine(content => content.text == null || content.hex == null, {
      path: ['hex'],
      error: 'must not be given together with text',
    })
    .describe('A `text`, or bytes in `hex`.'),
  options: z
    .object({
      platform: z
        .object({
          entityId: z.string().max(MAX_PLATFORM_ID_LENGTH).nullish(),
          applicationId: z.string().max(MAX_PLATFORM_ID_LENGTH).nullish(),
        })
        .nullish(),
      validityPeriod: z
        .object({
          amount: z.int32().min(1),
          timeUnit: z.enum(['SECONDS', 'MINUTES', 'HOURS']).nullish().describe('Default `MINUTES`.'),
        })
        .nullish()
        .describe('At most 48 hours.'),
      deliveryTimeWindow: deliveryTimeWindow.nullish(),
      campaignReferenceId: campaignReferenceId.nullish(),
      regional: regional.nullish(),
      flash: z.boolean().nullish().describe('Default false.'),
    })
    .nullish(),
  webhooks: z
    .object({
      delivery: z
        .object({
          url: url.nullish(),
          intermediateReport: z.boolean().nullish().describe('Default false.'),
          notify: z.boolean().nullish().describe('`false`: no report is sent.'),
        })
        .nullish(),
      contentType: contentType.nullish(),
      callbackData: callbackData.nullish(),
    })
    .nullish(),
});

export const sendRequest = documented(
  'SmsRequest',
  z.object({
    messages: z.array(message).min(1, NOT_EMPTY),
    options: z
      .object({
        schedule: z
          .object({
            bulkId: bulkId.nullish(),
            sendAt: timestamp.nullish().describe('At most 180 days from now.'),
            sendingSpeedLimit: speedLimit.nullish(),
          })
          .nullish(),
        includeSmsCountInResponse: z.boolean().nullish(),
      })
      .nullish(),
  }),
  [examples.sendRequest, examples.sendBinary],
);

/** What texts and bytes of the older calls have in common. */
const older = {
  destinations: z.array(z.object({ to, messageId: messageId.nullish() })).min(1, NOT_EMPTY),
  from: sender.nullish(),
  flash: z.boolean().nullish().describe('Default false.'),
  intermediateReport: z.boolean().nullish().describe('Default false.'),
  notifyUrl: url.nullish(),
  notifyContentType: contentType.nullish(),
  callbackData: callbackData.nullish(),
  validityPeriod: z.int32().min(1).nullish().describe('Minutes, at most 2880.'),
  sendAt: timestamp.nullish().describe('At most 180 days from now.'),
  deliveryTimeWindow: deliveryTimeWindow.nullish(),
  regional: regional.nullish(),
  entityId: z.string().max(MAX_OLD_PLATFORM_ID_LENGTH).nullish(),
  applicationId: z.string().max(MAX_OLD_PLATFORM_ID_LENGTH).nullish(),
  campaignReferenceId: campaignReferenceId.nullish(),
};

/** What their requests have beside the messages. */
const olderRequest = {
  bulkId: bulkId.nullish(),
  sendingSpeedLimit: speedLimit.nullish(),
  includeSmsCountInResponse: z.boolean().nullish().describe('Default false.'),
};

export const textMessage = z.object({
  ...older,
  text: text.nullish(),
  language: z.object({ languageCode: languageCode.nullish() }).nullish(),
  transliteration: transliteration.nullish(),
});

export const binaryMessage = z.object({
  ...older,
  binary: z.object({
    hex: binary.hex,
    dataCoding: binary.dataCoding.nullish().describe('Default 0.'),
    esmClass: binary.esmClass.nullish().describe('Default 0.'),
  }),
});

export const advancedRequest = documented(
  'SmsAdvancedTextualRequest',
  z.object({ ...olderRequest, messages: z.array(textMessage).min(1, NOT_EMPTY) }),
  [examples.advancedRequest],
);

export const advancedBinaryRequest = documented(
  'SmsAdvancedBinaryRequest',
  z.object({ ...olderRequest, messages: z.array(binaryMessage).min(1, NOT_EMPTY) }),
  [examples.advancedBinary],
);

/** A text in a query, in v3's words or the older ones. */
export const queryMessage = z.object({
  to: z
    .preprocess(
      listed,
      z
        .array(z.string().max(MAX_TO_LENGTH))
        .max(MAX_QUERY_DESTINATIONS, { error: `must have at most ${MAX_QUERY_DESTINATIONS} entries` }),
    )
    .describe(LISTED),
  text: optional(text),
  sender: optional(sender),
  from: optional(sender),
  bulkId: optional(bulkId),
  flash: flag,
  transliteration: optional(transliteration),
  languageCode: optional(languageCode),
  intermediateReport: flag,
  notifyUrl: optional(url),
  notifyContentType: optional(contentType),
  callbackData: optional(callbackData),
  validityPeriod: whole(1, 2 ** 31 - 1).describe('Minutes, at most 2880.'),
  sendAt: instant,
  entityId: optional(z.string().max(MAX_OLD_PLATFORM_ID_LENGTH)),
  applicationId: optional(z.string().max(MAX_OLD_PLATFORM_ID_LENGTH)),
  campaignReferenceId: optional(campaignReferenceId),
  indiaDltPrincipalEntityId: optional(z.string().max(128)),
  indiaDltContentTemplateId: optional(z.string().max(128)),
  indiaDltTelemarketerId: optional(z.string().max(255)),
  includeSmsCountInResponse: flag,
});

/** The oldest form brings its credentials along. They are left out of every log and error. */
export const credentialQuery = queryMessage.extend({
  username: optional(z.string().max(256)),
  password: optional(z.string().max(256)),
});

export type V3Request = z.output<typeof sendRequest>;
export type TextRequest = z.output<typeof advancedRequest>;
export type BinaryRequest = z.output<typeof advancedBinaryRequest>;
export type QueryMessage = z.output<typeof queryMessage>;
