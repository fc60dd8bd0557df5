import type { NumberContext } from '../../carriers/message-carrier.ts';
import { isWanted } from '../../domain/plan.ts';
import { derivePin } from '../../domain/pin.ts';
import type { PinMessage } from '../../domain/pin-message.ts';
import type { CallRef, PinRecord } from '../../domain/types.ts';
import { CarrierError } from '../../errors.ts';
import { background } from '../../log.ts';
import type { VoiceDeliveryDeps } from '../context.ts';
import { certainlyRefused, hurriedRetryMs, meetTrouble, type FindOnward, type Trouble } from '../hurry.ts';
import { Holding, type Held } from '../holding.ts';
import { Patience } from '../patience.ts';
import type { NewTimer } from '../../store/store.ts';
import { webhookUrl } from '../urls.ts';
import { within } from '../within.ts';
import { MAX_TRIES, pinMessageGuardId, reservedGuard, sendGuard, sentStep } from './guards.ts';
import { endNow, maskDestination, type EndMessage } from './report.ts';
import { emailWords, smsWords } from './words.ts';

/** Between tries of a text that provably did not reach the carrier. */
const RETRY_MS = [500, 1_500];
/** A lookup that takes longer is not waited for: the text goes out. */
const LOOKUP_MS = 2_000;

/** One try, while it is under way and after. */
export interface Carrying {
  readonly reachable: NumberContext['reachable'] | undefined;
  /** `open`: under way, or nobody knows. */
  readonly outcome: 'open' | 'sent' | 'not-sent';
  readonly done: Promise<void>;
}

/** `ended`: writes the end of a message, with what follows from it. `onward`: what waits behind it. */
export type CourierDeps = VoiceDeliveryDeps & { readonly ended: EndMessage; readonly onward: FindOnward };

/** What one process made of a send. `open`: it may have been taken, or is to be tried later: the guard's to find out. */
type Handed =
  | { readonly carrierMessageId: string }
  | { readonly failure: true; readonly carrierCode?: string }
  | 'open';

type Progress = { -readonly [Field in keyof Omit<Carrying, 'done'>]: Carrying[Field] };

/**
 * Hands texts and mails to carriers. A message is committed as `sending` before (write-ahead), so whatever happens in
 * here, the guard in the store knows that it may be under way (message-guard.ts).
 */
export class Courier {
  readonly #deps: CourierDeps;
  readonly #inFlight = new Map<CallRef, Carrying>();
  readonly #patience: Patience;
  readonly #holding: Holding;

  constructor(deps: CourierDeps) {
    this.#deps = deps;
    this.#patience = new Patience(deps);
    this.#holding = new Holding(deps);
  }

