import type { Callbacks } from './callbacks.ts';
import type { SimClock } from './clock.ts';
import type { EventLog } from './events.ts';
import type { Phones } from './phone.ts';
import { newSid } from './random.ts';
import { SMS_REFUSALS, TwilioRestError } from './twilio-errors.ts';
import type { MessageRequest } from './twilio-forms.ts';
import { rfc2822 } from './wire.ts';

export interface MessageDeps {
  readonly accountSid: string;
  readonly clock: SimClock;
  readonly events: EventLog;
  readonly callbacks: Callbacks;
  readonly phones: Phones;
}

export type MessageStatus = 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed';

export interface Message {
  readonly sid: string;
  readonly request: MessageRequest;
  readonly createdAt: Date;
  updatedAt: Date;
  sentAt: Date | undefined;
  status: MessageStatus;
  errorCode: number | undefined;
}

const SENT_MS = 20;
/** 30003 unreachable handset, 30008 unknown error. */
const ERRORS = { undelivered: 30003, failed: 30008 } as const;

/** Text messages and the inboxes that they land in; the newest are kept. */
export class Messages {
  readonly #deps: MessageDeps;
  readonly #limit: number;
  readonly #messages = new Map<string, Message>();

  constructor(deps: MessageDeps, limit: number) {
    this.#deps = deps;
    this.#limit = limit;
  }

  /** @throws TwilioRestError where the phone's behaviour is `refused` */
  send(request: MessageRequest): Message {
    const { smsOutcome, smsDelayMs, smsErrorCode } = this.#deps.phones.get(request.to);
    if (smsOutcome === 'refused') {
      throw new TwilioRestError(SMS_REFUSALS.find(code => code === smsErrorCode) ?? SMS_REFUSALS[0]);
    }
    const now = this.#deps.clock.wall();
    const message: Message = {
      sid: newSid('SM'),
      request,
      createdAt: now,
      updatedAt: now,
      sentAt: undefined,
      status: 'queued',
      errorCode: undefined,
    };
    this.#messages.set(message.sid, message);
    const oldest = this.#messages.keys().next();
    if (this.#messages.size > this.#limit && !oldest.done) this.#messages.delete(oldest.value);
    const enter = (status: MessageStatus): void => {
      if (status === 'undelivered' || status === 'failed') message.errorCode = smsErrorCode ?? ERRORS[status];
      this.#enter(message, status, smsOutcome !== 'silent');
    };
    this.#deps.clock.after(SENT_MS, () => {
      if (smsOutcome === 'failed') return enter('failed');
      enter('sent');
      if (smsOutcome === 'sent') return;
      const final = smsOutcome === 'undelivered' ? 'undelivered' : 'delivered';
      this.#deps.clock.after(smsDelayMs, () => enter(final));
    });
    return message;
  }

  /** Newest first. */
  all(): readonly Message[] {
    return [...this.#messages.values()].toReversed();
  }

  get(sid: string): Message | undefined {
    return this.#messages.get(sid);
  }

  /** What arrived at this number, oldest first. */
  inbox(number: string): readonly Message[] {
    return [...this.#messages.values()].filter(
      message => message.request.to === number && message.status === 'delivered',
    );
  }

  clear(): void {
    this.#messages.clear();
  }

  #enter(message: Message, status: MessageStatus, reported: boolean): void {
    if (!this.#messages.has(message.sid)) return;
    message.status = status;
    message.updatedAt = this.#deps.clock.wall();
    if (status === 'sent') message.sentAt = message.updatedAt;
    const { to, from, statusCallback } = message.request;
    this.#deps.events.emit('message.status', { message: message.sid, to, from, status });
    if (statusCallback === undefined || !reported) return;
    this.#deps.callbacks.send({
      kind: 'message-status',
      subject: message.sid,
      url: statusCallback,
      method: 'POST',
      parameters: {
        AccountSid: this.#deps.accountSid,
        ApiVersion: '2010-04-01',
        From: from,
        MessageSid: message.sid,
        MessageStatus: status,
        SmsSid: message.sid,
        SmsStatus: status,
        To: to,
        ...(message.errorCode !== undefined && { ErrorCode: String(message.errorCode) }),
      },
    });
  }
}

/** GSM 03.38 basic and extension tables; the latter cost two septets. */
const GSM =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const GSM_EXTENDED = '^{}\\[~]|€\f';

/** How many short messages a text takes: 160 or 153 septets each, or 70 or 67 UTF-16 units. */
export function segmentCount(body: string): number {
  const characters = [...body];
  if (characters.every(character => GSM.includes(character) || GSM_EXTENDED.includes(character))) {
    const septets = characters.reduce(
      (sum, character) => sum + (GSM_EXTENDED.includes(character) ? 2 : 1),
      0,
    );
    return septets <= 160 ? 1 : Math.ceil(septets / 153);
  }
  return body.length <= 70 ? 1 : Math.ceil(body.length / 67);
}

/** A text as the phone that got it shows it: see README.md. */
export function inboxJson(message: Message): Record<string, unknown> {
  return {
    id: message.sid,
    from: message.request.from,
    to: message.request.to,
    body: message.request.body,
    receivedAt: message.updatedAt.toISOString(),
  };
}

/** Twilio's JSON of a message (carrier-protocols.md 1.6). */
export function messageJson(message: Message, accountSid: string): Record<string, unknown> {
  const { request, sid, errorCode } = message;
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${sid}`;
  return {
    account_sid: accountSid,
    api_version: '2010-04-01',
    body: request.body,
    date_created: rfc2822(message.createdAt),
    date_sent: message.sentAt ? rfc2822(message.sentAt) : null,
    date_updated: rfc2822(message.updatedAt),
    direction: 'outbound-api',
    error_code: errorCode ?? null,
    error_message: errorCode === undefined ? null : `Error ${errorCode}`,
    from: request.from === '' ? null : request.from,
    messaging_service_sid: request.messagingServiceSid ?? null,
    num_media: '0',
    num_segments: String(segmentCount(request.body)),
    price: null,
    price_unit: 'USD',
    sid,
    status: message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: request.to,
    uri: `${uri}.json`,
  };
}
