import type { CallRef, Delivery } from '../domain/types.ts';
import { background, maskNumber } from '../log.ts';
import type { Context } from './context.ts';
import { within } from './within.ts';

/** Cause of the end of a call that nobody needed any more and no carrier has. */
export const WITHDRAWN = 'withdrawn';
/** How long a call that was withdrawn must not be placed by those who have not heard of it yet. */
const WITHDRAWN_MS = 60_000;
/** How long whoever withdraws a call waits for a request for it that is under way. */
const PLACING_MS = 1_000;
const POLL_MS = 50;

/** Calls that nobody needs any more. */
export class Withdrawals {
  readonly #context: Context;
  /** Since when (monotonic), for a minute. */
  readonly #withdrawn = new Map<CallRef, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param placing a request for the call that is under way here: see `Dialler.withdraw` */
  async withdraw(ref: CallRef, placing: Promise<void> = Promise.resolve()): Promise<void> {
    const { clock, log, nodes } = this.#context;
    this.heard(ref);
    nodes?.bus.publish({ type: 'withdrawn', ref });
    const deadline = clock.monotonic() + PLACING_MS;
    await within(clock, PLACING_MS, placing);
    // Another process may be asking right now: its record will know the call in a moment.
    let delivery = await this.unanswered(ref);
    while (delivery && delivery.carrierCallId === undefined && clock.monotonic() < deadline) {
      await new Promise<void>(resolve => clock.after(POLL_MS, resolve));
      delivery = await this.unanswered(ref);
    }
    const carrierCallId = delivery?.carrierCallId ?? this.#context.calls.get(ref)?.carrierCallId;
    if (!delivery || carrierCallId === undefined) return;
    log.info({ ref, to: maskNumber(delivery.to) }, 'nobody needs the call any more: hanging up');
    const hangup = this.#context.carriers.get(delivery.carrier)?.hangup(carrierCallId);
    if (hangup) background(log, 'hanging up a call that nobody needs', hangup);
  }

  /** Here or on another node. */
  heard(ref: CallRef): void {
    const { clock } = this.#context;
    this.#withdrawn.set(ref, clock.monotonic());
    clock.after(WITHDRAWN_MS, () => this.#withdrawn.delete(ref));
  }

  has(ref: CallRef): boolean {
    return this.#withdrawn.has(ref);
  }

  /** Withdrawn, by somebody who could not wait for a carrier this slow. */
  isForsaken(ref: CallRef): boolean {
    const since = this.#withdrawn.get(ref);
    return since !== undefined && this.#context.clock.monotonic() - since >= PLACING_MS;
  }

  /** Undefined: somebody is on the phone, or it is over. */
  async unanswered(ref: CallRef): Promise<Delivery | undefined> {
    const delivery = await this.#context.store.getDelivery(ref);
    return delivery?.state === 'answered' || delivery?.state === 'ended' ? undefined : delivery;
  }
}
