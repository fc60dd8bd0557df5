import type { PlaceCall } from '../carriers/carrier.ts';
import { isWanted } from '../domain/plan.ts';
import type { CallRef, Delivery } from '../domain/types.ts';
import type { DueTimer, NewTimer } from '../store/store.ts';
import { CarrierError } from '../errors.ts';
import { background, maskNumber } from '../log.ts';
import type { Context } from './context.ts';
import { DIAL_GUARD_MS, dialGuard, dialGuardId, reservedDialGuard, ringGuard } from './guards.ts';
import { Holding, type Held } from './holding.ts';
import { hurriedRetryMs, LAST_LOOK_MS, lookUp, meetTrouble, type FindOnward, type Trouble } from './hurry.ts';
import type { TimerOutcome } from './timers.ts';
import { webhookUrl } from './urls.ts';
import { within } from './within.ts';

/** Between tries that provably did not reach the carrier. */
const RETRY_MS = [500, 2_000];
const RECORD_RETRY_MS = [200, 1_000, 3_000];
/** Beyond our own limit on the call, so that ours fires first. */
const CARRIER_SLACK_SECONDS = 15;
const DEFAULT_MAX_SECONDS = 600;
/** DESIGN decision 6: one dial, and one more after a crash or a lost reply. */
const MAX_DIALS = 2;
/** Where the carrier itself says that it placed none: another crash at the same step must not lose the call. */
const MAX_DIALS_OF_NONE = 6;
/** How long a call that was withdrawn must not be placed by those who have not heard of it yet. */
const WITHDRAWN_MS = 60_000;
/** How long whoever withdraws a call waits for a request for it that is under way. */
const PLACING_MS = 1_000;
const POLL_MS = 50;
const WITHDRAWN = 'withdrawn';
/** Between the carrier's clock and ours; what it adds to the search is known to the store. */
export const CLOCK_SKEW_MS = 10_000;

/** The carrier's own limit on an answered call. */
export function maxDurationSeconds(delivery: Pick<Delivery, 'script'>): number {
  const { callTimeoutMs } = delivery.script;
  return callTimeoutMs === undefined
    ? DEFAULT_MAX_SECONDS
    : Math.ceil(callTimeoutMs / 1000) + CARRIER_SLACK_SECONDS;
}

/** `absent`: the carrier has no list. */
type Placed = 'adopted' | 'none' | 'absent' | 'unclear';

/**
 * Asks carriers for calls. The delivery is committed as `dialing` before (write-ahead), so whatever happens in here,
 * the dial guard in the store knows that a call may be under way.
 */
export class Dialler {
  readonly #context: Context;
  readonly #onward: FindOnward;
  readonly #inFlight = new Map<CallRef, Promise<void>>();
  /** Calls that nobody needs any more, and since when (monotonic), for a minute. */
  readonly #withdrawn = new Map<CallRef, number>();
  readonly #stopping = new AbortController();
  readonly #holding: Holding;

