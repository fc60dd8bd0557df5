import type { WebhookReply } from '../carriers/carrier.ts';
import type { Clock, Timer } from '../clock.ts';
import type { CallRef, CallReport, Delivery } from '../domain/types.ts';
import { background, type Logger } from '../log.ts';
import type { CallSession, SessionReport } from '../media/call-session.ts';
import type { MessageStep } from '../store/message-store.ts';
import type { NewEvent, Store } from '../store/store.ts';
import type { FollowUp } from './plans/follow.ts';
import type { NodeBus } from './node-bus.ts';
import { callReport, type EndedEvent } from './report.ts';
import { callGuardId, dialGuardId } from './guards.ts';

/** The carrier's word and the dialogue's report come apart: the first waits this long for the second. */
const CARRIER_END_WAIT_MS = 5_000;
/** A carrier that says "completed" while the socket still talks: the socket's own end is usually on its way. */
const SOCKET_END_WAIT_MS = 1_000;
/**
 * For the node with the dialogue to write the call off with both words. It takes its second, and the write its tries; one
 * that says nothing for so long is dead.
 */
const ELSEWHERE_WAIT_MS = 8_000;
/** The last one again and again: until the call guard writes it off, nobody else knows how it ended. */
const WRITE_RETRIES_MS = [500, 2_000, 5_000];

/** What this process knows of a call that is not written off yet. Lost with the process; the guards then write it off. */
export interface LiveCall {
  readonly ref: CallRef;
  /** Dialled in this life of the process: it would know if a dialogue had begun, were there no other nodes. */
  readonly ours: boolean;
  /** A dialogue was begun: something may have been heard. */
  spoken: boolean;
  session: CallSession | undefined;
  /** Machine detection that came before the dialogue. */
  answeredBy: { who: 'human' | 'machine' | 'unknown'; greetingEnded: boolean } | undefined;
  /** The answer to the answer webhook, for its repeats, until its token is redeemed. */
  answer: Promise<WebhookReply> | undefined;
  admitted: boolean;
  /** Another node has begun the dialogue. */
  admittedElsewhere: boolean;
  dialog: SessionReport | undefined;
  carrierEnd: EndedEvent | undefined;
  /** The end is known, and could not be written. */
  unwritten: boolean;
  carrierCallId: string | undefined;
  settled: Promise<void> | undefined;
  /** For the half of the end that is still missing. */
  wait: Timer | undefined;
}

/** `delivery`: its record, where it was read just now. */
type Known = { readonly failure?: string | undefined; readonly delivery?: Delivery | undefined };

export interface CallsDeps {
  readonly store: Pick<Store, 'getDelivery' | 'transition'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: this process is the only one. */
  readonly bus?: Pick<NodeBus, 'publish'>;
  /** The dialogue of a call that speaks by markup: its state lies in the record. */
  markupReport(delivery: Delivery): SessionReport | undefined;
  voiceFallback(delivery: Delivery): string | undefined;
  /** What the report means for the message that the call brought. */
  messageEnd?(delivery: Delivery, report: CallReport): Promise<MessageStep | undefined>;
  messageEnded?(): void;
  /** What the end of a PIN's call means for the plan of its PIN. */
  planFollows?(delivery: Delivery, report: CallReport): Promise<FollowUp>;
}

/**
 * The calls of this process, from dialling (or their first webhook) until they are written off. With other nodes, some of
 * them are only known here: another one has the dialogue, and will write them off.
 */
