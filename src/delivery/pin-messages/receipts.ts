import type { WebhookReply } from '../../carriers/carrier.ts';
import type { MessageCarrier, TextEvent } from '../../carriers/message-carrier.ts';
import type { PinMessage } from '../../domain/pin-message.ts';
import { ServiceError } from '../../errors.ts';
import type { Context } from '../context.ts';
import type { TextWebhook } from '../delivery.ts';
import { receiptGuard } from './guards.ts';
import type { EndMessage } from './report.ts';

const TAKEN: WebhookReply = { status: 204 };

type ReceiptsDeps = Pick<Context, 'store' | 'texts' | 'clock' | 'log' | 'count' | 'adopted'> & {
  readonly ended: EndMessage;
};

/** What carriers say about texts. */
export class Receipts {
  readonly #deps: ReceiptsDeps;

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
  }

  /** Never throws; undefined: not a text of ours. */
  async handle(request: TextWebhook): Promise<WebhookReply | undefined> {
    try {
      return await this.#handle(request);
    } catch (error) {
      if (error instanceof ServiceError) return { status: error.status };
      this.#deps.log.error({ err: error, ref: request.ref, kind: 'text' }, 'webhook failed');
      return { status: 500 };
    }
  }

  async #handle({ carrier: name, ref, raw }: TextWebhook): Promise<WebhookReply | undefined> {
    const { texts, store, count, log } = this.#deps;
    const carrier = texts?.carriers.get(name);
    if (!carrier) return undefined;
    if (!verified(carrier, raw)) {
      count('webhook-forged');
      log.warn({ ref, kind: 'text', carrier: name }, 'webhook with a bad signature');
      return { status: 403 };
    }
    const message = await store.getPinMessage(ref);
    if (message?.carrier !== name) return undefined;
    let parsed: ReturnType<MessageCarrier['parseTextWebhook']>;
    try {
      parsed = carrier.parseTextWebhook(raw);
    } catch (error) {
      count('webhook-malformed');
      throw error;
    }
    const event = final(parsed.events) ?? parsed.events[0];
    const { carrierMessageId } = message;
    if (carrierMessageId !== undefined && carrierMessageId !== parsed.carrierMessageId) {
      count('webhook-stray');
      // The twin of a text whose first reply was lost: it brings the same PIN, so its arrival is good news, and only that.
      if (event?.type !== 'delivered') return TAKEN;
    }
    await this.#apply(message, parsed.carrierMessageId, event);
    return TAKEN;
  }

  async #apply(message: PinMessage, carrierMessageId: string, event: TextEvent | undefined): Promise<void> {
    const { store, clock, ended, adopted } = this.#deps;
    if (message.carrierMessageId === undefined) adopted?.(message.carrier, 'texts');
    if (event === undefined || event.type === 'sent') {
      const { ref } = message;
      // Our own record of it came first, as it mostly does: the step would change nothing.
      if (message.state !== 'sending' && message.carrierMessageId !== undefined) return;
      await store.stepPinMessage({ ref, to: 'sent', carrierMessageId, arm: [receiptGuard(ref)] });
      return;
    }
    const now = clock.now();
    await ended(message, {
      cause: event.type,
      // Carriers' clocks are theirs.
      at: Math.min(now, Math.max(event.at ?? now, message.createdAt)),
      carrierCode: 'carrierCode' in event ? event.carrierCode : undefined,
      carrierMessageId,
    });
  }
}

function final(events: readonly TextEvent[]): TextEvent | undefined {
  return events.find(({ type }) => type !== 'sent');
}

function verified(carrier: MessageCarrier, raw: TextWebhook['raw']): boolean {
  try {
    return carrier.verifyWebhook(raw);
  } catch {
    return false;
  }
}