  /** @param onward what waits behind a call, in the plan of its PIN */
  constructor(context: Context, onward: FindOnward) {
    this.#context = context;
    this.#onward = onward;
    const { nodes, clock, log } = context;
    this.#holding = new Holding({ ...(nodes && { holds: nodes.holds }), clock, log });
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

  /**
   * Nobody needs this call any more: it is not placed, or hung up, unless somebody has answered it. When this resolves,
   * no carrier will be asked for it (DESIGN decision 6 holds: what was asked for before, its record knows).
   */
  async withdraw(ref: CallRef): Promise<void> {
    const { clock, log, nodes } = this.#context;
    this.heardWithdrawn(ref);
    nodes?.bus.publish({ type: 'withdrawn', ref });
    const deadline = clock.monotonic() + PLACING_MS;
    await within(clock, PLACING_MS, this.#inFlight.get(ref) ?? Promise.resolve());
    // Another process may be asking right now: its record will know the call in a moment.
    let delivery = await this.#unanswered(ref);
    while (delivery && delivery.carrierCallId === undefined && clock.monotonic() < deadline) {
      await new Promise<void>(resolve => clock.after(POLL_MS, resolve));
      delivery = await this.#unanswered(ref);
    }
    const carrierCallId = delivery?.carrierCallId ?? this.#context.calls.get(ref)?.carrierCallId;
    if (!delivery || carrierCallId === undefined) return;
    log.info({ ref, to: maskNumber(delivery.to) }, 'nobody needs the call any more: hanging up');
    const hangup = this.#context.carriers.get(delivery.carrier)?.hangup(carrierCallId);
    if (hangup) background(log, 'hanging up a call that nobody needs', hangup);
  }

  /** Here or on another node. */
  heardWithdrawn(ref: CallRef): void {
    const { clock } = this.#context;
    this.#withdrawn.set(ref, clock.monotonic());
    clock.after(WITHDRAWN_MS, () => this.#withdrawn.delete(ref));
  }

  async #unanswered(ref: CallRef): Promise<Delivery | undefined> {
    const delivery = await this.#context.store.getDelivery(ref);
    return delivery?.state === 'answered' || delivery?.state === 'ended' ? undefined : delivery;
  }

  /**
   * The dial guard: redials when nobody knows of a call, gives up when that did not help either.
   * @param armed what the timer was armed with
   */
  async guard(ref: CallRef, armed: DueTimer['data']): Promise<TimerOutcome> {
    const { store, calls, log } = this.#context;
    if (this.#inFlight.has(ref)) return 'keep';
    const delivery = await store.getDelivery(ref);
    if (!delivery || delivery.state !== 'dialing' || delivery.carrierCallId !== undefined) return 'done';
    // Its carrier is slow. Should that node die, the mark goes, and this guard comes back after its lease.
    if (await this.#holding.isHeld(dialGuardId(ref))) return 'keep';
    const placed = await this.#find(delivery);
    if (!(await this.#isWanted(delivery))) {
      if (placed === 'adopted') await this.withdraw(ref);
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
    this.dial(claimed);
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
    if (placed === 'adopted') await this.withdraw(ref);
    if (placed === 'none') await calls.settle(calls.open(ref, false), WITHDRAWN);
    return 'done';
  }

  async #isWanted({ pinId, createdAt }: Delivery): Promise<boolean> {
    if (pinId === undefined) return true;
    const pin = await this.#context.store.getPin(pinId);
    return pin !== undefined && isWanted(pin, createdAt);
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

  /** No further tries; those under way go on. */
  stop(): void {
    this.#stopping.abort();
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
      if (this.#withdrawn.has(delivery.callRef)) return { failure: WITHDRAWN };
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
        if (wait === undefined || !(await this.#pause(wait))) return { failure };
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
    const result = await this.#insist(() =>
      store.transition({ ref, to: 'initiated', carrierCallId, cancel: [dialGuardId(ref)] }),
    );
    if (result.applied || isStillWanted(result.delivery, carrierCallId)) {
      log.info({ ref, to: maskNumber(delivery.to), carrier: delivery.carrier }, 'call placed');
      if (this.#isForsaken(ref) && (await this.#unanswered(ref)))
        await carriers.get(delivery.carrier)?.hangup(carrierCallId);
      return;
    }
    // The record knows another call, or ended without this one: nobody will answer for it.
    log.warn({ ref }, 'the carrier placed a call that nobody needs any more: hanging up');
    await carriers.get(delivery.carrier)?.hangup(carrierCallId);
  }

  /** Withdrawn, by somebody who could not wait for a carrier this slow. */
  #isForsaken(ref: CallRef): boolean {
    const since = this.#withdrawn.get(ref);
    return since !== undefined && this.#context.clock.monotonic() - since >= PLACING_MS;
  }

  /** An unrecorded call is one that the guard would dial again: the store gets some seconds to come back. */
  async #insist<Result>(write: () => Promise<Result>): Promise<Result> {
    for (const wait of RECORD_RETRY_MS) {
      try {
        return await write();
      } catch (error) {
        this.#context.log.warn({ err: error }, 'a placed call could not be recorded yet');
        if (!(await this.#pause(wait))) break;
      }
    }
    return await write();
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
      const timer = this.#context.clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** The record goes on with this very call, or the carrier has already said how it ended. */
function isStillWanted(delivery: Delivery | undefined, carrierCallId: string): boolean {
  if (delivery?.carrierCallId !== carrierCallId) return false;
  return delivery.state !== 'ended' || delivery.report?.carrierCause !== undefined;
}

/** The carrier has said no; anything else (5xx, garbage, silence) may have been a yes. */
export function certainlyRefused(error: CarrierError): boolean {
  return ['rejected', 'unauthorized', 'rate-limited'].includes(error.reason);
}