  /** @param pin as the write left it that has just made the message; absent: it is read */
  carry(message: PinMessage, pin?: PinRecord): Carrying {
    const known = this.#inFlight.get(message.ref);
    if (known) return known;
    const progress: Progress = { reachable: undefined, outcome: 'open' };
    const held = this.#holding.begin(
      pinMessageGuardId(message.ref),
      sendGuard(message.channel, message.ref, message.tries).inMs,
    );
    const work = this.#carry({ message, pin }, progress, held).finally(() => {
      held.end();
      this.#inFlight.delete(message.ref);
    });
    background(this.#deps.log, 'sending a PIN message', work);
    const carrying = Object.assign(progress, { done: work.catch(() => undefined) });
    this.#inFlight.set(message.ref, carrying);
    return carrying;
  }

  isCarrying(ref: CallRef): boolean {
    return this.#inFlight.has(ref);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#inFlight.values()].map(({ done }) => done));
  }

  /** No further tries; those under way go on. */
  stop(): void {
    this.#patience.stop();
  }

  async #carry(
    { message, pin: fresh }: { message: PinMessage; pin: PinRecord | undefined },
    progress: Progress,
    held: Held,
  ): Promise<void> {
    const [pin, now] = fresh ? [fresh, message.createdAt] : await this.#read(message);
    const wanted = pin && pin.expiresAt > now && isWanted(pin, message.createdAt);
    const code = wanted ? derivePin(this.#deps.keyring, pin) : undefined;
    if (pin === undefined || code === undefined) {
      await endNow(this.#deps, message, { cause: 'expired' });
      progress.outcome = 'not-sent';
      return;
    }
    progress.reachable = await this.#lookUp(message);
    if (progress.reachable === 'not-reachable') {
      await endNow(this.#deps, message, { cause: 'unreachable' });
      progress.outcome = 'not-sent';
      return;
    }
    const result = await this.#send(message, { code, validMs: pin.expiresAt - now }, held);
    if (result === 'open') return;
    if ('failure' in result) {
      await endNow(this.#deps, message, { cause: 'refused', carrierCode: result.carrierCode });
      // Only now: a refusal that could not be written down is tried again.
      progress.outcome = 'not-sent';
      return;
    }
    progress.outcome = 'sent';
    await this.#record(message, result.carrierMessageId);
  }

  async #read({ pinId }: PinMessage): Promise<[PinRecord | undefined, number]> {
    const { store } = this.#deps;
    return await Promise.all([store.getPin(pinId), store.now()]);
  }

  /** Undefined: not asked for. */
  async #lookUp({ content, to, ref }: PinMessage): Promise<NumberContext['reachable'] | undefined> {
    if (content.channel !== 'sms' || !content.lookUp) return undefined;
    const { texts, clock, log } = this.#deps;
    if (!texts?.lookup || texts.lookup.tellsReachability === false) return 'not-configured';
    const abort = new AbortController();
    try {
      const lookup = texts.lookup.lookup(to, abort.signal);
      return await within(clock, LOOKUP_MS, lookup).then(context => context?.reachable ?? 'unknown');
    } catch (error) {
      log.warn({ err: error, ref, to: maskDestination(to) }, 'a number could not be looked up');
      return 'unknown';
    } finally {
      abort.abort();
    }
  }

  async #send(first: PinMessage, pin: { code: string; validMs: number }, held: Held): Promise<Handed> {
    const { log, clock } = this.#deps;
    let message = first;
    let trouble: Trouble<PinMessage> | undefined;
    for (let tries = 0; ; tries++) {
      if (!held.isOurs() && !(await this.#claimAnew(message, held))) return 'open';
      try {
        return await this.#hand(message, pin);
      } catch (error) {
        log.warn(
          { err: error, ref: message.ref, to: maskDestination(message.to), carrier: message.carrier },
          'the carrier did not take a PIN message',
        );
        if (!(error instanceof CarrierError)) return 'open';
        const refusal = {
          failure: true,
          ...(error.carrierCode && { carrierCode: error.carrierCode }),
        } as const;
        if (!error.retryable && certainlyRefused(error)) return refusal;
        trouble ??= await this.#meet(message, error, held);
        // Somebody else has it now: a callback, another node.
        if (!trouble) return 'open';
        message = trouble.record;
        if (!error.retryable) return 'open';
        // A mail is tried again by its guard, in minutes.
        if (message.channel === 'email') return message.tries < MAX_TRIES.email ? 'open' : refusal;
        const wait = trouble.hurried
          ? hurriedRetryMs(error, tries, clock.monotonic() - trouble.since)
          : RETRY_MS[tries];
        if (wait === undefined) return refusal;
        // The next life of the service tries again.
        if (!(await this.#patience.pause(wait))) return 'open';
        if (trouble.hurried && !(await this.#deps.onward(message.pinId, message.ref))) return refusal;
      }
    }
  }

  async #meet(record: PinMessage, error: CarrierError, held: Held): Promise<Trouble<PinMessage> | undefined> {
    const { ref, channel, tries } = record;
    // No plan has mails.
    if (channel !== 'sms') return { since: 0, hurried: false, record };
    const reserve = async (timer: NewTimer): Promise<PinMessage | undefined> => {
      const arm = [timer, reservedGuard(ref)];
      const claimed = await this.#deps.store.claimPinMessage({ ref, expectedTries: tries, arm });
      if (claimed) held.renewed();
      return claimed;
    };
    return await meetTrouble(this.#deps, { ref, record, error, reserve });
  }

  /** After a sleep, or with marks that could not be written, the guard may have fired elsewhere: one of us claims it. */
  async #claimAnew({ ref, channel, tries }: PinMessage, held: Held): Promise<boolean> {
    const { store, log } = this.#deps;
    const arm = [sendGuard(channel, ref, tries + 1)];
    const claimed = await store.claimPinMessage({ ref, expectedTries: tries, arm });
    if (claimed) held.renewed();
    else log.warn({ ref }, 'another node has taken a PIN message over: not sending it');
    return claimed !== undefined;
  }

  async #hand(
    message: PinMessage,
    pin: { code: string; validMs: number },
  ): Promise<{ carrierMessageId: string }> {
    const { texts, mail, publicUrl } = this.#deps;
    const { ref, content, to, from, carrier: name } = message;
    if (content.channel === 'email') {
      if (mail?.carrier.name !== name)
        throw new CarrierError('rejected', { message: 'no such mail carrier' });
      return await mail.carrier.sendMail({ ref, to, from, ...emailWords(content, pin.code) });
    }
    const carrier = texts?.carriers.get(name);
    if (!carrier) throw new CarrierError('rejected', { message: 'no such carrier of texts' });
    return await carrier.sendText({
      ref,
      to,
      from,
      text: smsWords(content, pin.code),
      statusUrl: webhookUrl(publicUrl, name, ref, 'text'),
      // A dead PIN is of no use to anybody.
      validitySeconds: Math.max(1, Math.ceil(pin.validMs / 1_000)),
    });
  }

  async #record(message: PinMessage, carrierMessageId: string): Promise<void> {
    const { ref, channel, to, carrier } = message;
    await this.#patience.insist(async () => {
      // A mail server has said all that it will ever say.
      if (channel === 'email') await endNow(this.#deps, message, { cause: 'accepted', carrierMessageId });
      else await this.#deps.store.stepPinMessage(sentStep(ref, carrierMessageId));
    });
    this.#deps.log.info({ ref, to: maskDestination(to), carrier, channel }, 'PIN message sent');
  }
}