export class Calls {
  readonly #deps: CallsDeps;
  readonly #live = new Map<CallRef, LiveCall>();
  #idle: (() => void)[] = [];

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  /** Those that this process dialled or talks on. */
  get size(): number {
    if (!this.#deps.bus) return this.#live.size;
    return this.all().filter(call => call.ours || isHere(call)).length;
  }

  get(ref: CallRef): LiveCall | undefined {
    return this.#live.get(ref);
  }

  all(): readonly LiveCall[] {
    return [...this.#live.values()];
  }

  /** Those that nobody but this process can bring to an end. */
  here(): readonly LiveCall[] {
    return this.#deps.bus ? this.all().filter(isHere) : this.all();
  }

  /** @param ours whether this process is about to dial it */
  open(ref: CallRef, ours: boolean): LiveCall {
    const known = this.#live.get(ref);
    if (known) return known;
    const call: LiveCall = {
      ref,
      ours,
      spoken: false,
      session: undefined,
      answeredBy: undefined,
      answer: undefined,
      admitted: false,
      admittedElsewhere: false,
      dialog: undefined,
      carrierEnd: undefined,
      unwritten: false,
      carrierCallId: undefined,
      settled: undefined,
      wait: undefined,
    };
    this.#live.set(ref, call);
    return call;
  }

  dialogEnded(call: LiveCall, report: SessionReport): void {
    call.dialog ??= report;
    if (call.carrierEnd) this.#settleInBackground(call);
    else this.#wait(call, CARRIER_END_WAIT_MS, () => this.#settleInBackground(call));
  }

  /**
   * Resolves when the call is written off, or when it waits for its dialogue to end.
   * @param delivery its record, read just now
   * @param talks whether a dialogue was, or may have been, begun, here or on another node
   */
  async carrierEnded(
    call: LiveCall,
    event: EndedEvent,
    { talks, delivery }: { talks: boolean; delivery?: Delivery },
  ): Promise<void> {
    if (call.carrierEnd) {
      // Said again, since the store was away: it is taken once it is written.
      if (call.unwritten) await this.#settleOrRetry(call, delivery);
      return;
    }
    const ours = isHere(call);
    call.carrierEnd = event;
    const { session } = call;
    if (session && !session.ended) {
      this.#wait(call, SOCKET_END_WAIT_MS, () => session.remoteHangup());
      return;
    }
    if (!this.#deps.bus || !talks || ours) {
      await this.#settleOrRetry(call, delivery);
      return;
    }
    this.#deps.bus.publish({ type: 'ended', ref: call.ref, event });
    this.#wait(call, ELSEWHERE_WAIT_MS, () => this.#settleInBackground(call));
  }

  /** Another node heard the carrier's last word. Only of use where the dialogue is. */
  heardEnd(ref: CallRef, event: EndedEvent): void {
    const call = this.#live.get(ref);
    if (!call || !isHere(call) || call.carrierEnd) return;
    this.carrierEnded(call, event, { talks: true }).catch(() => this.#settleInBackground(call));
  }

  /** Another node wrote it off. */
  heardOver(ref: CallRef): void {
    const call = this.#live.get(ref);
    if (call && !call.settled && !(call.session && !call.session.ended)) this.#forget(call);
  }

  /** Writes the call off, once, with all that is known by now. @throws ServiceError unavailable */
  async settle(call: LiveCall, failure?: string): Promise<void> {
    await this.#settleOnce(call, { failure });
  }

  async #settleOnce(call: LiveCall, known: Known): Promise<void> {
    call.settled ??= this.#settle(call, known).catch((error: unknown) => {
      call.settled = undefined;
      throw error;
    });
    await call.settled;
  }

  /** Resolves when no call is left. */
  async idle(): Promise<void> {
    if (this.here().length === 0) return;
    await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  /** Drops calls whose record ended behind our back: a webhook can cross the write that ended its call. */
  async reconcile(): Promise<void> {
    for (const call of this.all()) {
      if (call.settled || (call.session && !call.session.ended)) continue;
      const delivery = await this.#deps.store.getDelivery(call.ref);
      if (!delivery || delivery.state === 'ended') this.#forget(call);
    }
  }

  /** A store that is away: whoever told of the end is told so, but not every carrier says it again. */
  async #settleOrRetry(call: LiveCall, delivery: Delivery | undefined): Promise<void> {
    try {
      await this.#settleOnce(call, { delivery });
    } catch (error) {
      call.unwritten = true;
      this.#wait(call, WRITE_RETRIES_MS[0] ?? 0, () => this.#settleInBackground(call, 1));
      throw error;
    }
  }

