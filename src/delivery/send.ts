import { createHash } from 'node:crypto';

import { checkTemplate } from '../../ivr/index.ts';
import { isNumber } from '../domain/email.ts';
import { beside, newCallRef } from '../domain/ids.ts';
import { parseMsisdn } from '../domain/phone.ts';
import { newPinMaterial } from '../domain/pin.ts';
import { effectiveSettings } from '../domain/profile.ts';
import type {
  ApplicationId,
  CallRef,
  CallScript,
  Delivery,
  E164,
  PinId,
  PinRecord,
  Template,
} from '../domain/types.ts';
import { fieldError, overLimit, ServiceError } from '../errors.ts';
import { background, maskNumber } from '../log.ts';
import { SpeechError } from '../speech/speech.ts';
import type { AddDeliveryResult, CreatePinResult, NewDelivery, NewTimer } from '../store/store.ts';
import type { Context, Route } from './context.ts';
import type { SentPin, VoiceDelivery } from './delivery.ts';
import type { Dialler } from './dial.ts';
import { dialGuard, ringGuard } from './guards.ts';
import { admit, newPin } from './new-pin.ts';
import { makeScript, warmSegments, withPlaceholders } from './script.ts';

type SendRequest = Parameters<VoiceDelivery['sendPin']>[0];
type ResendRequest = Parameters<VoiceDelivery['resendPin']>[0];

/** What a call is made of. */
export interface NewCall {
  readonly ref: CallRef;
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly template: Template;
  readonly placeholders: Readonly<Record<string, string>>;
  readonly to: E164;
  readonly from?: string;
  /** The one to use; absent: whichever the routes give. */
  readonly carrier?: string;
}

/** New PINs and repeats of them: one write, then the call. */
export class Sender {
  readonly #context: Context;
  readonly #dialler: Dialler;

  constructor(context: Context, dialler: Dialler) {
    this.#context = context;
    this.#dialler = dialler;
  }

