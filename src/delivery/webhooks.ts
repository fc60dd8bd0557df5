import { createHash } from 'node:crypto';

import type {
  CallCarrier,
  CarrierEvent,
  ParsedWebhook,
  RawWebhook,
  WebhookReply,
} from '../carriers/carrier.ts';
import type { Delivery, DeliveryState } from '../domain/types.ts';
import { DELIVERY_STATES } from '../domain/types.ts';
import { ServiceError } from '../errors.ts';
import { background } from '../log.ts';
import type { LiveCall } from './calls.ts';
import type { Context } from './context.ts';
import type { VoiceDelivery } from './delivery.ts';
import { maxDurationSeconds } from './dial.ts';
import { dialGuardId, talkGuard } from './guards.ts';
import type { Markup } from './markup.ts';
import { mediaUrl } from './urls.ts';

type WebhookRequest = Parameters<VoiceDelivery['handleWebhook']>[0];

/** From the answer to the upgrade of the media socket. */
const MEDIA_TOKEN_MS = 60_000;

const NOTHING: WebhookReply = { status: 204 };
const FORBIDDEN: WebhookReply = { status: 403 };
const NOT_FOUND: WebhookReply = { status: 404 };

/** What carriers say about calls, and what they ask. */
export class Webhooks {
  readonly #context: Context;
  readonly #markup: Markup;

  constructor(context: Context, markup: Markup) {
    this.#context = context;
    this.#markup = markup;
  }

  /** Never throws: a store that is away is a 503, which carriers answer with another try or the fallback. */
  async handle(request: WebhookRequest): Promise<WebhookReply> {
    try {
      return await this.#handle(request);
    } catch (error) {
      if (error instanceof ServiceError) return { status: error.status };
      this.#context.log.error({ err: error, ref: request.ref, kind: request.kind }, 'webhook failed');
      return { status: 500 };
    }
  }

