import { newCallRef, systemRandom } from '../../src/domain/ids.ts';
import { newPinMaterial, type Keyring } from '../../src/domain/pin.ts';
import { effectivePin, effectiveSettings, type SecuritySettings } from '../../src/domain/profile.ts';
import type { E164, PinRecord } from '../../src/domain/types.ts';
import type { Clock } from '../../src/clock.ts';
import type { PinMessaging, SentPin, VoiceDelivery } from '../../src/delivery/delivery.ts';
import { createVerify, type Verify } from '../../src/delivery/verify.ts';
import { ServiceError } from '../../src/errors.ts';
import type { AddDeliveryResult, CreatePinResult, NewDelivery, Store } from '../../src/store/store.ts';
import { SCRIPT } from './store-fixtures.ts';

type Send = Parameters<VoiceDelivery['sendPin']>[0];
type Resend = Parameters<VoiceDelivery['resendPin']>[0];

/** A delivery that makes real PINs in the store and calls nobody. It remembers what it was asked for. */
export class FakeDelivery implements VoiceDelivery, PinMessaging {
  readonly verify: Verify;
  readonly sends: Send[] = [];
  readonly resends: Resend[] = [];
  /** Thrown by the next send or resend instead of doing it. */
  failure: unknown;
  readonly #deps: { store: Store; keyring: Keyring; security: SecuritySettings; clock: Clock };

  constructor(deps: { store: Store; keyring: Keyring; security: SecuritySettings; clock: Clock }) {
    this.#deps = deps;
    this.verify = createVerify({
      ...deps,
      recent: deps.store,
      random: systemRandom,
      withdraw: async () => undefined,
    });
  }

  async sendPin(request: Send) {
    this.sends.push(request);
    this.#fail();
    const { store, keyring, security, clock } = this.#deps;
    const { application, template, to } = request;
    const settings = effectiveSettings(application, security);
    const material = newPinMaterial({ keyring, random: systemRandom, now: clock.now(), to });
    const { applicationId } = application;
    return sent(
      await store.createPin({
        opId: systemRandom(16).toString('hex'),
        pin: {
          ...material,
          ...effectivePin(template, security),
          applicationId,
          messageId: template.messageId,
          to,
          expiresInMs: settings.ttlMs,
          attemptsAllowed: settings.attempts,
          allowMultiple: settings.allowMultiple,
        },
        delivery: delivery({ pinId: material.pinId, applicationId, to }, template.messageText),
        limits: settings.limits,
        supersede: settings.supersede,
        timers: [],
        events: [],
      }),
    );
  }

  async resendPin(request: Resend) {
    this.resends.push(request);
    this.#fail();
    const { store, security } = this.#deps;
    const pin = await store.getPin(request.pinId);
    const application = pin && (await store.getApplication(pin.applicationId));
    if (!pin || !application) throw new ServiceError('notFound');
    const { limits } = effectiveSettings(application, security);
    return sent(
      await store.addDelivery({
        opId: systemRandom(16).toString('hex'),
        pinId: pin.pinId,
        delivery: delivery(pin, 'again'),
        limits,
        timers: [],
        events: [],
      }),
    );
  }

  /** Texts and mail are tested over the real thing (channels-server.ts). */
  async sendText(): Promise<never> {
    throw new ServiceError('unavailable');
  }

  async resendText(): Promise<never> {
    throw new ServiceError('unavailable');
  }

  async sendMail(): Promise<never> {
    throw new ServiceError('unavailable');
  }

  async resendMail(): Promise<never> {
    throw new ServiceError('unavailable');
  }

  async handleTextWebhook() {
    return undefined;
  }

  async handleWebhook() {
    return { status: 403 };
  }

  async admitMedia() {
    return undefined;
  }

  async start() {}

  async stop() {}

  readonly liveCalls = 0;

  #fail(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

function sent(result: CreatePinResult | AddDeliveryResult): SentPin {
  if (result.outcome === 'limited') {
    throw new ServiceError('tooManyRequests', { retryAfterMs: result.retryAfterMs });
  }
  if (result.outcome === 'dead') throw new ServiceError('notFound');
  return { pinId: result.pin.pinId, to: result.delivery.to, callRef: result.delivery.callRef };
}

function delivery(of: Pick<PinRecord, 'pinId' | 'applicationId' | 'to'>, messageText: string): NewDelivery {
  const { pinId, applicationId, to } = of;
  return {
    callRef: newCallRef(systemRandom, pinId),
    pinId,
    applicationId,
    channel: 'voice',
    carrier: 'fake',
    to: to as E164,
    from: '+41793026700',
    script: { ...SCRIPT, messageText, placeholders: {}, machineDetection: 'off' },
  };
}
