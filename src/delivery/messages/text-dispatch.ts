import type { MessageCarrier } from '../../carriers/message-carrier.ts';
import type { Message, SmsContent } from '../../domain/message.ts';
import { parseMsisdn } from '../../domain/phone.ts';
import { MAX_VALIDITY_MS } from '../../domain/schedule.ts';
import type { CallRef, E164 } from '../../domain/types.ts';
import { CarrierError } from '../../errors.ts';
import { maskNumber } from '../../log.ts';
import { CLOCK_SKEW_MS } from '../dial-guard.ts';
import { webhookUrl } from '../urls.ts';
import { stallDelay, type MessagingDeps } from './context.ts';

/** Carriers' lists lag behind what they have accepted. */
const LIST_LAG_MS = 5_000;
/** Where a carrier has no list, or it does not settle the matter: how long the first callback may take. */
const ADOPTION_MS = 60_000;
/** Of tries that may have gone out unseen: a carrier without a list is asked once more, and then no more. */
const MAX_UNSEEN = 1;

interface Way {
  readonly carrier: MessageCarrier;
  readonly to: E164;
  readonly from: string;
}

/** Hands claimed text messages to a carrier. */
export class TextDispatch {
  readonly #deps: MessagingDeps;

  constructor(deps: MessagingDeps) {
    this.#deps = deps;
  }

  async send(message: Message): Promise<void> {
    const { store, log, publicUrl } = this.#deps;
    const { ref, tries } = message;
    const way = this.#way(message);
    if (!way) {
      await store.stepMessage({ ref, tries, to: 'done', outcome: failed('carrier-missing') });
      return;
    }
    const { carrier, to, from } = way;
    const validity = message.expiresAt === undefined ? undefined : message.expiresAt - (await store.now());
    try {
      const { carrierMessageId } = await carrier.sendText({
        ref,
        to,
        from,
        text: (message.content as SmsContent).text ?? '',
        statusUrl: webhookUrl(publicUrl, carrier.name, ref as CallRef, 'text'),
        ...(validity !== undefined && { validitySeconds: Math.max(1, Math.ceil(validity / 1000)) }),
      });
      await this.#sent(message, carrier, carrierMessageId);
      log.info({ ref, to: maskNumber(to), carrier: carrier.name }, 'text handed over');
    } catch (error) {
      log.warn(
        { err: error, ref, to: maskNumber(to), carrier: carrier.name },
        'the carrier did not take the text',
      );
      if (!(error instanceof CarrierError)) throw error;
      await this.#refused(message, error);
    }
  }

  /** Nobody knows whether it went out: a crash or a lost reply lies between. */
  async recover(message: Message): Promise<void> {
    const { store, log, adopted } = this.#deps;
    const { ref, tries, stalls = 0, claimedAt = 0 } = message;
    const way = this.#way(message);
    const age = (await store.now()) - claimedAt;
    if (!way || age < LIST_LAG_MS) return;
    const { carrier, to, from } = way;
    const found = await this.#find(way, message, claimedAt);
    if (typeof found === 'object') {
      log.info({ ref, to: maskNumber(to), carrier: carrier.name }, 'found a text that was not confirmed');
      await this.#sent(message, carrier, found.id);
      adopted?.(carrier.name, 'texts');
      return;
    }
    if (found !== 'absent' && age < ADOPTION_MS) return;
    // `absent` is certain; otherwise the text may be out, and the second try is the last.
    const again = found === 'absent' ? stallDelay(stalls) !== undefined : stalls < MAX_UNSEEN;
    if (found === 'unclear' || !again) {
      await store.stepMessage({ ref, tries, to: 'done', outcome: failed('carrier-unknown') });
      return;
    }
    log.warn({ ref, to: maskNumber(to), from: from === '' ? 'none' : 'given' }, 'sending a text once more');
    await store.stepMessage({ ref, tries, to: 'scheduled', outcome: { kind: 'pending' }, refund: true });
  }

  async #find(
    { carrier, to, from }: Way,
    { ref }: Message,
    since: number,
  ): Promise<{ id: string } | 'absent' | 'unclear' | 'no-list'> {
    if (!carrier.findText) return 'no-list';
    const found = await carrier.findText({ ref, to, from, since: since - CLOCK_SKEW_MS });
    if (found.match !== 'one') return found.match === 'none' ? 'absent' : 'unclear';
    const { carrierId: id } = found;
    const known = await this.#deps.store.knowsCarrierId({ carrier: carrier.name, kind: 'text', id });
    return known ? 'absent' : { id };
  }

  async #sent({ ref, tries }: Message, carrier: MessageCarrier, carrierMessageId: string): Promise<void> {
    await this.#deps.store.stepMessage({
      ref,
      tries,
      to: 'sent',
      outcome: { kind: 'enroute' },
      carrier: carrier.name,
      carrierMessageId,
      expiresInMs: MAX_VALIDITY_MS,
    });
  }

  async #refused(message: Message, error: CarrierError): Promise<void> {
    const { ref, tries, stalls = 0 } = message;
    const outcome = failed(error.carrierCode ?? `carrier-${error.reason}`);
    const wait = error.retryable ? stallDelay(stalls) : undefined;
    if (wait !== undefined) {
      const step = { ref, tries, to: 'scheduled', outcome, refund: true, dueInMs: wait } as const;
      await this.#deps.store.stepMessage(step);
    } else if (error.retryable || ['rejected', 'unauthorized'].includes(error.reason)) {
      await this.#deps.store.stepMessage({ ref, tries, to: 'done', outcome });
    }
    // Anything else may have been a yes: it stays `sending` until a callback or the carrier's list tells.
  }

  #way(message: Message): Way | undefined {
    const to = parseMsisdn(message.to);
    const route = to && this.#deps.routeText(to);
    const carrier = route && this.#deps.textCarriers.get(route.carrier);
    if (!to || !carrier) return undefined;
    const from = parseMsisdn(message.from) ?? message.from;
    return { carrier, to, from: from === '' ? route.from : from };
  }
}

function failed(carrierCode: string) {
  return { kind: 'failed', carrierCode } as const;
}
