import { createHash } from 'node:crypto';

import { isNumber } from '../domain/email.ts';
import { beside, newCallRef } from '../domain/ids.ts';
import { parseMsisdn } from '../domain/phone.ts';
import { newPinMaterial } from '../domain/pin.ts';
import { effectivePin, effectiveSettings } from '../domain/profile.ts';
import type { Application, CallRef, CallScript, E164, PinId, PinRecord } from '../domain/types.ts';
import { fieldError, ServiceError } from '../errors.ts';
import { background, maskNumber } from '../log.ts';
import { SpeechError } from '../speech/speech.ts';
import type { AddDeliveryResult, CreatePinResult, NewDelivery } from '../store/store.ts';
import type { Context, Route } from './context.ts';
import type { SentPin, VoiceDelivery } from './delivery.ts';
import type { Dialler } from './dial.ts';
import { dialGuard, ringGuard } from './guards.ts';
import { makeScript, warmSegments, withPlaceholders } from './script.ts';

type SendRequest = Parameters<VoiceDelivery['sendPin']>[0];
type ResendRequest = Parameters<VoiceDelivery['resendPin']>[0];

/** New PINs and repeats of them: one write, then the call. */
export class Sender {
  readonly #context: Context;
  readonly #dialler: Dialler;

  constructor(context: Context, dialler: Dialler) {
    this.#context = context;
    this.#dialler = dialler;
  }

  async send(request: SendRequest): Promise<SentPin> {
    const { store, security, keyring, random, clock } = this.#context;
    const { application, template, to } = request;
    const settings = effectiveSettings(application, security);
    const route = this.#route(to, application);
    const script = makeScript({ template, placeholders: request.placeholders, ...this.#context });
    this.#checkVoice(script, route);
    const { pinId, seed, keyId, step } = newPinMaterial({ keyring, random, now: clock.now(), to });
    const pin = effectivePin(template, security);
    const delivery: NewDelivery = {
      callRef: firstCallRef(pinId),
      pinId,
      applicationId: application.applicationId,
      channel: 'voice',
      carrier: route.carrier,
      to,
      from: callerId([request.from, template.senderId], route),
      script,
    };
    const result = await store.createPin({
      opId: random(16).toString('hex'),
      pin: {
        pinId,
        applicationId: application.applicationId,
        messageId: template.messageId,
        to,
        ...pin,
        seed,
        keyId,
        step,
        expiresInMs: settings.ttlMs,
        attemptsAllowed: settings.attempts,
        allowMultiple: settings.allowMultiple,
      },
      delivery,
      limits: settings.limits,
      supersede: settings.supersede,
      timers: timersOf(delivery),
      events: [],
    });
    return this.#begin(result);
  }

  /**
   * The same words again: the first call's script, with the placeholders that are given now in place of theirs. Where a
   * text came first, its words are spoken by the template's voice; only when the record of either is gone (retention) do
   * the words come from the template too.
   */
  async resend(request: ResendRequest): Promise<SentPin> {
    const { store, security, random } = this.#context;
    const pin = await store.getPin(request.pinId);
    const application = pin && (await store.getApplication(pin.applicationId));
    if (!pin || !application) throw new ServiceError('notFound');
    const { to } = pin;
    if (!isNumber(to)) throw fieldError('pinId', 'was sent to an e-mail address, not to a number');
    const settings = effectiveSettings(application, security);
    const first = await store.getDelivery(firstCallRef(pin.pinId));
    const route = this.#route(to, application);
    const script = first
      ? withPlaceholders(first.script, request.placeholders)
      : await this.#scriptOf(pin, request);
    this.#checkVoice(script, route);
    const delivery: NewDelivery = {
      callRef: newCallRef(random, pin.pinId),
      pinId: pin.pinId,
      applicationId: pin.applicationId,
      channel: 'voice',
      carrier: route.carrier,
      to,
      from: callerId([first?.from], route),
      script,
    };
    const result = await store.addDelivery({
      opId: random(16).toString('hex'),
      pinId: pin.pinId,
      delivery,
      limits: settings.limits,
      timers: timersOf(delivery),
      events: [],
    });
    return this.#begin(result);
  }

  /** After the commit: the call, and the clips of its message while the phone rings. */
  #begin(result: CreatePinResult | AddDeliveryResult): SentPin {
    const { log, calls, carriers } = this.#context;
    if (result.outcome === 'limited')
      throw new ServiceError('tooManyRequests', { retryAfterMs: result.retryAfterMs });
    if (result.outcome === 'dead') throw new ServiceError('notFound');
    const { delivery, pin } = result;
    log.info({ ref: delivery.callRef, to: maskNumber(delivery.to) }, 'voice PIN accepted');
    calls.open(delivery.callRef, true);
    this.#dialler.dial(delivery);
    if (carriers.get(delivery.carrier)?.capabilities.media)
      background(log, 'warming clips', this.#warm(delivery.script, pin));
    return { pinId: pin.pinId, to: delivery.to, delivery };
  }

  async #warm(script: CallScript, pin: PinRecord): Promise<void> {
    const { speech } = this.#context;
    const { voice } = speech.chooseVoice(script);
    await speech.prewarm(warmSegments(script, pin.pinType), voice);
  }

  async #scriptOf(pin: PinRecord, request: ResendRequest): Promise<CallScript> {
    const { store } = this.#context;
    const template = await store.getTemplate(pin.applicationId, pin.messageId);
    if (!template) throw new ServiceError('notFound');
    const first = (await store.getPinMessage(firstCallRef(pin.pinId)))?.content;
    const messageText = first?.channel === 'sms' ? first.text : template.messageText;
    const placeholders = { ...first?.placeholders, ...request.placeholders };
    return makeScript({ template: { ...template, messageText }, placeholders, ...this.#context });
  }

  #route(to: E164, application: Application): Route {
    const { route, carriers, log } = this.#context;
    const chosen = route({ to, applicationId: application.applicationId });
    if (chosen && carriers.has(chosen.carrier)) return chosen;
    log.error({ to: maskNumber(to), carrier: chosen?.carrier }, 'no carrier for a call');
    throw new ServiceError('unavailable');
  }

  /** Better said now than found out while somebody holds the phone. */
  #checkVoice(script: CallScript, route: Route): void {
    const { carriers, speech } = this.#context;
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

function timersOf(delivery: NewDelivery) {
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
