import { isEmail, isNumber, parseMailbox } from '../../domain/email.ts';
import { newCallRef } from '../../domain/ids.ts';
import { parseMsisdn } from '../../domain/phone.ts';
import { newPinMaterial } from '../../domain/pin.ts';
import type { PinMessage, PinMessageContent } from '../../domain/pin-message.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import type {
  Application,
  Destination,
  E164,
  EmailTemplate,
  PinRecord,
  Template,
} from '../../domain/types.ts';
import { fieldError, overLimit, ServiceError } from '../../errors.ts';
import type { NewPinMessage } from '../../store/pin-message-store.ts';
import type { Context, EmailText, TextRoute } from '../context.ts';
import type { PinMessaging, ResendPin, SentMail, SentText } from '../delivery.ts';
import { admit, newPin } from '../new-pin.ts';
import { firstCallRef } from '../send.ts';
import { within } from '../within.ts';
import type { Courier } from './courier.ts';
import { sendGuard } from './guards.ts';
import { maskDestination } from './report.ts';
import { DEFAULT_EMAIL_TEXT } from './words.ts';

/** How long an answer waits for the carrier's. */
const ANSWER_MS = 5_000;

type SendText = Parameters<PinMessaging['sendText']>[0];
type SendMail = Parameters<PinMessaging['sendMail']>[0];
/** `carrier`: the one to use; absent: whichever the routes give. */
export type NewText = SendText & { readonly carrier?: string };

/** New PINs by SMS and e-mail, and repeats of PINs by them: one write, then the carrier. */
export class PinSender {
  readonly #deps: Context;
  readonly #courier: Courier;

  constructor(deps: Context, courier: Courier) {
    this.#deps = deps;
    this.#courier = courier;
  }

  async sendText(request: SendText): Promise<SentText> {
    const { message, pin } = await this.#create(request, () => this.newText(request));
    return await this.sentText(message, pin);
  }

  /** A text as it is to be committed. @throws ServiceError unavailable */
  newText(request: NewText): Omit<NewPinMessage, 'ref' | 'pinId' | 'applicationId'> {
    const { application, template, to, placeholders, lookUp } = request;
    const route = this.#textRoute(to, application, request.carrier);
    return {
      channel: 'sms',
      carrier: route.carrier,
      to,
      from: textSender([request.from, template.senderId], route),
      content: { channel: 'sms', text: template.messageText, placeholders, lookUp },
    };
  }

