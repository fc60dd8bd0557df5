import type { PlanChannel } from '../../domain/plan.ts';
import type { E164 } from '../../domain/types.ts';
import type { PinMessaging, ResendPin, SentPin, SentText, VoiceDelivery } from '../delivery.ts';
import type { PinSender } from '../pin-messages/pin-sender.ts';
import { againOver } from './candidates.ts';
import type { Plans, Started } from './plans.ts';

type SendPin = Parameters<VoiceDelivery['sendPin']>[0];
type SendText = Parameters<PinMessaging['sendText']>[0];

/**
 * Sends and repeats of Infobip's face, with the plan of their application. Undefined: there is none, or the PIN is over, for
 * which there is the plain way. All throw what `Plans.start` and `Plans.ask` throw.
 */
export class PlannedSends {
  readonly #plans: Plans;
  readonly #pinSender: PinSender;

  constructor({ plans, pinSender }: { plans: Plans; pinSender: PinSender }) {
    this.#plans = plans;
    this.#pinSender = pinSender;
  }

  async sendPin(request: SendPin): Promise<SentPin | undefined> {
    return this.#sentPin(await this.#start({ ...request, lookUp: true }, 'voice'));
  }

  async resendPin(request: ResendPin): Promise<SentPin | undefined> {
    return this.#sentPin(await this.#again(request, 'voice'));
  }

  async sendText(request: SendText): Promise<SentText | undefined> {
    return await this.#sentText(await this.#start(request, 'sms'));
  }

  async resendText(request: ResendPin): Promise<SentText | undefined> {
    return await this.#sentText(await this.#again(request, 'sms'));
  }

  async #start(request: SendText, channel: PlanChannel): Promise<Started | undefined> {
    const { application, template, to, from, placeholders, lookUp } = request;
    const planned = await this.#plans.planFor(application, template, channel);
    if (!planned) return undefined;
    const words = { template, placeholders, lookUp, ...(from !== undefined && { from }) };
    return await this.#plans.start({ ...planned, application, to, words, origin: 'infobip' });
  }

  async #again({ pinId, placeholders }: ResendPin, channel: PlanChannel): Promise<Started | undefined> {
    return await this.#plans.ask(pinId, {
      trigger: 'resend',
      candidates: againOver(channel),
      placeholders,
    });
  }

  #sentPin(started: Started | undefined): SentPin | undefined {
    if (!started) return undefined;
    this.#plans.handOver(started);
    const { pin, ref } = started;
    return { pinId: pin.pinId, to: pin.to as E164, callRef: ref };
  }

  async #sentText(started: Started | undefined): Promise<SentText | undefined> {
    if (!started) return undefined;
    const { message, pin, ref } = started;
    const { pinId, to } = pin;
    if (message) return await this.#pinSender.sentText(message, pin);
    return { pinId, to: to as E164, ref, sent: false, reachable: undefined, calling: true };
  }
}
