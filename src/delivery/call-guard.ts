import type { CallRef } from '../domain/types.ts';
import { background } from '../log.ts';
import type { LiveCall } from './calls.ts';
import type { Context } from './context.ts';
import type { TimerOutcome } from './timers.ts';

/** Ends calls that nobody else ends: those that no word came of any more, and those that a shutdown leaves. */
export class CallGuard {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Its timer: the end of a call never came (faults.md F18). */
  async onTimer(ref: CallRef, whileRinging: boolean): Promise<TimerOutcome> {
    const { store, calls, log } = this.#context;
    const delivery = await store.getDelivery(ref);
    if (!delivery || delivery.state === 'ended') return 'done';
    // Answered in this very moment: the talk guard took this one's place.
    if (whileRinging && delivery.state === 'answered') return 'keep';
    const call = calls.open(ref, false);
    log.warn({ ref, state: delivery.state }, 'no word of the end of a call');
    if (call.session && !call.session.ended) {
      // Its end writes the call off; should that fail, the lease brings this guard back.
      call.session.end('overtime');
      return 'keep';
    }
    background(log, 'hanging up a forgotten call', this.#hangUp(call));
    await calls.settle(call, 'no-callback');
    return 'done';
  }

  /** At shutdown. */
  cutShort(call: LiveCall): void {
    const { calls, log } = this.#context;
    if (call.session && !call.session.ended) {
      call.session.end('shutdown');
      return;
    }
    background(log, 'hanging up at shutdown', this.#hangUp(call));
    background(log, 'writing a call off', calls.settle(call, 'shutdown'));
  }

  async #hangUp(call: LiveCall): Promise<void> {
    const { store, carriers } = this.#context;
    const delivery = await store.getDelivery(call.ref);
    const carrierCallId = delivery?.carrierCallId ?? call.carrierCallId;
    if (!delivery || carrierCallId === undefined) return;
    await carriers.get(delivery.carrier)?.hangup(carrierCallId);
  }
}
