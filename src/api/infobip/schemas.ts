import { z } from 'zod';

import { TEMPLATE_LANGUAGES } from '../../domain/template.ts';
import { PIN_TYPES } from '../../domain/types.ts';
import { documented } from '../openapi.ts';
import {
  isReservedPlaceholder,
  MAX_ID_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PLACEHOLDER_LENGTH,
  MAX_PLACEHOLDER_NAME_LENGTH,
  MAX_PLACEHOLDERS,
  MAX_SENDER_LENGTH,
  MAX_TEXT_LENGTH,
  MAX_VOICE_NAME_LENGTH,
} from './decisions.ts';
import * as examples from './examples.ts';

/**
 * Bodies and answers of infobip-api.md 2. Unknown fields are dropped (0.6); null is as good as absent in optional
 * fields (0.8). Rules that go beyond types and lengths are in domain/.
 */

const id = z.string().min(1).max(MAX_ID_LENGTH);
const limitText = z.string().max(32);

const configuration = z.object({
  pinAttempts: z.int32(),
  allowMultiplePinVerifications: z.boolean(),
  pinTimeToLive: limitText,
  verifyPinLimit: limitText,
  sendPinPerApplicationLimit: limitText,
  sendPinPerPhoneNumberLimit: limitText,
});

const configurationRequest = z.object({
  pinAttempts: z.int32().nullish().describe('Tries per PIN. Default 10.'),
  allowMultiplePinVerifications: z.boolean().nullish().describe('Default true.'),
  pinTimeToLive: limitText.nullish().describe('`{timeLength}{ms|s|m|h|d}`, at most 1 year. Default `15m`.'),
  verifyPinLimit: limitText
    .nullish()
    .describe('`{attempts}/{timeLength}{ms|s|m|h|d}` per number, at most 1 day. Default `1/3s`.'),
  sendPinPerApplicationLimit: limitText
    .nullish()
    .describe('Sends per application, at most 1 year. Default `10000/1d`.'),
  sendPinPerPhoneNumberLimit: limitText
    .nullish()
    .describe('Sends per number, at most 1 year. Default `3/1d`.'),
});

export const applicationRequest = documented(
  'ApplicationRequest',
  z.object({
    name: z.string().min(1).max(MAX_NAME_LENGTH),
    enabled: z.boolean().nullish().describe('Default true.'),
    configuration: configurationRequest.nullish(),
  }),
  [examples.applicationRequest],
);

export const applicationAnswer = documented(
  'Application',
  z.object({ applicationId: z.string(), name: z.string(), configuration, enabled: z.boolean() }),
  [examples.application],
);

export const applicationList = z.array(applicationAnswer);

const indiaDlt = z.object({
  principalEntityId: z.string().min(1).max(30),
  contentTemplateId: z.string().max(30).optional(),
  teleMarketerId: z.string().max(255).optional(),
});

/** The same with the nulls that some clients send. */
const indiaDltRequest = z.object({
  principalEntityId: z.string().min(1).max(30),
  contentTemplateId: z.string().max(30).nullish(),
  teleMarketerId: z.string().max(255).nullish(),
});

const messageText = z
  .string()
  .min(1)
  .max(MAX_TEXT_LENGTH)
  .describe('Contains `{{pin}}` at least once; `{{name}}` takes the placeholder of that name.');
const pinType = z.enum(PIN_TYPES);
const language = z.enum(TEMPLATE_LANGUAGES);

const templateOptions = {
  pinLength: z.int32().nullish().describe('1 to 32. Default 4.'),
  language: language.nullish().describe('Default: the language of the service, `en`.'),
  voiceName: z.string().max(MAX_VOICE_NAME_LENGTH).nullish(),
  senderId: z.string().max(MAX_SENDER_LENGTH).nullish(),
  repeatDTMF: z.string().max(16).nullish().describe('Keys that replay the message, e.g. `1#`.'),
  speechRate: z.number().nullish().describe('0.5 to 2; values beyond are clamped when spoken.'),
  regional: z.object({ indiaDlt: indiaDltRequest.nullish() }).nullish(),
};

export const templateRequest = documented(
  'CreateMessageRequest',
  z.object({ messageText, pinType, ...templateOptions }),
  [examples.templateRequest],
);