  async send(request: SendRequest): Promise<SentPin> {
    const { store, security, keyring, random, clock, gate } = this.#context;
    const { application, template, to } = request;
    const { applicationId } = application;
    const settings = effectiveSettings(application, security);
    const material = newPinMaterial({ keyring, random, now: clock.now(), to });
    const { pinId } = material;
    const delivery = this.newDelivery({ ...request, ref: firstCallRef(pinId), pinId, applicationId });
    await admit(gate, {
      pinId,
      applicationId,
      to,
      channel: 'voice',
      carrier: delivery.carrier,
      trigger: 'first',
    });
    const result = await store.createPin({
      opId: random(16).toString('hex'),
      pin: newPin({ material, application, template, to }, this.#context),
      delivery,
      limits: settings.limits,
      supersede: settings.supersede,
      timers: callTimers(delivery),
      events: [],
    });
    const sent = this.#begin(result);
    if (settings.supersede) this.#context.superseded({ applicationId, to });
    return sent;
  }

  /**
   * The same words again: the first call's script, with the placeholders that are given now in place of theirs. Where a
   * text came first, its words are spoken by the template's voice; only when the record of either is gone (retention) do
   * the words come from the template too.
   */
  async resend(request: ResendRequest): Promise<SentPin> {
    const { store, security, random, gate } = this.#context;
    const pin = await store.getPin(request.pinId);
    const application = pin && (await store.getApplication(pin.applicationId));
    if (!pin || !application) throw new ServiceError('notFound');
    const { to, pinId, applicationId } = pin;
    if (!isNumber(to)) throw fieldError('pinId', 'was sent to an e-mail address, not to a number');
    const settings = effectiveSettings(application, security);
    const first = await store.getDelivery(firstCallRef(pin.pinId));
    const route = this.#route(to, applicationId);
    const script = first
      ? withPlaceholders(first.script, request.placeholders)
      : await this.#scriptOf(pin, request);
    this.#checkVoice(script, route);
    const delivery: NewDelivery = {
      callRef: newCallRef(random, pinId),
      pinId,
      applicationId,
      channel: 'voice',
      carrier: route.carrier,
      to,
      from: callerId([first?.from], route),
      script,
    };
    await admit(gate, {
      pinId,
      applicationId,
      to,
      channel: 'voice',
      carrier: route.carrier,
      trigger: 'resend',
    });
    const result = await store.addDelivery({
      opId: random(16).toString('hex'),
      pinId,
      delivery,
      limits: settings.limits,
      timers: callTimers(delivery),
      events: [],
    });
    return this.#begin(result);
  }

  /** A call as it is to be committed. @throws ServiceError badRequest (naming the field), unavailable */
  newDelivery(request: NewCall): NewDelivery {
    const { ref: callRef, pinId, applicationId, to, template } = request;
    const route = this.#route(to, applicationId, request.carrier);
    const script = makeScript({ template, placeholders: request.placeholders, ...this.#context });
    this.#checkVoice(script, route);
    return {
      callRef,
      pinId,
      applicationId,
      channel: 'voice',
      carrier: route.carrier,
      to,
      from: callerId([request.from, template.senderId], route),
      script,
    };
  }

  /** After the commit: the call, and the clips of its message while the phone rings. */
  begin(delivery: Delivery, pin: Pick<PinRecord, 'pinType'>): void {
    const { log, calls, carriers } = this.#context;
    log.info({ ref: delivery.callRef, to: maskNumber(delivery.to) }, 'voice PIN accepted');
    calls.open(delivery.callRef, true);
    this.#dialler.dial(delivery);
    if (carriers.get(delivery.carrier)?.capabilities.media)
      background(log, 'warming clips', this.#warm(delivery.script, pin));
  }

  #begin(result: CreatePinResult | AddDeliveryResult): SentPin {
    if (result.outcome === 'limited') throw overLimit(result);
    if (result.outcome === 'dead') throw new ServiceError('notFound');
    const { delivery, pin } = result;
    this.begin(delivery, pin);
    return { pinId: pin.pinId, to: delivery.to, callRef: delivery.callRef };
  }

  async #warm(script: CallScript, pin: Pick<PinRecord, 'pinType'>): Promise<void> {
    const { speech } = this.#context;
    const { voice } = speech.chooseVoice(script);
    await speech.prewarm(warmSegments(script, pin.pinType), voice);
  }

  async #scriptOf(pin: PinRecord, request: ResendRequest): Promise<CallScript> {
    const { store } = this.#context;
    const template =
      (await store.getTemplate(pin.applicationId, pin.messageId)) ??
      (await store.getRun(pin.pinId))?.words.template;
    if (!template) throw new ServiceError('notFound');
    const first = (await store.getPinMessage(firstCallRef(pin.pinId)))?.content;
    const messageText = first?.channel === 'sms' ? first.text : template.messageText;
    const placeholders = { ...first?.placeholders, ...request.placeholders };
    return makeScript({ template: { ...template, messageText }, placeholders, ...this.#context });
  }

  #route(to: E164, applicationId: ApplicationId, wanted?: string): Route {
    const { route, carriers, log } = this.#context;
    const chosen = route({ to, applicationId, ...(wanted !== undefined && { carrier: wanted }) });
    if (chosen && carriers.has(chosen.carrier)) return chosen;
    log.error({ to: maskNumber(to), carrier: wanted ?? chosen?.carrier }, 'no carrier for a call');
    throw new ServiceError('unavailable');
  }

  /** Better said now than found out while somebody holds the phone. */
  #checkVoice(script: CallScript, route: Route): void {
    const { carriers, speech } = this.#context;
    if (checkTemplate(script.messageText).some(({ id }) => id === 'invalid-ssml')) {
      throw fieldError('messageText', 'is SSML that cannot be spoken');
    }
    // In markup the carrier's own voices speak.
    if (!carriers.get(route.carrier)?.capabilities.media) return;
    try {
      speech.chooseVoice(script);
    } catch (error) {
      if (error instanceof SpeechError && error.reason === 'unsupported-language') {
        throw fieldError('language', 'no voice here speaks this language');
      }
      throw error;
    }
  }
}

/**
 * The first call of a PIN can be found from the PIN alone, which the store cannot otherwise do: a resend repeats its
 * script. One way only: a carrier that sees the reference learns nothing of the pinId.
 */
export function firstCallRef(pinId: PinId): CallRef {
  const hash = createHash('sha256').update(`first call of ${pinId}`).digest('hex').slice(0, 32);
  return beside(pinId, hash) as CallRef;
}

/** The guards that a call is committed with. */
export function callTimers(delivery: NewDelivery): readonly NewTimer[] {
  return [dialGuard(delivery.callRef), ringGuard(delivery.callRef, delivery.script.ringTimeoutSeconds)];
}

/** A template's sender may be a name, which only text messages can show: calls then come from the route's number. */
function callerId(wished: readonly (string | undefined)[], route: Route): string {
  for (const sender of wished) {
    const number = sender === undefined ? undefined : parseMsisdn(sender);
    if (number) return number;
  }
  return route.from;
}