  /** The same words again, whichever channel brought them first; with the placeholders that are given now. */
  async resendText(request: ResendPin): Promise<SentText> {
    const { pin, application } = await this.#alive(request);
    const { to } = pin;
    if (!isNumber(to)) throw fieldError('pinId', 'was sent to an e-mail address, not to a number');
    const route = this.#textRoute(to, application);
    const first = await this.#first(pin);
    const template = await this.#deps.store.getTemplate(pin.applicationId, pin.messageId);
    if (!first && !template) throw new ServiceError('notFound');
    const { message } = await this.#add(request, application, {
      channel: 'sms',
      carrier: route.carrier,
      to,
      from: first?.from ?? textSender([template?.senderId], route),
      content: {
        channel: 'sms',
        text: first?.text ?? template?.messageText ?? '',
        placeholders: { ...first?.placeholders, ...request.placeholders },
        lookUp: first?.lookUp ?? true,
      },
    });
    return await this.sentText(message, pin);
  }

  async sendMail(request: SendMail): Promise<SentMail> {
    const { template, to, placeholders } = request;
    const { carrier } = this.#mail();
    const { message, pin } = await this.#create(request, () => ({
      channel: 'email',
      carrier: carrier.name,
      to,
      from: this.#mailSender([request.from, template.from]),
      content: { channel: 'email', ...this.#emailText(template), placeholders },
    }));
    this.#courier.carry(message, pin);
    return { pinId: pin.pinId, to, ref: message.ref };
  }

  async resendMail(request: ResendPin): Promise<SentMail> {
    const { pin, application } = await this.#alive(request);
    const { to } = pin;
    if (!isEmail(to)) throw fieldError('pinId', 'was sent to a number, not to an e-mail address');
    const { carrier } = this.#mail();
    const first = await this.#deps.store.getPinMessage(firstCallRef(pin.pinId));
    const template = await this.#deps.store.getEmailTemplate(pin.applicationId, pin.messageId);
    const words = first?.content ?? (template && { ...this.#emailText(template), placeholders: {} });
    if (!words || !('subject' in words)) throw new ServiceError('notFound');
    const { message } = await this.#add(request, application, {
      channel: 'email',
      carrier: carrier.name,
      to,
      from: first?.from ?? this.#mailSender([template?.from]),
      content: {
        ...words,
        channel: 'email',
        placeholders: { ...words.placeholders, ...request.placeholders },
      },
    });
    this.#courier.carry(message, pin);
    return { pinId: pin.pinId, to, ref: message.ref };
  }

  /**
   * Hands a text over that was committed just now; resolves as `PinMessaging.sendText` does.
   * @param pin as that write left it
   */
  async sentText(message: PinMessage, pin: PinRecord): Promise<SentText> {
    const { pinId } = pin;
    const carrying = this.#courier.carry(message, pin);
    await within(this.#deps.clock, ANSWER_MS, carrying.done);
    return {
      pinId,
      to: message.to as E164,
      ref: message.ref,
      sent: carrying.outcome !== 'not-sent',
      // Still being asked after 5 s: nothing is known.
      reachable: carrying.reachable ?? (looksUp(message.content) ? 'unknown' : undefined),
    };
  }

  async #create(
    request: { application: Application; template: Template | EmailTemplate },
    write: () => Omit<NewPinMessage, 'ref' | 'pinId' | 'applicationId'>,
  ): Promise<{ message: PinMessage; pin: PinRecord }> {
    const { store, security, keyring, random, clock, log, gate } = this.#deps;
    const { application, template } = request;
    const { applicationId } = application;
    const settings = effectiveSettings(application, security);
    const message = write();
    const { to, channel, carrier } = message;
    const material = newPinMaterial({ keyring, random, now: clock.now(), to });
    const { pinId } = material;
    await admit(gate, { pinId, applicationId, to, channel, carrier, trigger: 'first' });
    const ref = firstCallRef(pinId);
    const result = await store.createPinMessage({
      opId: random(16).toString('hex'),
      pin: newPin({ material, application, template, to }, this.#deps),
      message: { ref, pinId, applicationId, ...message },
      limits: settings.limits,
      supersede: settings.supersede,
      timers: [sendGuard(channel, ref, 1)],
      events: [],
    });
    if (result.outcome === 'limited') throw overLimit(result);
    log.info({ ref, to: maskDestination(to), channel }, 'PIN message accepted');
    if (settings.supersede && isNumber(to)) this.#deps.superseded({ applicationId, to });
    return result;
  }

  async #add(
    { pinId }: ResendPin,
    application: Application,
    message: Omit<NewPinMessage, 'ref' | 'pinId' | 'applicationId'>,
  ): Promise<{ message: PinMessage }> {
    const { store, security, random, log, gate } = this.#deps;
    const { applicationId } = application;
    const { to, channel, carrier } = message;
    await admit(gate, { pinId, applicationId, to, channel, carrier, trigger: 'resend' });
    const ref = newCallRef(random, pinId);
    const result = await store.addPinMessage({
      opId: random(16).toString('hex'),
      pinId,
      message: { ref, pinId, applicationId, ...message },
      limits: effectiveSettings(application, security).limits,
      timers: [sendGuard(message.channel, ref, 1)],
      events: [],
    });
    if (result.outcome === 'limited') throw overLimit(result);
    if (result.outcome === 'dead') throw new ServiceError('notFound');
    log.info({ ref, to: maskDestination(message.to), channel: message.channel }, 'PIN message accepted');
    return result;
  }

  async #alive({ pinId }: ResendPin): Promise<{ pin: PinRecord; application: Application }> {
    const { store } = this.#deps;
    const pin = await store.getPin(pinId);
    const application = pin && (await store.getApplication(pin.applicationId));
    if (!pin || !application) throw new ServiceError('notFound');
    return { pin, application };
  }

  /** What was said first, by text or by call; only a text had a sender that another text can have. */
  async #first({ pinId }: PinRecord): Promise<
    | (Pick<Extract<PinMessageContent, { channel: 'sms' }>, 'text' | 'placeholders'> & {
        lookUp?: boolean;
        from?: string;
      })
    | undefined
  > {
    const { store } = this.#deps;
    const ref = firstCallRef(pinId);
    const text = await store.getPinMessage(ref);
    if (text?.content.channel === 'sms') return { ...text.content, from: text.from };
    const call = await store.getDelivery(ref);
    return call && { text: call.script.messageText, placeholders: call.script.placeholders };
  }

  #textRoute(to: E164, { applicationId }: Application, wanted?: string): TextRoute {
    const { texts } = this.#deps;
    const route = texts?.route({ to, applicationId, ...(wanted !== undefined && { carrier: wanted }) });
    if (route && texts?.carriers.has(route.carrier)) return route;
    throw this.#noCarrier(to, wanted ?? route?.carrier);
  }

  #mail(): NonNullable<Context['mail']> {
    const { mail } = this.#deps;
    if (!mail) throw this.#noCarrier(undefined, undefined);
    return mail;
  }

  #mailSender(wished: readonly (string | undefined)[]): string {
    const sender = wished.find(text => text !== undefined && parseMailbox(text) !== undefined);
    return (sender === undefined ? this.#deps.mail?.from : parseMailbox(sender)) ?? '';
  }

  #emailText({ emailTemplateId }: EmailTemplate): EmailText {
    return this.#deps.mail?.templates?.get(emailTemplateId) ?? DEFAULT_EMAIL_TEXT;
  }

  #noCarrier(to: Destination | undefined, carrier: string | undefined): ServiceError {
    this.#deps.log.error({ to: to && maskDestination(to), carrier }, 'no carrier for a PIN message');
    return new ServiceError('unavailable');
  }
}

function looksUp(content: PinMessageContent): boolean {
  return content.channel === 'sms' && content.lookUp;
}

/** A name or a number; carriers that cannot show it use what they have. */
function textSender(wished: readonly (string | undefined)[], route: TextRoute): string {
  const sender = wished.map(text => text?.trim()).find(Boolean);
  return sender === undefined ? route.from : (parseMsisdn(sender) ?? sender);
}