export const templateUpdate = documented(
  'UpdateMessageRequest',
  z.object({ messageText: messageText.nullish(), pinType: pinType.nullish(), ...templateOptions }),
  [examples.templateUpdate],
);

export const templateAnswer = documented(
  'Message',
  z.object({
    messageId: z.string(),
    applicationId: z.string(),
    pinPlaceholder: z.string(),
    messageText: z.string(),
    pinType,
    pinLength: z.int32(),
    language: language.optional(),
    voiceName: z.string().optional(),
    senderId: z.string().optional(),
    repeatDTMF: z.string().optional(),
    speechRate: z.number().optional(),
    regional: z.object({ indiaDlt: indiaDlt.optional() }).optional(),
  }),
  [examples.template],
);

export const templateList = z.array(templateAnswer);

const placeholders = z
  .record(z.string(), z.string().max(MAX_PLACEHOLDER_LENGTH))
  .refine(values => Object.keys(values).length <= MAX_PLACEHOLDERS, {
    error: `must have at most ${MAX_PLACEHOLDERS} entries`,
  })
  .refine(values => Object.keys(values).every(key => key.length <= MAX_PLACEHOLDER_NAME_LENGTH), {
    error: `must have keys of at most ${MAX_PLACEHOLDER_NAME_LENGTH} characters`,
  })
  .refine(values => Object.keys(values).every(key => key.trim() !== '' && !/[{}]/.test(key)), {
    error: 'must have keys without braces that are not blank',
  })
  .refine(values => !Object.keys(values).some(isReservedPlaceholder), {
    error: 'must not contain the key pin',
  })
  .describe('Values for the placeholders of the message; keys without braces, and never `pin`.');

const sendOptions = {
  placeholders: placeholders.nullish(),
  trackDelivery: z.boolean().nullish().describe('Asks for an `externalMessageId`. Default false.'),
};

export const sendRequest = documented(
  'StartAuthenticationRequest',
  z.object({
    applicationId: id,
    messageId: id,
    to: z.string().min(1).max(MAX_SENDER_LENGTH).describe('International number, with or without a plus.'),
    from: z.string().max(MAX_SENDER_LENGTH).nullish().describe('Overrides the `senderId` of the message.'),
    ...sendOptions,
  }),
  [examples.sendRequest],
);

/** The body may be missing altogether. */
export const resendRequest = documented('ResendPinRequest', z.object(sendOptions), [examples.resendRequest]);

export const sendAnswer = documented(
  'StartAuthenticationResponse',
  z.object({
    pinId: z.string(),
    to: z.string(),
    callStatus: z.string(),
    externalMessageId: z.string().optional(),
  }),
  [examples.sendAnswer],
);

export const verifyRequest = documented('VerifyPinRequest', z.object({ pin: z.string() }), [
  examples.verifyRequest,
]);

export const verifyAnswer = documented(
  'VerifyPinResponse',
  z.object({
    pinId: z.string(),
    msisdn: z.string(),
    verified: z.boolean(),
    attemptsRemaining: z.int32(),
    pinError: z
      .string()
      .optional()
      .describe('`WRONG_PIN`, `TTL_EXPIRED` or `NO_MORE_PIN_ATTEMPTS`; absent when verified.'),
  }),
  [examples.verified, examples.wrongPin],
);

/** A filter that is neither true nor false is no filter: the Node SDK sends `undefined` for what was left out (0.5). */
const filter = z.string().optional().describe('`true` or `false`; anything else does not filter.');

export const verificationsQuery = z.object({ msisdn: z.string().min(1), verified: filter, sent: filter });

export const verificationsAnswer = documented(
  'VerificationResponse',
  z.object({
    verifications: z.array(
      z.object({
        msisdn: z.string(),
        verified: z.boolean(),
        verifiedAt: z.int().optional().describe('UNIX time in milliseconds.'),
        sentAt: z.int().optional().describe('UNIX time in milliseconds.'),
      }),
    ),
  }),
  [examples.verifications],
);

export const applicationParams = z.object({ appId: z.string() });
export const templateParams = z.object({ appId: z.string(), msgId: z.string() });
export const pinParams = z.object({ pinId: z.string() });
