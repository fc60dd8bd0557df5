import { fixedSegments, isLanguage, languageOf } from '../../ivr/index.ts';
import type { Timer } from '../clock.ts';
import type { CallRef, Delivery } from '../domain/types.ts';
import { ServiceError } from '../errors.ts';
import { background } from '../log.ts';
import { SpeechError } from '../speech/speech.ts';
import type { DueTimer } from '../store/store.ts';
import { Calls, type LiveCall } from './calls.ts';
import type { Context, VoiceDeliveryDeps } from './context.ts';
import type { PinMessaging, VoiceDelivery } from './delivery.ts';
import { Dialler } from './dial.ts';
import { CALL_GUARD, DIAL_GUARD } from './guards.ts';
import { Markup } from './markup.ts';
import { MediaDoor } from './media.ts';
import { Courier } from './pin-messages/courier.ts';
import { PIN_MESSAGE_GUARD } from './pin-messages/guards.ts';
import { PinSender } from './pin-messages/pin-sender.ts';
import { Receipts } from './pin-messages/receipts.ts';
import { voiceFallback } from './script.ts';
import { Sender } from './send.ts';
import { TimerLoop, type TimerOutcome } from './timers.ts';
import { Webhooks } from './webhooks.ts';

const SWEEP_MS = 3_600_000;
const RECONCILE_MS = 60_000;
/** After the hang-up of what was left, for reports to be written and sockets to close. */
const LAST_WORDS_MS = 5_000;
const RETRY_AFTER_MS = 5_000;

export interface StartableVoiceDelivery extends VoiceDelivery, PinMessaging {
  /** Makes the digits and fixed phrases of these languages (2FA form), before anybody waits for them. */
  prewarm(languages: readonly string[]): Promise<void>;
  /** Dials a call that brings a message of a bulk and was committed (`startCall` of the store). */
  callMessage(delivery: Delivery): void;
}

/** Puts the parts together: sending, dialling, carriers' words, media, timers. */
export function createVoiceDelivery(deps: VoiceDeliveryDeps): StartableVoiceDelivery {
  return new Delivering(deps);
}

class Delivering implements StartableVoiceDelivery {
  readonly #context: Context;
  readonly #dialler: Dialler;
  readonly #sender: Sender;
  readonly #courier: Courier;
  readonly #pinSender: PinSender;
  readonly #receipts: Receipts;
  readonly #webhooks: Webhooks;
  readonly #media: MediaDoor;
  readonly #timers: TimerLoop;
  readonly #periodic = new Map<string, Timer>();
  #draining = false;

  constructor(deps: VoiceDeliveryDeps) {
    const { store, clock, log } = deps;
    const markup = new Markup(deps);
    const calls = new Calls({
      store,
      clock,
      log,
      markupReport: delivery => markup.report(delivery),
      voiceFallback: ({ carrier, script }) =>
        deps.carriers.get(carrier)?.capabilities.media ? voiceFallback(script, deps.speech) : undefined,
      messageEnd: async (delivery, report) => await deps.messageCalls?.endOf(delivery, report),
      messageEnded: () => deps.messageCalls?.ended(),
    });
    this.#context = { ...deps, route: call => deps.route(call), calls, count: what => deps.count?.(what) };
    this.#dialler = new Dialler(this.#context);
    this.#sender = new Sender(this.#context, this.#dialler);
    this.#courier = new Courier(this.#context);
    this.#pinSender = new PinSender(this.#context, this.#courier);
    this.#receipts = new Receipts(this.#context);
    this.#webhooks = new Webhooks(this.#context, markup);
    this.#media = new MediaDoor(this.#context);
    this.#timers = new TimerLoop({ store, clock, log, handle: timer => this.#onTimer(timer) });
  }

  get liveCalls(): number {
    return this.#context.calls.size;
  }

  async sendPin(request: Parameters<VoiceDelivery['sendPin']>[0]) {
    this.#admitSend();
    return await this.#sender.send(request);
  }

