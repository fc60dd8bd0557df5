import type { Clock } from '../../clock.ts';
import { CarrierError, ServiceError } from '../../errors.ts';
import { type Logger, maskNumber } from '../../log.ts';
import type { RawWebhook } from '../carrier.ts';
import type { MessageCarrier, SendText, TextEvent } from '../message-carrier.ts';
import type { TwilioConfig } from './config.ts';
import { findPlaced } from './find.ts';
import { createTwilioRest, isRecord, refusal } from './rest.ts';
import { verifyTwilioSignature } from './signature.ts';
import { readFields } from './webhook.ts';

/** `MM` is the same message once it holds more than text. */
const MESSAGE_SID = /^(?:SM|MM)[0-9a-fA-F]{32}$/;

const MAX_BODY = 1_600;
const MAX_VALIDITY_SECONDS = 36_000;
/** Twilio's own words for what is refused here, so that either refusal is reported alike. */
const TOO_LONG = '21617';
const EMPTY = '21602';

const NUMBER = /^\+[1-9]\d{5,14}$/;
/** A sender that is a word: eleven letters, digits and spaces at most, one letter at least. */
const WORD = /^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/;
/** Short codes are senders as they are. */
const SHORT_CODE = /^\d{3,8}$/;

/** Twilio as a carrier of texts (carrier-protocols.md 1.6). Check `config` with `twilioConfig` first. */
export function createTwilioTexts(
  config: TwilioConfig,
  deps: { fetch: typeof fetch; log: Logger; clock: Clock },
): MessageCarrier {
  const rest = createTwilioRest(config, deps);

  return {
    name: config.name,

    async sendText(request, signal) {
      const what = 'create message';
      const form = messageForm(request, config);
      const reply = await rest.post({ what, path: '/Messages.json', form, ...(signal ? { signal } : {}) });
      if (reply.status !== 200 && reply.status !== 201) throw refusal(what, reply);
      const sid = isRecord(reply.json) ? reply.json['sid'] : undefined;
      if (typeof sid !== 'string' || !MESSAGE_SID.test(sid)) {
        // It may well arrive: the first callback will tell.
        throw new CarrierError('protocol', { message: `twilio: ${what} answered without a message id` });
      }
      const line = { carrier: config.name, carrierMessageId: sid, to: maskNumber(request.to) };
      deps.log.debug(line, 'text sent');
      return { carrierMessageId: sid };
    },

    async findText({ to, from, since }, signal) {
      const sender = senderOf(from, config)['From'];
      return await findPlaced(rest, 'messages', { to, from: sender, since, ...(signal ? { signal } : {}) });
    },

    verifyWebhook: request => verifyTwilioSignature(config.authToken, request),
    parseTextWebhook,
  };
}

/** The body of `POST Messages.json`. @throws CarrierError rejected, for what Twilio is known to refuse */
function messageForm(request: SendText, config: TwilioConfig): URLSearchParams {
  const length = [...request.text].length;
  if (length === 0 || length > MAX_BODY) {
    throw new CarrierError('rejected', {
      message: `twilio: a text of ${length} characters; 1 to ${MAX_BODY} can be sent`,
      carrierCode: length === 0 ? EMPTY : TOO_LONG,
    });
  }
  const form = new URLSearchParams({
    To: request.to,
    ...senderOf(request.from, config),
    Body: request.text,
    StatusCallback: request.statusUrl,
  });
  if (request.validitySeconds !== undefined) {
    // Rounded down: a text must not arrive after its time.
    const seconds = Math.min(Math.max(1, Math.floor(request.validitySeconds)), MAX_VALIDITY_SECONDS);
    form.set('ValidityPeriod', String(seconds));
  }
  return form;
}

/** The sender as asked for where it can be one; else the service's pool, else the account's number. */
function senderOf(from: string, config: TwilioConfig): Record<string, string> {
  const usable = NUMBER.test(from) || SHORT_CODE.test(from) || (config.wordSenders && WORD.test(from));
  if (usable) return { From: from };
  if (config.messagingServiceSid !== undefined) return { MessagingServiceSid: config.messagingServiceSid };
  return { From: config.from };
}

/** MessageStatus to the event it stands for; undefined: Twilio has it, and nothing happened yet. */
const MESSAGE_STATUS = {
  queued: undefined,
  accepted: undefined,
  scheduled: undefined,
  sending: undefined,
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  // A PIN of which a part is missing is not delivered.
  partially_delivered: 'undelivered',
  undelivered: 'undelivered',
  failed: 'failed',
  canceled: 'failed',
} as const satisfies Record<string, TextEvent['type'] | undefined>;

/**
 * A status callback of a text. Callbacks overtake each other: `sent` after `delivered` is not a step back.
 * RawDlrDoneDate is left out: it counts in minutes, so the time of arrival is the better one.
 */
function parseTextWebhook(request: RawWebhook): {
  carrierMessageId: string;
  events: readonly TextEvent[];
} {
  const fields = readFields(request);
  const carrierMessageId = fields.get('MessageSid') ?? '';
  const status = fields.get('MessageStatus') ?? '';
  if (!MESSAGE_SID.test(carrierMessageId) || !isMessageStatus(status)) throw new ServiceError('badRequest');
  const type = MESSAGE_STATUS[status];
  if (type === undefined) return { carrierMessageId, events: [] };
  if (type === 'sent' || type === 'delivered')
    return { carrierMessageId, events: [{ carrierMessageId, type }] };
  const code = fields.get('ErrorCode') ?? '';
  const reason = /^\d{1,6}$/.test(code) && Number(code) > 0 ? { carrierCode: code } : {};
  return { carrierMessageId, events: [{ carrierMessageId, type, ...reason }] };
}

function isMessageStatus(status: string): status is keyof typeof MESSAGE_STATUS {
  return Object.hasOwn(MESSAGE_STATUS, status);
}
