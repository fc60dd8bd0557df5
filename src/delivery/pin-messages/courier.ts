import type { NumberContext } from '../../carriers/message-carrier.ts';
import { isWanted } from '../../domain/plan.ts';
import { derivePin } from '../../domain/pin.ts';
import type { PinMessage, PinMessageCause } from '../../domain/pin-message.ts';
import type { CallRef } from '../../domain/types.ts';
import { CarrierError } from '../../errors.ts';
import { background } from '../../log.ts';
import type { VoiceDeliveryDeps } from '../context.ts';
import { certainlyRefused } from '../dial.ts';
import {
  hurriedRetryMs,
  LAST_LOOK_MS,
  lookUp,
  meetTrouble,
  type FindOnward,
  type Trouble,
} from '../hurry.ts';
import { Holding, type Held } from '../holding.ts';
import type { DueTimer, NewTimer } from '../../store/store.ts';
import type { TimerOutcome } from '../timers.ts';
import { webhookUrl } from '../urls.ts';
import { within } from '../within.ts';
import {
  ADOPTION_MS,
  MAX_TRIES,
  pinMessageGuardId,
  receiptGuard,
  reservedGuard,
  sendGuard,
} from './guards.ts';
import { maskDestination, type EndMessage } from './report.ts';
import { emailWords, smsWords } from './words.ts';

/** Between tries of a text that provably did not reach the carrier. */
const RETRY_MS = [500, 1_500];
const RECORD_RETRY_MS = [200, 1_000, 3_000];
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
 * here, the guard in the store knows that it may be under way.
 */
export class Courier {
  readonly #deps: CourierDeps;
  readonly #inFlight = new Map<CallRef, Carrying>();
  readonly #stopping = new AbortController();
  readonly #holding: Holding;

  constructor(deps: CourierDeps) {
    this.#deps = deps;
    const { nodes, clock, log } = deps;
    this.#holding = new Holding({ ...(nodes && { holds: nodes.holds }), clock, log });
  }

