import { z } from 'zod';

import { TEMPLATE_LANGUAGES } from '../../domain/template.ts';
import { PIN_TYPES } from '../../domain/types.ts';
import { documented } from '../openapi.ts';
import {
  isReservedPlaceholder,
  MAX_ID_LENGTH,
  MAX_LANDING_PAGE_ID_LENGTH,
  MAX_MAILBOX_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PLACEHOLDER_LENGTH,
  MAX_PLACEHOLDER_NAME_LENGTH,
  MAX_PLACEHOLDERS,
  MAX_SENDER_LENGTH,
  MAX_TEXT_LENGTH,
  MAX_VOICE_NAME_LENGTH,
  NC_STATUS,
  SMS_STATUS,
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
    ncStatus: z.enum(Object.values(NC_STATUS)).optional().describe('What the number lookup said. SMS only.'),
    smsStatus: z.enum(Object.values(SMS_STATUS)).optional(),
    callStatus: z.string().optional(),
    externalMessageId: z.string().optional(),
  }),
  [examples.sendAnswer, examples.textAnswer],
);

/** Clients send `undefined` for what was left out (0.5), and a name twice is still a name. */
export const sendQuery = z.object({
  ncNeeded: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('`false`: no number lookup before the SMS. Anything else is the default, true.'),
});

const mailbox = z
  .string()
  .max(MAX_MAILBOX_LENGTH)
  .nullish()
  .describe('`company@example.com` or `Jane Smith <jane.smith@example.com>`.');
const landingPagePlaceholders = placeholders.nullish();

const emailTemplateOptions = {
  from: mailbox,
  pinLength: z.int32().nullish().describe('1 to 32. Default 4.'),
  pinType: pinType.nullish().describe('Default NUMERIC.'),
  landingPageId: z
    .string()
    .max(MAX_LANDING_PAGE_ID_LENGTH)
    .nullish()
    .describe('Kept; there are no landing pages.'),
};

export const emailTemplateRequest = documented(
  'CreateEmailMessageRequest',
  z.object({
    emailTemplateId: z.int().describe('Which words of `email.templates` in the configuration it has.'),
    ...emailTemplateOptions,
  }),
  [examples.emailTemplateRequest],
);

export const emailTemplateUpdate = documented(
  'UpdateEmailMessageRequest',
  z.object({ emailTemplateId: z.int().nullish(), ...emailTemplateOptions }),
  [examples.emailTemplateUpdate],
);

export const emailTemplateAnswer = documented(
  'EmailMessage',
  z.object({
    messageId: z.string(),
    applicationId: z.string(),
    pinLength: z.int32(),
    pinType,
    from: z.string().optional(),
    emailTemplateId: z.int(),
    landingPageId: z.string().optional(),
  }),
  [examples.emailTemplate],
);

export const anyTemplate = z.union([templateAnswer, emailTemplateAnswer]);
export const templateList = z.array(anyTemplate);

export const emailSendRequest = documented(
  'StartEmailAuthenticationRequest',
  z.object({
    applicationId: id,
    messageId: id,
    to: z.string().min(1).max(MAX_MAILBOX_LENGTH).describe('E-mail address.'),
    from: mailbox,
    placeholders: placeholders.nullish(),
    landingPagePlaceholders,
  }),
  [examples.emailSendRequest],
);

export const emailResendRequest = documented(
  'ResendPinRequestViaEmail',
  z.object({ placeholders: placeholders.nullish(), landingPagePlaceholders }),
  [examples.emailResendRequest],
);

export const emailSendAnswer = documented(
  'StartEmailAuthenticationResponse',
  z.object({
    pinId: z.string(),
    to: z.string(),
    emailStatus: z.object({ name: z.string(), description: z.string() }),
  }),
  [examples.emailSendAnswer],
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
