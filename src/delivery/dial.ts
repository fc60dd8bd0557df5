import type { PlaceCall } from '../carriers/carrier.ts';
import type { CallRef, Delivery } from '../domain/types.ts';
import type { NewTimer } from '../store/store.ts';
import { CarrierError } from '../errors.ts';
import { background, maskNumber } from '../log.ts';
import type { Context } from './context.ts';
import { DIAL_GUARD_MS, dialGuard, dialGuardId, reservedDialGuard, ringGuard } from './guards.ts';
import { Holding, type Held } from './holding.ts';
import { certainlyRefused, hurriedRetryMs, meetTrouble, type FindOnward, type Trouble } from './hurry.ts';
import { Patience } from './patience.ts';
import { webhookUrl } from './urls.ts';
import { Withdrawals, WITHDRAWN } from './withdrawals.ts';

/** Between tries that provably did not reach the carrier. */
const RETRY_MS = [500, 2_000];
/** Beyond our own limit on the call, so that ours fires first. */
const CARRIER_SLACK_SECONDS = 15;
const DEFAULT_MAX_SECONDS = 600;

/** The carrier's own limit on an answered call. */
export function maxDurationSeconds(delivery: Pick<Delivery, 'script'>): number {
  const { callTimeoutMs } = delivery.script;
  return callTimeoutMs === undefined
    ? DEFAULT_MAX_SECONDS
    : Math.ceil(callTimeoutMs / 1000) + CARRIER_SLACK_SECONDS;
}

/**
 * Asks carriers for calls. The delivery is committed as `dialing` before (write-ahead), so whatever happens in here,
 * the dial guard in the store knows that a call may be under way (dial-guard.ts).
 */
export class Dialler {
  readonly #context: Context;
  readonly #onward: FindOnward;
  readonly #inFlight = new Map<CallRef, Promise<void>>();
  readonly #withdrawals: Withdrawals;
  readonly #patience: Patience;
  readonly #holding: Holding;

  /** @param onward what waits behind a call, in the plan of its PIN */
  constructor(context: Context, onward: FindOnward) {
    this.#context = context;
    this.#onward = onward;
    this.#withdrawals = new Withdrawals(context);
    this.#patience = new Patience(context);
    this.#holding = new Holding(context);
  }

  /** Resolves when no carrier is being asked. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#inFlight.values());
  }

  /** Dials in the background. */
  dial(delivery: Delivery): void {
    if (this.#inFlight.has(delivery.callRef)) return;
    const work = this.#dial(delivery).finally(() => this.#inFlight.delete(delivery.callRef));
    this.#inFlight.set(delivery.callRef, work);
    background(this.#context.log, 'dialling', work);
  }

  isDialling(ref: CallRef): boolean {
    return this.#inFlight.has(ref);
  }

  /**
   * Nobody needs this call any more: it is not placed, or hung up, unless somebody has answered it. When this resolves,
   * no carrier will be asked for it (DESIGN decision 6 holds: what was asked for before, its record knows).
   */
  async withdraw(ref: CallRef): Promise<void> {
    await this.#withdrawals.withdraw(ref, this.#inFlight.get(ref));
  }

  /** On another node. */
  heardWithdrawn(ref: CallRef): void {
    this.#withdrawals.heard(ref);
  }

  /** No further tries; those under way go on. */
  stop(): void {
    this.#patience.stop();
  }

  async #dial(delivery: Delivery): Promise<void> {
    const held = this.#holding.begin(dialGuardId(delivery.callRef), DIAL_GUARD_MS);
    try {
      await this.#placeAndRecord(delivery, held);
    } finally {
      held.end();
    }
  }

  async #placeAndRecord(delivery: Delivery, held: Held): Promise<void> {
    const { calls } = this.#context;
    const outcome = await this.#place(delivery, held);
    if (outcome.carrierCallId !== undefined) {
      await this.#record(delivery, outcome.carrierCallId);
      return;
    }
    // It may ring or not: a callback adopts the call, or the dial guard asks again.
    if (outcome.failure === undefined) return;
    const call = calls.get(delivery.callRef) ?? calls.open(delivery.callRef, true);
    await calls.settle(call, outcome.failure);
  }

