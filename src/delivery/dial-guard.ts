import type { CallRef, Delivery } from '../domain/types.ts';
import { maskNumber } from '../log.ts';
import type { DueTimer } from '../store/store.ts';
import type { Context } from './context.ts';
import type { Dialler } from './dial.ts';
import { dialGuard, dialGuardId, ringGuard } from './guards.ts';
import { Holding } from './holding.ts';
import { LAST_LOOK_MS, lookUp } from './hurry.ts';
import { stillWanted } from './still-wanted.ts';
import type { TimerOutcome } from './timers.ts';
import { WITHDRAWN } from './withdrawals.ts';

/** DESIGN decision 6: one dial, and one more after a crash or a lost reply. */
const MAX_DIALS = 2;
/** Where the carrier itself says that it placed none: another crash at the same step must not lose the call. */
const MAX_DIALS_OF_NONE = 6;
/** Between the carrier's clock and ours; what it adds to the search is known to the store. */
export const CLOCK_SKEW_MS = 10_000;

/** `absent`: the carrier has no list. */
type Placed = 'adopted' | 'none' | 'absent' | 'unclear';

/** Finds out what became of a call that its carrier never confirmed. */
export class DialGuard {
  readonly #context: Context;
  readonly #dialler: Pick<Dialler, 'dial' | 'isDialling' | 'withdraw'>;
  readonly #holding: Holding;

  constructor(context: Context, dialler: Pick<Dialler, 'dial' | 'isDialling' | 'withdraw'>) {
    this.#context = context;
    this.#dialler = dialler;
    this.#holding = new Holding(context);
  }

  /**
   * Its timer: redials when nobody knows of a call, gives up when that did not help either.
   * @param armed what the timer was armed with
   */
  async onTimer(ref: CallRef, armed: DueTimer['data']): Promise<TimerOutcome> {
    const { store, calls, log } = this.#context;
    if (this.#dialler.isDialling(ref)) return 'keep';
    const delivery = await store.getDelivery(ref);
    if (!delivery || delivery.state !== 'dialing' || delivery.carrierCallId !== undefined) return 'done';
    // Its carrier is slow. Should that node die, the mark goes, and this guard comes back after its lease.
    if (await this.#holding.isHeld(dialGuardId(ref))) return 'keep';
    const placed = await this.#find(delivery);
    if (!(await stillWanted(store, delivery))) {
      if (placed === 'adopted') await this.#dialler.withdraw(ref);
      else await calls.settle(calls.open(ref, false), WITHDRAWN);
      return 'done';
    }
    if (await this.#isLeftBehind(delivery)) return await this.#leave(ref, placed);
    if (placed === 'adopted') return 'done';
    // Its webhooks will tell which it is, or the ring guard writes it off: the phone must not ring twice.
    if (placed === 'unclear') return 'keep';
    const asked = delivery.dials - (armed['reserved'] ? 1 : 0);
    if (asked >= (placed === 'none' ? MAX_DIALS_OF_NONE : MAX_DIALS)) {
      await calls.settle(calls.open(ref, false), 'carrier-unknown');
      return 'done';
    }
    const claimed = await store.claimRedial({
      ref,
      expectedDials: delivery.dials,
      arm: [dialGuard(ref), ringGuard(ref, delivery.script.ringTimeoutSeconds)],
    });
    // Not claimed: a callback or another node was quicker, and owns the timer now.
    if (!claimed) return 'keep';
    log.warn({ ref, to: maskNumber(delivery.to) }, 'no word of the call: dialling once more');
    this.#context.count('redial');
    calls.open(ref, false);
    this.#dialler.dial(claimed);
    return 'keep';
  }

  /** Whether still nobody knows if the carrier has a call, its own list included. */
  async isUnclear(ref: CallRef): Promise<boolean> {
    const delivery = await this.#context.store.getDelivery(ref);
    if (delivery?.state !== 'dialing' || delivery.carrierCallId !== undefined) return false;
    return (await this.#find(delivery, LAST_LOOK_MS)) !== 'adopted';
  }

  /** The plan of its PIN began it, and has gone on since. */
  async #isLeftBehind({ pinId, callRef }: Delivery): Promise<boolean> {
    const run = pinId && (await this.#context.store.getRun(pinId));
    if (!run || run.live === callRef) return false;
    return run.entries.some(entry => entry.kind === 'started' && entry.ref === callRef);
  }

  /** Not dialled any more. One that the carrier may have is left to its webhooks, or to the ring guard. */
  async #leave(ref: CallRef, placed: Placed): Promise<TimerOutcome> {
    const { calls } = this.#context;
    if (placed === 'adopted') await this.#dialler.withdraw(ref);
    if (placed === 'none') await calls.settle(calls.open(ref, false), WITHDRAWN);
    return 'done';
  }

  /** What the carrier knows of a call that it never confirmed. Where it has no list, the second dial is the answer. */
  async #find(delivery: Delivery, withinMs?: number): Promise<Placed> {
    const { carriers, store, calls, clock, log, adopted } = this.#context;
    const { callRef: ref, carrier: name, to, from, createdAt } = delivery;
    const carrier = carriers.get(name);
    const find = carrier?.findCall?.bind(carrier);
    if (!find) return 'absent';
    const wanted = { ref, to, from, since: createdAt - CLOCK_SKEW_MS };
    try {
      const found = await lookUp(clock, withinMs, signal => find(wanted, signal));
      if (!found) return 'unclear';
      if (found.match !== 'one') return found.match === 'none' ? 'none' : 'unclear';
      const { carrierId } = found;
      if (await store.knowsCarrierId({ carrier: name, kind: 'call', id: carrierId })) return 'none';
      calls.open(ref, false).carrierCallId ??= carrierId;
      await store.transition({ ref, to: 'initiated', carrierCallId: carrierId, cancel: [dialGuardId(ref)] });
      adopted?.(name, 'calls');
      log.info({ ref, to: maskNumber(to), carrier: name }, 'found a call that the carrier had not confirmed');
      return 'adopted';
    } catch (error) {
      log.warn({ err: error, ref }, 'the carrier cannot say whether it placed a call');
      return 'unclear';
    }
  }
}