  async #handle(request: WebhookRequest): Promise<WebhookReply> {
    const { carriers, store, count, log } = this.#context;
    const carrier = carriers.get(request.carrier);
    if (!carrier) return NOT_FOUND;
    if (!verified(carrier, request.raw)) {
      count('webhook-forged');
      log.warn(
        { ref: request.ref, kind: request.kind, carrier: carrier.name },
        'webhook with a bad signature',
      );
      return FORBIDDEN;
    }
    const parsed = this.#parse(carrier, request.raw);
    const delivery = await store.getDelivery(request.ref);
    if (!delivery || delivery.carrier !== carrier.name) {
      count('webhook-unknown');
      return NOT_FOUND;
    }
    if (delivery.carrierCallId !== undefined && delivery.carrierCallId !== parsed.carrierCallId)
      return this.#stray(carrier, delivery, parsed, request);
    return await this.#apply(carrier, delivery, parsed, request);
  }

  #parse(carrier: CallCarrier, raw: RawWebhook): ParsedWebhook {
    try {
      return carrier.parseWebhook(raw);
    } catch (error) {
      this.#context.count('webhook-malformed');
      throw error;
    }
  }

  async #apply(
    carrier: CallCarrier,
    delivery: Delivery,
    parsed: ParsedWebhook,
    request: WebhookRequest,
  ): Promise<WebhookReply> {
    const { calls, adopted } = this.#context;
    if (delivery.carrierCallId === undefined) adopted?.(carrier.name, 'calls');
    if (delivery.state === 'ended') return this.#over(carrier, request);
    const call = calls.open(delivery.callRef, false);
    call.carrierCallId ??= parsed.carrierCallId;
    for (const event of parsed.events) if (event.type === 'answeredBy') this.#detected(call, event);
    const ended = parsed.events.find(event => event.type === 'ended');
    if (ended) {
      // By markup, the dialogue lies in the record: nobody needs to be waited for.
      const answered = delivery.state === 'answered' || ended.cause === 'completed';
      const talks = carrier.capabilities.media && answered;
      await calls.carrierEnded(call, ended, { talks, delivery });
      return this.#over(carrier, request);
    }
    if (request.kind === 'answer') return await this.#answer(carrier, delivery, call, parsed);
    if (request.kind === 'digits') {
      const current = await this.#reach(delivery, 'answered', parsed.carrierCallId);
      return await this.#markup.digits(carrier, current, call, { parsed, turn: request.query['turn'] });
    }
    if (request.kind === 'machine' && !carrier.capabilities.media)
      await this.#markup.detected(carrier, delivery, call);
    const state = highest(parsed.events);
    if (state) await this.#reach(delivery, state, parsed.carrierCallId);
    return NOTHING;
  }

  /** The carrier wants to know what to do with a call that was answered. Asked twice, it gets one answer. */
  async #answer(
    carrier: CallCarrier,
    delivery: Delivery,
    call: LiveCall,
    parsed: ParsedWebhook,
  ): Promise<WebhookReply> {
    if (call.admitted || call.admittedElsewhere) return carrier.renderScript([{ do: 'hangup' }]);
    call.answer ??= this.#script(carrier, delivery, call, parsed).catch((error: unknown) => {
      call.answer = undefined;
      throw error;
    });
    return await call.answer;
  }

  async #script(
    carrier: CallCarrier,
    delivery: Delivery,
    call: LiveCall,
    parsed: ParsedWebhook,
  ): Promise<WebhookReply> {
    if (!carrier.capabilities.media) {
      const current = await this.#reach(delivery, 'answered', parsed.carrierCallId);
      return await this.#markup.answer(carrier, current, call);
    }
    const { store, random, publicUrl } = this.#context;
    const token = random(16).toString('base64url');
    const [current] = await Promise.all([
      this.#reach(delivery, 'answered', parsed.carrierCallId),
      store.issueMediaToken({
        ref: delivery.callRef,
        tokenHash: tokenHash(token),
        expiresInMs: MEDIA_TOKEN_MS,
      }),
    ]);
    if (current.state === 'ended') return carrier.renderScript([{ do: 'hangup' }]);
    return carrier.renderScript([
      {
        do: 'stream',
        url: mediaUrl(publicUrl, carrier.name, token),
        parameters: { callRef: delivery.callRef },
      },
    ]);
  }

  /** One step up the lattice, if it is one; the record as it then is. */
  async #reach(delivery: Delivery, to: DeliveryState, carrierCallId: string): Promise<Delivery> {
    if (rank(to) <= rank(delivery.state) && delivery.carrierCallId !== undefined) return delivery;
    const ref = delivery.callRef;
    const result = await this.#context.store.transition({
      ref,
      to,
      carrierCallId,
      arm: to === 'answered' ? [talkGuard(ref, maxDurationSeconds(delivery))] : [],
      cancel: [dialGuardId(ref)],
    });
    return result.delivery ?? delivery;
  }

  #detected(call: LiveCall, event: Extract<CarrierEvent, { type: 'answeredBy' }>): void {
    call.answeredBy = { who: event.who, greetingEnded: event.greetingEnded };
    call.session?.answeredBy(event.who, event.greetingEnded);
    // The node with the dialogue, if it is another one, or will be.
    if (!call.session) {
      const { who, greetingEnded } = event;
      this.#context.nodes?.bus.publish({ type: 'answered-by', ref: call.ref, who, greetingEnded });
    }
  }

  /** A second call under one reference, from a lost reply or a crash: the phone must not ring twice. */
  #stray(
    carrier: CallCarrier,
    delivery: Delivery,
    parsed: ParsedWebhook,
    request: WebhookRequest,
  ): WebhookReply {
    const { count, log } = this.#context;
    count('webhook-stray');
    log.warn({ ref: delivery.callRef, kind: request.kind }, 'webhook of a second call');
    if (!parsed.events.some(event => event.type === 'ended'))
      background(log, 'hanging up a second call', carrier.hangup(parsed.carrierCallId));
    return this.#over(carrier, request);
  }

  #over(carrier: CallCarrier, { kind }: WebhookRequest): WebhookReply {
    return kind === 'answer' || kind === 'digits' ? carrier.renderScript([{ do: 'hangup' }]) : NOTHING;
  }
}

/** What the store keeps of a media token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function verified(carrier: CallCarrier, raw: RawWebhook): boolean {
  try {
    return carrier.verifyWebhook(raw);
  } catch {
    return false;
  }
}

function rank(state: DeliveryState): number {
  return DELIVERY_STATES.indexOf(state);
}

function highest(events: readonly CarrierEvent[]): DeliveryState | undefined {
  const states = events.flatMap(event => (event.type === 'answeredBy' ? [] : [event.type]));
  return states.toSorted((a, b) => rank(b) - rank(a))[0];
}
