import type { MessageCarrier, TextEvent } from '../../carriers/message-carrier.ts';
import type { RawWebhook, WebhookReply } from '../../carriers/carrier.ts';
import type { Message, Outcome } from '../../domain/message.ts';
import type { CallRef } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { MessageStep } from '../../store/message-store.ts';
import type { MessagingDeps } from './context.ts';

export interface TextWebhookRequest {
  readonly carrier: string;
  readonly ref: CallRef;
  readonly raw: RawWebhook;
}

const NOTHING: WebhookReply = { status: 204 };
const FORBIDDEN: WebhookReply = { status: 403 };

/** What carriers say about texts of bulks. */
export class TextWebhooks {
  readonly #deps: Pick<MessagingDeps, 'store' | 'textCarriers' | 'log' | 'count' | 'adopted'>;

  constructor(deps: Pick<MessagingDeps, 'store' | 'textCarriers' | 'log' | 'count' | 'adopted'>) {
    this.#deps = deps;
  }

  /** Never throws. Undefined: no text of a bulk has this reference. */
  async handle(request: TextWebhookRequest): Promise<WebhookReply | undefined> {
    try {
      return await this.#handle(request);
    } catch (error) {
      if (error instanceof ServiceError) return { status: error.status };
      this.#deps.log.error({ err: error, ref: request.ref }, 'text webhook failed');
      return { status: 500 };
    }
  }

  async #handle({ carrier: name, ref, raw }: TextWebhookRequest): Promise<WebhookReply | undefined> {
    const { store, textCarriers, log, count, adopted } = this.#deps;
    const message = await store.getMessage(ref);
    const carrier = textCarriers.get(name);
    if (message?.channel !== 'sms' || !carrier) return undefined;
    if (!verified(carrier, raw)) {
      count?.('webhook-forged');
      log.warn({ ref, carrier: name }, 'text webhook with a bad signature');
      return FORBIDDEN;
    }
    const { carrierMessageId, events } = carrier.parseTextWebhook(raw);
    if (isStray(message, name, carrierMessageId)) {
      // A second text under one reference, from a lost reply: the record goes by the one that it knows.
      count?.('webhook-stray');
      log.warn({ ref, carrier: name }, 'webhook of a second text');
      return NOTHING;
    }
    if (message.carrierMessageId === undefined) adopted?.(name, 'texts');
    for (const event of events) {
      await store.stepMessage({ ref, ...stepOf(event), carrier: name, carrierMessageId });
    }
    return NOTHING;
  }
}

function isStray(message: Message, carrier: string, id: string): boolean {
  if (message.carrierMessageId === undefined) return false;
  return message.carrierMessageId !== id || message.carrier !== carrier;
}

function stepOf(event: TextEvent): Pick<MessageStep, 'to' | 'outcome'> {
  switch (event.type) {
    case 'sent':
      return { to: 'sent', outcome: { kind: 'waiting-delivery' } };
    case 'delivered':
      return { to: 'done', outcome: { kind: 'delivered' } };
    case 'undelivered':
    case 'failed': {
      const { carrierCode } = event;
      const outcome: Outcome =
        carrierCode === undefined ? { kind: 'failed' } : { kind: 'failed', carrierCode };
      return { to: 'done', outcome };
    }
    default:
      throw new TypeError(`no such event: ${String(event satisfies never)}`);
  }
}

function verified(carrier: MessageCarrier, raw: RawWebhook): boolean {
  try {
    return carrier.verifyWebhook(raw);
  } catch {
    return false;
  }
}
