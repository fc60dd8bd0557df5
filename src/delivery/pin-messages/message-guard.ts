import type { PinMessage } from '../../domain/pin-message.ts';
import type { CallRef } from '../../domain/types.ts';
import type { DueTimer } from '../../store/store.ts';
import { Holding } from '../holding.ts';
import { LAST_LOOK_MS, lookUp } from '../hurry.ts';
import { stillWanted } from '../still-wanted.ts';
import type { TimerOutcome } from '../timers.ts';
import type { Courier, CourierDeps } from './courier.ts';
import { ADOPTION_MS, MAX_TRIES, pinMessageGuardId, sendGuard, sentStep } from './guards.ts';
import { endNow, maskDestination } from './report.ts';

/** Finds out what became of a text or mail that its carrier never confirmed, or never told the end of. */
export class MessageGuard {
  readonly #deps: CourierDeps;
  readonly #courier: Pick<Courier, 'carry' | 'isCarrying'>;
  readonly #holding: Holding;

  constructor(deps: CourierDeps, courier: Pick<Courier, 'carry' | 'isCarrying'>) {
    this.#deps = deps;
    this.#courier = courier;
    this.#holding = new Holding(deps);
  }

  /**
   * Its timer: asks the carrier once more where nobody knows of the message, and writes it off when that did not help either.
   * @param armed what the timer was armed with
   */
  async onTimer(ref: CallRef, armed: DueTimer['data']): Promise<TimerOutcome> {
    const { store, log } = this.#deps;
    if (this.#courier.isCarrying(ref)) return 'keep';
    const message = await store.getPinMessage(ref);
    if (!message || message.state === 'ended') return 'done';
    if (message.state === 'sent') {
      // Confirmed in this very moment: the receipt guard took this one's place.
      if (armed['phase'] === 'send') return 'keep';
      await endNow(this.#deps, message, { cause: 'no-receipt' });
      return 'done';
    }
    // Its carrier is slow; should that node die, this guard comes back after its lease.
    if (await this.#holding.isHeld(pinMessageGuardId(ref))) return 'keep';
    if (await this.#find(message)) return 'keep';
    const run = message.channel === 'sms' ? await store.getRun(message.pinId) : undefined;
    // Its plan has gone on: nobody waits for this text any more, but its receipt is still good news.
    if (run && run.live !== ref) {
      if (armed['reserved'] && (await store.now()) - message.createdAt < ADOPTION_MS) return 'keep';
      await endNow(this.#deps, message, { cause: 'carrier-unknown' });
      return 'done';
    }
    const asked = message.tries - (armed['reserved'] ? 1 : 0);
    if (asked >= MAX_TRIES[message.channel]) {
      await endNow(this.#deps, message, { cause: 'carrier-unknown' });
      return 'done';
    }
    const claimed = await store.claimPinMessage({
      ref,
      expectedTries: message.tries,
      arm: [sendGuard(message.channel, ref, asked + 1)],
    });
    if (!claimed) {
      // A callback or another node was quicker, and owns the timer now.
      if (await stillWanted(store, message)) return 'keep';
      await endNow(this.#deps, message, { cause: 'carrier-unknown' });
      return 'done';
    }
    log.warn({ ref, to: maskDestination(message.to) }, 'no word of a PIN message: sending it once more');
    this.#courier.carry(claimed);
    return 'keep';
  }

  /** Whether still nobody knows if the carrier has a text, its own list included. */
  async isUnclear(message: PinMessage): Promise<boolean> {
    const { state, carrierMessageId } = message;
    if (state !== 'sending' || carrierMessageId !== undefined) return false;
    return !(await this.#find(message, LAST_LOOK_MS));
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
      await store.stepPinMessage(sentStep(ref, found.carrierId));
      adopted?.(name, 'texts');
      return true;
    } catch (error) {
      log.warn({ err: error, ref }, 'the carrier cannot say whether it has a text');
      return false;
    }
  }
}
