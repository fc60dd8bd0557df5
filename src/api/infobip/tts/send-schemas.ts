import { z } from 'zod';

import { documented } from '../../openapi.ts';
import { MAX_SENDER_LENGTH, MAX_TEXT_LENGTH, MAX_VOICE_NAME_LENGTH } from '../decisions.ts';
import {
  MAX_BULK_ID_LENGTH,
  MAX_DESTINATIONS,
  MAX_MESSAGE_ID_LENGTH,
  MAX_TO_LENGTH,
  MAX_TRANSFERS,
  MAX_URL_LENGTH,
} from '../shared/decisions.ts';
import { deliveryTimeWindow } from '../shared/delivery-window.ts';
import { dateText } from '../shared/timestamps.ts';
import { MAX_CALLBACK_DATA_LENGTH, MAX_LANGUAGE_LENGTH, MAX_PAUSE_SECONDS } from './decisions.ts';
import * as examples from './examples.ts';

/**
 * Bodies of infobip-api.md 3.2 to 3.4. Unknown fields are dropped (0.6); null is as good as absent in optional fields
 * (0.8), and so is a blank text, as forms send it. What has a registry status is judged in `judge.ts`.
 */

/** In any case, or blank. */
function word(...words: readonly string[]) {
  const allowed = new RegExp(`^\\s*(${words.join('|')})?\\s*$`, 'i');
  return z
    .string()
    .max(16)
    .regex(allowed, { error: `must be one of ${words.join(', ')}` });
}

const to = z.string().max(MAX_TO_LENGTH);

const voice = z.object({
  name: z.string().max(MAX_VOICE_NAME_LENGTH).nullish().describe('E.g. `Joanna`.'),
  gender: word('male', 'female').nullish().describe('`male` or `female`.'),
});

/** What all three forms of a message have in common. */
const spoken = {
  from: z.string().max(MAX_SENDER_LENGTH).nullish().describe('Caller ID. Default: the one of the service.'),
  text: z
    .string()
    .max(MAX_TEXT_LENGTH)
    .nullish()
    .describe('What is said, plain or SSML; a comma is a pause of half a second. This or `audioFileUrl`.'),
  audioFileUrl: z
    .string()
    .max(MAX_URL_LENGTH)
    .nullish()
    .describe('What is played, below 4 MB. This or `text`.'),
  language: z.string().max(MAX_LANGUAGE_LENGTH).nullish().describe('E.g. `en`, `pt-br`. Default `en`.'),
  voice: voice.nullish(),
};

/** @returns whether a message says one thing, and not two at once */
function saysOneThing(message: { text?: string | null; audioFileUrl?: string | null }): boolean {
  return !message.text?.trim() || !message.audioFileUrl?.trim();
}
const ONE_THING = { path: ['audioFileUrl'], error: 'must not be given together with text' };

export const singleRequest = documented(
  'SingleTtsApiRequest',
  z.object({ ...spoken, to }).refine(saysOneThing, ONE_THING),
  [examples.single, examples.singleAudio],
);

export const multiMessage = z
  .object({
    ...spoken,
    to: z
      .array(to)
      .min(1, { error: 'must not be empty' })
      .describe(`At most ${MAX_DESTINATIONS} in one request.`),
  })
  .refine(saysOneThing, ONE_THING);

const destination = z.object({ to, messageId: z.string().max(MAX_MESSAGE_ID_LENGTH).nullish() });

const callTransfer = z.object({
  transferTo: z.string().max(MAX_TO_LENGTH),
  if: z.string().max(16).describe('`dtmf`, compared with `equals`, or `anyDtmf`.'),
  equals: z.string().max(16).nullish(),
  callTransferMaxDuration: z.int32().nullish().describe('Seconds.'),
});

const retry = z.object({
  minPeriod: z
    .int32()
    .min(0)
    .describe('Minutes; rounded up to 1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 960, 1440.'),
  maxPeriod: z.int32().min(0).describe('Minutes; rounded as `minPeriod`.'),
  maxCount: z.int32().min(0).describe('Tries after the first, at most 4.'),
});

const speed = z.object({
  speed: z.int32().min(1),
  timeUnit: word('second', 'minute', 'hour', 'day').nullish().describe('Default `minute`.'),
});

export const advancedMessage = z
  .object({
    ...spoken,
    destinations: z
      .array(destination)
      .min(1, { error: 'must not be empty' })
      .describe(`At most ${MAX_DESTINATIONS} in one request.`),
    speechRate: z.number().nullish().describe('0.5 to 2, drawn into that range. Default 1.'),
    notifyUrl: z.string().max(MAX_URL_LENGTH).nullish().describe('Where the report is sent to.'),
    notifyContentType: z
      .string()
      .max(100)
      .nullish()
      .describe('`application/json` (default) or `application/xml`.'),
    notifyContentVersion: z
      .union([z.literal(1), z.literal(2)], { error: 'must be 1 or 2' })
      .nullish()
      .describe('Default 2.'),
    callbackData: z.string().max(MAX_CALLBACK_DATA_LENGTH).nullish(),
    validityPeriod: z
      .int32()
      .min(1)
      .nullish()
      .describe('Minutes, at most 48 hours; not with `sendingSpeed`.'),
    sendAt: dateText.nullish().describe('At most 180 days from now.'),
    repeatDtmf: z.string().max(64).nullish().describe('Keys that replay the message, e.g. `123`.'),
    maxDtmf: z.int32().min(0).nullish().describe('How many keys are collected.'),
    dtmfTimeout: z.int32().nullish().describe('Seconds. Default 10.'),
    ringTimeout: z.int32().nullish().describe('Seconds. Default 45.'),
    callTimeout: z.int32().nullish().describe('Seconds, the whole call.'),
    callTransfers: z.array(callTransfer).nullish().describe(`At most ${MAX_TRANSFERS}.`),
    pause: z
      .int32()
      .min(0)
      .max(MAX_PAUSE_SECONDS)
      .nullish()
      .describe('Seconds from the answer to the message. Default 0.'),
    retry: retry.nullish(),
    sendingSpeed: speed.nullish(),
    machineDetection: z.string().max(32).nullish().describe('`hangup` or `continue`. Default: none.'),
    deliveryTimeWindow: deliveryTimeWindow.nullish(),
  })
  .refine(saysOneThing, ONE_THING);

export const multiRequest = documented(
  'MultiTtsApiRequest',
  z.object({ messages: z.array(multiMessage).min(1, { error: 'must not be empty' }) }),
  [examples.multi],
);

export const bulkId = z.string().max(MAX_BULK_ID_LENGTH);

export const advancedRequest = documented(
  'AdvancedTtsApiRequest',
  z.object({
    bulkId: bulkId.nullish().describe('Must not be in use.'),
    messages: z.array(advancedMessage).min(1, { error: 'must not be empty' }),
  }),
  [examples.advanced, examples.pin],
);

export type SpokenMessage = Pick<
  z.output<typeof singleRequest>,
  'from' | 'text' | 'audioFileUrl' | 'language' | 'voice'
>;
export type AdvancedMessage = z.output<typeof advancedMessage>;