  carry(message: PinMessage): Carrying {
    const known = this.#inFlight.get(message.ref);
    if (known) return known;
    const progress: Progress = { reachable: undefined, outcome: 'open' };
    const held = this.#holding.begin(
      pinMessageGuardId(message.ref),
      sendGuard(message.channel, message.ref, message.tries).inMs,
    );
    const work = this.#carry(message, progress, held).finally(() => {
      held.end();
      this.#inFlight.delete(message.ref);
    });
    background(this.#deps.log, 'sending a PIN message', work);
    const carrying = Object.assign(progress, { done: work.catch(() => undefined) });
    this.#inFlight.set(message.ref, carrying);
    return carrying;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#inFlight.values()].map(({ done }) => done));
  }

  /** No further tries; those under way go on. */
  stop(): void {
    this.#stopping.abort();
  }

  /** @param armed what the timer was armed with */
  async guard(ref: CallRef, armed: DueTimer['data']): Promise<TimerOutcome> {
    const { store, log } = this.#deps;
    if (this.#inFlight.has(ref)) return 'keep';
    const message = await store.getPinMessage(ref);
    if (!message || message.state === 'ended') return 'done';
    if (message.state === 'sent') {
      // Confirmed in this very moment: the receipt guard took this one's place.
      if (armed['phase'] === 'send') return 'keep';
      await this.#end(message, { cause: 'no-receipt' });
      return 'done';
    }
    // Its carrier is slow; should that node die, this guard comes back after its lease.
    if (await this.#holding.isHeld(pinMessageGuardId(ref))) return 'keep';
    if (await this.#find(message)) return 'keep';
    const run = message.channel === 'sms' ? await store.getRun(message.pinId) : undefined;
    // Its plan has gone on: nobody waits for this text any more, but its receipt is still good news.
    if (run && run.live !== ref) {
      if (armed['reserved'] && (await store.now()) - message.createdAt < ADOPTION_MS) return 'keep';
      await this.#end(message, { cause: 'carrier-unknown' });
      return 'done';
    }
    const asked = message.tries - (armed['reserved'] ? 1 : 0);
    if (asked >= MAX_TRIES[message.channel]) {
      await this.#end(message, { cause: 'carrier-unknown' });
      return 'done';
    }
    const claimed = await store.claimPinMessage({
      ref,
      expectedTries: message.tries,
      arm: [sendGuard(message.channel, ref, asked + 1)],
    });
    if (!claimed) {
      // A callback or another node was quicker, and owns the timer now.
      if (await this.#isWanted(message)) return 'keep';
      await this.#end(message, { cause: 'carrier-unknown' });
      return 'done';
    }
    log.warn({ ref, to: maskDestination(message.to) }, 'no word of a PIN message: sending it once more');
    this.carry(claimed);
    return 'keep';
  }

  /** Whether still nobody knows if the carrier has a text, its own list included. */
  async isUnclear(message: PinMessage): Promise<boolean> {
    const { state, carrierMessageId } = message;
    if (state !== 'sending' || carrierMessageId !== undefined) return false;
    return !(await this.#find(message, LAST_LOOK_MS));
  }

  async #isWanted({ pinId, createdAt }: PinMessage): Promise<boolean> {
    const pin = await this.#deps.store.getPin(pinId);
    return pin !== undefined && isWanted(pin, createdAt);
  }

  async #carry(message: PinMessage, progress: Progress, held: Held): Promise<void> {
    const { store } = this.#deps;
    const [pin, now] = await Promise.all([store.getPin(message.pinId), store.now()]);
    const wanted = pin && pin.expiresAt > now && isWanted(pin, message.createdAt);
    const code = wanted ? derivePin(this.#deps.keyring, pin) : undefined;
    if (pin === undefined || code === undefined) {
      await this.#end(message, { cause: 'expired' });
      progress.outcome = 'not-sent';
      return;
    }
    progress.reachable = await this.#lookUp(message);
    if (progress.reachable === 'not-reachable') {
      await this.#end(message, { cause: 'unreachable' });
      progress.outcome = 'not-sent';
      return;
    }
    const result = await this.#send(message, { code, validMs: pin.expiresAt - now }, held);
    if (result === 'open') return;
    if ('failure' in result) {
      await this.#end(message, { cause: 'refused', carrierCode: result.carrierCode });
      // Only now: a refusal that could not be written down is tried again.
      progress.outcome = 'not-sent';
      return;
    }
    progress.outcome = 'sent';
    await this.#record(message, result.carrierMessageId);
  }

  /** Undefined: not asked for. */
  async #lookUp({ content, to, ref }: PinMessage): Promise<NumberContext['reachable'] | undefined> {
    if (content.channel !== 'sms' || !content.lookUp) return undefined;
    const { texts, clock, log } = this.#deps;
    if (!texts?.lookup) return 'not-configured';
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
        if (!(await this.#pause(wait))) return 'open';
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

  /** Whether the carrier has a text that it never confirmed. Where it cannot say, the second try is the answer. */
  async #find(
    { ref, channel, carrier: name, to, from, createdAt }: PinMessage,
    withinMs?: number,
  ): Promise<boolean> {
    const { texts, store, clock, log, adopted } = this.#deps;
    const carrier = channel === 'sms' ? texts?.carriers.get(name) : undefined;
    const find = carrier?.findText?.bind(carrier);
    if (!find) return false;
    const wanted = { ref, to, from, since: createdAt };
    try {
      const found = await lookUp(clock, withinMs, signal => find(wanted, signal));
      if (found?.match !== 'one') return false;
      await store.stepPinMessage(recorded(ref, found.carrierId));
      adopted?.(name, 'texts');
      return true;
    } catch (error) {
      log.warn({ err: error, ref }, 'the carrier cannot say whether it has a text');
      return false;
    }
  }

  async #record(message: PinMessage, carrierMessageId: string): Promise<void> {
    const { ref, channel, to, carrier } = message;
    await this.#insist(async () => {
      // A mail server has said all that it will ever say.
      if (channel === 'email') await this.#end(message, { cause: 'accepted', carrierMessageId });
      else await this.#deps.store.stepPinMessage(recorded(ref, carrierMessageId));
    });
    this.#deps.log.info({ ref, to: maskDestination(to), carrier, channel }, 'PIN message sent');
  }

  async #end(
    message: PinMessage,
    end: { cause: PinMessageCause; carrierCode?: string | undefined; carrierMessageId?: string },
  ): Promise<void> {
    await this.#deps.ended(message, { ...end, at: this.#deps.clock.now() });
    if (end.cause !== 'accepted')
      this.#deps.log.info({ ref: message.ref, cause: end.cause }, 'PIN message ended');
  }

  /** An unrecorded text is one that the guard would send again: the store gets some seconds to come back. */
  async #insist(write: () => Promise<void>): Promise<void> {
    for (const wait of RECORD_RETRY_MS) {
      try {
        await write();
        return;
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'a sent PIN message could not be recorded yet');
        if (!(await this.#pause(wait))) break;
      }
    }
    await write();
  }

  /** False: we are stopping. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    return await new Promise<boolean>(resolve => {
      const stop = (): void => {
        timer.cancel();
        resolve(false);
      };
      const timer = this.#deps.clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** The text is with the carrier. */
function recorded(ref: CallRef, carrierMessageId: string) {
  return { ref, to: 'sent', carrierMessageId, arm: [receiptGuard(ref)] } as const;
}