  async resendPin(request: Parameters<VoiceDelivery['resendPin']>[0]) {
    this.#admitSend();
    return await this.#sender.resend(request);
  }

  callMessage(delivery: Delivery): void {
    this.#context.calls.open(delivery.callRef, true);
    this.#dialler.dial(delivery);
  }

  async sendText(request: Parameters<PinMessaging['sendText']>[0]) {
    this.#admitSend();
    return await this.#pinSender.sendText(request);
  }

  async resendText(request: Parameters<PinMessaging['resendText']>[0]) {
    this.#admitSend();
    return await this.#pinSender.resendText(request);
  }

  async sendMail(request: Parameters<PinMessaging['sendMail']>[0]) {
    this.#admitSend();
    return await this.#pinSender.sendMail(request);
  }

  async resendMail(request: Parameters<PinMessaging['resendMail']>[0]) {
    this.#admitSend();
    return await this.#pinSender.resendMail(request);
  }

  async handleTextWebhook(request: Parameters<PinMessaging['handleTextWebhook']>[0]) {
    return await this.#receipts.handle(request);
  }

  async handleWebhook(request: Parameters<VoiceDelivery['handleWebhook']>[0]) {
    return await this.#webhooks.handle(request);
  }

  async admitMedia(request: Parameters<VoiceDelivery['admitMedia']>[0]) {
    return await this.#media.admit(request);
  }

  async prewarm(languages: readonly string[]): Promise<void> {
    const { speech, voice, log } = this.#context;
    for (const name of new Set([...languages, voice.defaultLanguage])) {
      const language = languageOf(name) ?? name;
      try {
        const choice = speech.chooseVoice({ language });
        if (isLanguage(language)) await speech.prewarm(fixedSegments(language, 1), choice.voice);
      } catch (error) {
        if (!(error instanceof SpeechError)) throw error;
        log.warn({ language, reason: error.reason }, 'no voice to warm for a language');
      }
    }
  }

  async start(): Promise<void> {
    const { store, calls, retentionMs } = this.#context;
    await this.#timers.start();
    this.#every(SWEEP_MS, 'sweeping the store', async () => void (await store.sweep({ retentionMs })));
    this.#every(RECONCILE_MS, 'reconciling calls', () => calls.reconcile());
  }

  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    const { calls } = this.#context;
    this.#dialler.stop();
    this.#courier.stop();
    await this.#within(graceMs, Promise.all([calls.idle(), this.#media.closed(), this.#courier.idle()]));
    for (const call of calls.all()) this.#cutShort(call);
    await this.#within(LAST_WORDS_MS, Promise.all([calls.idle(), this.#media.closed()]));
    for (const timer of this.#periodic.values()) timer.cancel();
    await this.#timers.stop();
  }

  #admitSend(): void {
    if (this.#draining) throw new ServiceError('unavailable', { retryAfterMs: RETRY_AFTER_MS });
  }

  async #onTimer(timer: DueTimer): Promise<TimerOutcome> {
    const ref = String(timer.data['ref']) as CallRef;
    switch (timer.kind) {
      case DIAL_GUARD:
        return await this.#dialler.guard(ref);
      case PIN_MESSAGE_GUARD:
        return await this.#courier.guard(ref, timer.data['phase'] === 'send');
      case CALL_GUARD:
        return await this.#onCallGuard(ref, timer.data['phase'] === 'ring');
      default:
        // Another part's timer, or a newer version's: not ours to remove.
        return 'keep';
    }
  }

  /** The end of a call never came (faults.md F18). */
  async #onCallGuard(ref: CallRef, whileRinging: boolean): Promise<TimerOutcome> {
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

  #cutShort(call: LiveCall): void {
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

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>(resolve => {
      timer = this.#context.clock.after(ms, resolve);
    });
    await Promise.race([work, late]);
    timer?.cancel();
  }

  #every(ms: number, what: string, work: () => Promise<void>): void {
    const turn = (): void => {
      background(this.#context.log, what, work());
      this.#every(ms, what, work);
    };
    this.#periodic.set(what, this.#context.clock.after(ms, turn));
  }
}