  async #settle(call: LiveCall, { failure, delivery: read }: Known): Promise<void> {
    const delivery = read ?? (await this.#deps.store.getDelivery(call.ref));
    if (delivery && delivery.state !== 'ended') {
      const dialog = call.dialog ?? this.#deps.markupReport(delivery);
      const report = callReport({
        delivery,
        dialog,
        carrierEnd: call.carrierEnd,
        failure,
        silent: neverSpoken(call, delivery, this.#deps.bus === undefined),
        voiceFallback: this.#deps.voiceFallback(delivery),
        now: this.#deps.clock.now(),
      });
      const message = await this.#deps.messageEnd?.(delivery, report);
      const follow = await this.#deps.planFollows?.(delivery, report);
      const { applied } = await this.#deps.store.transition({
        ref: call.ref,
        to: 'ended',
        carrierCallId: delivery.carrierCallId ?? call.carrierCallId,
        report,
        arm: follow?.arm ?? [],
        cancel: [dialGuardId(call.ref), callGuardId(call.ref), ...(follow?.cancel ?? [])],
        events: delivery.pinId === undefined ? [] : [pinReport(delivery, report)],
        ...(message && { message }),
      });
      if (applied) follow?.after();
      if (applied && message) this.#deps.messageEnded?.();
      if (applied) {
        this.#deps.bus?.publish({ type: 'over', ref: call.ref });
        const { cause, codeHeard, repeats, gate, answeredBy } = report;
        this.#deps.log.info({ ref: call.ref, cause, codeHeard, repeats, gate, answeredBy }, 'call ended');
      }
    }
    this.#forget(call);
  }

  #settleInBackground(call: LiveCall, tries = 0): void {
    const attempt = this.settle(call).catch((error: unknown) => {
      call.unwritten = true;
      const again = WRITE_RETRIES_MS[tries] ?? WRITE_RETRIES_MS.at(-1) ?? 0;
      this.#deps.log.warn({ err: error, ref: call.ref, inMs: again }, 'a call could not be written off yet');
      this.#wait(call, again, () => this.#settleInBackground(call, tries + 1));
    });
    background(this.#deps.log, 'writing a call off', attempt);
  }

  #wait(call: LiveCall, ms: number, then: () => void): void {
    call.wait?.cancel();
    call.wait = this.#deps.clock.after(ms, then);
  }

  #forget(call: LiveCall): void {
    call.wait?.cancel();
    if (this.#live.get(call.ref) === call) this.#live.delete(call.ref);
    if (this.here().length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** One call has one end: the id is the same whoever writes it. */
function pinReport(delivery: Delivery, report: CallReport): NewEvent {
  const { callRef, pinId, applicationId, to, from, carrier } = delivery;
  return {
    id: `voice-report-${callRef}`,
    type: 'voice.report',
    data: { callRef, pinId, applicationId, to, from, carrier, report },
  };
}

/**
 * A PIN is only spoken after an answer that we committed and a dialogue that we began. A process that did not dial
 * the call itself cannot tell whether an earlier one began a dialogue, nor can one among others (`alone`: it is not).
 */
function neverSpoken(call: LiveCall, delivery: Delivery, alone: boolean): boolean {
  if (call.spoken) return false;
  if (call.ours && alone) return true;
  return call.carrierEnd === undefined && delivery.state !== 'answered';
}

/** Its dialogue is, or was, on this node, or its end is being written. */
function isHere(call: LiveCall): boolean {
  const { admitted, session, dialog, settled, carrierEnd } = call;
  return (
    admitted ||
    session !== undefined ||
    dialog !== undefined ||
    settled !== undefined ||
    carrierEnd !== undefined
  );
}