  async #place(delivery: Delivery, held: Held): Promise<{ carrierCallId?: string; failure?: string }> {
    const { carriers, clock, log } = this.#context;
    const carrier = carriers.get(delivery.carrier);
    if (!carrier) return { failure: 'carrier-missing' };
    const request = this.#request(delivery);
    let ours: Delivery | undefined = delivery;
    let trouble: Trouble<Delivery> | undefined;
    for (let tries = 0; ; tries++) {
      if (this.#withdrawals.has(delivery.callRef)) return { failure: WITHDRAWN };
      ours = await this.#stillOurs(ours, held);
      if (!ours) return {};
      try {
        return await carrier.placeCall(request);
      } catch (error) {
        const known = error instanceof CarrierError;
        log.warn(
          { err: error, ref: delivery.callRef, to: maskNumber(delivery.to), carrier: carrier.name },
          'the carrier did not take the call',
        );
        if (!known) return {};
        const failure = `carrier-${error.reason}`;
        if (!error.retryable && certainlyRefused(error)) return { failure };
        trouble ??= await this.#meet(ours, error, held);
        // Somebody else has it now: a webhook, another node.
        if (!trouble || !error.retryable) return {};
        ours = trouble.record;
        const wait = trouble.hurried
          ? hurriedRetryMs(error, tries, clock.monotonic() - trouble.since)
          : RETRY_MS[tries];
        if (wait === undefined || !(await this.#patience.pause(wait))) return { failure };
        if (trouble.hurried && !(await this.#isStillLive(delivery))) return { failure };
      }
    }
  }

  async #meet(record: Delivery, error: CarrierError, held: Held): Promise<Trouble<Delivery> | undefined> {
    const { callRef: ref, dials, script } = record;
    const reserve = async (timer: NewTimer): Promise<Delivery | undefined> => {
      const arm = [timer, reservedDialGuard(ref), ringGuard(ref, script.ringTimeoutSeconds)];
      const claimed = await this.#context.store.claimRedial({ ref, expectedDials: dials, arm });
      if (claimed) held.renewed();
      return claimed;
    };
    return await meetTrouble({ ...this.#context, onward: this.#onward }, { ref, record, error, reserve });
  }

  /** A slow machine, or another node, may have begun the next step meanwhile. */
  async #isStillLive({ pinId, callRef }: Delivery): Promise<boolean> {
    return pinId !== undefined && (await this.#onward(pinId, callRef)) !== undefined;
  }

  /** After a sleep, or with marks that could not be written, the guard may have fired elsewhere: one of us claims it. */
  async #stillOurs(delivery: Delivery, held: Held): Promise<Delivery | undefined> {
    if (held.isOurs()) return delivery;
    const { callRef: ref, dials, script } = delivery;
    const { store, log } = this.#context;
    const arm = [dialGuard(ref), ringGuard(ref, script.ringTimeoutSeconds)];
    const claimed = await store.claimRedial({ ref, expectedDials: dials, arm });
    if (claimed) held.renewed();
    else log.warn({ ref }, 'another node has taken a call over: not dialling');
    return claimed;
  }

  #request(delivery: Delivery): PlaceCall {
    const { callRef, carrier, script } = delivery;
    const url = (kind: 'answer' | 'status' | 'machine'): string =>
      webhookUrl(this.#context.publicUrl, carrier, callRef, kind);
    return {
      callRef,
      to: delivery.to,
      from: delivery.from,
      answerUrl: url('answer'),
      statusUrl: url('status'),
      machineUrl: url('machine'),
      ringTimeoutSeconds: script.ringTimeoutSeconds,
      maxDurationSeconds: maxDurationSeconds(delivery),
      machineDetection: script.machineDetection,
    };
  }

  async #record(delivery: Delivery, carrierCallId: string): Promise<void> {
    const { store, calls, carriers, log } = this.#context;
    const ref = delivery.callRef;
    const call = calls.get(ref);
    if (call) call.carrierCallId ??= carrierCallId;
    const result = await this.#patience.insist(() =>
      store.transition({ ref, to: 'initiated', carrierCallId, cancel: [dialGuardId(ref)] }),
    );
    if (result.applied || isStillWanted(result.delivery, carrierCallId)) {
      log.info({ ref, to: maskNumber(delivery.to), carrier: delivery.carrier }, 'call placed');
      if (this.#withdrawals.isForsaken(ref) && (await this.#withdrawals.unanswered(ref)))
        await carriers.get(delivery.carrier)?.hangup(carrierCallId);
      return;
    }
    // The record knows another call, or ended without this one: nobody will answer for it.
    log.warn({ ref }, 'the carrier placed a call that nobody needs any more: hanging up');
    await carriers.get(delivery.carrier)?.hangup(carrierCallId);
  }
}

/** The record goes on with this very call, or the carrier has already said how it ended. */
function isStillWanted(delivery: Delivery | undefined, carrierCallId: string): boolean {
  if (delivery?.carrierCallId !== carrierCallId) return false;
  return delivery.state !== 'ended' || delivery.report?.carrierCause !== undefined;
}
