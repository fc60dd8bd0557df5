import { fixedSegments, isLanguage, languageOf } from '../../ivr/index.ts';
import type { Timer } from '../clock.ts';
import type { PlanChannel } from '../domain/plan.ts';
import type { CallRef, Delivery, E164 } from '../domain/types.ts';
import { assertNever, ServiceError } from '../errors.ts';
import { background } from '../log.ts';
import { SpeechError } from '../speech/speech.ts';
import type { DueTimer } from '../store/store.ts';
import { Calls, type LiveCall } from './calls.ts';
import type { Context, VoiceDeliveryDeps } from './context.ts';
import type { PinMessaging, ResendPin, SentPin, SentText, VoiceDelivery } from './delivery.ts';
import { Dialler } from './dial.ts';
import { CALL_GUARD, DIAL_GUARD } from './guards.ts';
import type { FindOnward } from './hurry.ts';
import { Markup } from './markup.ts';
import { MediaDoor } from './media.ts';
import type { NodeEvent } from './node-bus.ts';
import { Courier } from './pin-messages/courier.ts';
import { PIN_MESSAGE_GUARD } from './pin-messages/guards.ts';
import { PinSender } from './pin-messages/pin-sender.ts';
import { Receipts } from './pin-messages/receipts.ts';
import { createEndMessage } from './pin-messages/report.ts';
import { Plans, type Started } from './plans/plans.ts';
import { END_TIMER, PLAN_TIMER } from './plans/timers.ts';
import { createVerifications } from './plans/verifications.ts';
import { voiceFallback } from './script.ts';
import { Sender } from './send.ts';
import { withdrawSuperseded } from './superseded.ts';
import { createTimerLoop, type TimerOutcome } from './timers.ts';
import type { Verifications } from './verifications.ts';
import { createVerify, type Verify } from './verify.ts';
import { Webhooks } from './webhooks.ts';
import type { WorkLoop } from './work-loop.ts';

type SendPin = Parameters<VoiceDelivery['sendPin']>[0];
type SendText = Parameters<PinMessaging['sendText']>[0];

const SWEEP_MS = 3_600_000;
const RECONCILE_MS = 60_000;
/** After the hang-up of what was left, for reports to be written and sockets to close. */
const LAST_WORDS_MS = 5_000;
const RETRY_AFTER_MS = 5_000;

export interface StartableVoiceDelivery extends VoiceDelivery, PinMessaging {
  /** For our own API. */
  readonly verifications: Verifications;
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
  readonly #plans: Plans;
  readonly verify: Verify;
  readonly verifications: Verifications;
  readonly #timers: WorkLoop;
  readonly #periodic = new Map<string, Timer>();
  #draining = false;

  constructor(deps: VoiceDeliveryDeps) {
    const { store, clock, log } = deps;
    const markup = new Markup(deps);
    const calls = new Calls({
      store,
      clock,
      log,
      ...(deps.nodes && { bus: deps.nodes.bus }),
      markupReport: delivery => markup.report(delivery),
      voiceFallback: ({ carrier, script }) =>
        deps.carriers.get(carrier)?.capabilities.media ? voiceFallback(script, deps.speech) : undefined,
      messageEnd: async (delivery, report) => await deps.messageCalls?.endOf(delivery, report),
      messageEnded: () => deps.messageCalls?.ended(),
      planFollows: async (delivery, report) => await this.#plans.callEnded(delivery, report),
    });
    const withdraw = async (refs: readonly CallRef[]): Promise<void> => await this.#plans.withdraw(refs);
    this.#context = {
      ...deps,
      route: call => deps.route(call),
      calls,
      count: what => deps.count?.(what),
      superseded: about =>
        background(log, 'withdrawing superseded calls', withdrawSuperseded({ store, withdraw }, about)),
    };
    const onward: FindOnward = async (pinId, ref) => await this.#plans.onward(pinId, ref);
    this.#dialler = new Dialler(this.#context, onward);
    this.#sender = new Sender(this.#context, this.#dialler);
    const ended = createEndMessage({
      store,
      followUp: async (message, report) => await this.#plans.textEnded(message, report),
    });
    this.#courier = new Courier({ ...this.#context, ended, onward });
    this.#pinSender = new PinSender(this.#context, this.#courier);
    this.#plans = new Plans(this.#context, {
      sender: this.#sender,
      pinSender: this.#pinSender,
      courier: this.#courier,
      dialler: this.#dialler,
    });
    this.verify = createVerify({ ...deps, withdraw });
    this.verifications = createVerifications({
      ...this.#context,
      plans: this.#plans,
      verify: this.verify,
      admitSend: () => this.#admitSend(),
      repeat: async (pinId, channel) => {
        const request = { pinId, placeholders: {} };
        await (channel === 'voice' ? this.#sender.resend(request) : this.#pinSender.resendText(request));
      },
    });
    this.#receipts = new Receipts({ ...this.#context, ended });
    this.#webhooks = new Webhooks(this.#context, markup);
    this.#media = new MediaDoor(this.#context);
    deps.nodes?.bus.subscribe(event => this.#onNode(event));
    this.#timers = createTimerLoop({ store, clock, log, handle: timer => this.#onTimer(timer) });
  }

  get liveCalls(): number {
    return this.#context.calls.size;
  }

  async sendPin(request: Parameters<VoiceDelivery['sendPin']>[0]) {
    this.#admitSend();
    return (await this.#sendPlanned(request, 'voice')) ?? (await this.#sender.send(request));
  }

  async resendPin(request: Parameters<VoiceDelivery['resendPin']>[0]) {
    this.#admitSend();
    const again = await this.#askAgain(request, 'voice');
    if (!again) return await this.#sender.resend(request);
    this.#plans.handOver(again);
    return sentPin(again);
  }

  callMessage(delivery: Delivery): void {
    this.#context.calls.open(delivery.callRef, true);
    this.#dialler.dial(delivery);
  }

  async sendText(request: Parameters<PinMessaging['sendText']>[0]) {
    this.#admitSend();
    return (await this.#textPlanned(request)) ?? (await this.#pinSender.sendText(request));
  }

  async resendText(request: Parameters<PinMessaging['resendText']>[0]) {
    this.#admitSend();
    const again = await this.#askAgain(request, 'sms');
    return again ? await this.#sentText(again) : await this.#pinSender.resendText(request);
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
    const working = [calls.idle(), this.#media.closed(), this.#courier.idle(), this.#dialler.idle()];
    await this.#within(graceMs, Promise.all(working));
    // What only rings, the other nodes look after.
    for (const call of calls.here()) this.#cutShort(call);
    await this.#within(LAST_WORDS_MS, Promise.all([calls.idle(), this.#media.closed()]));
    for (const timer of this.#periodic.values()) timer.cancel();
    await this.#timers.stop();
  }

  async #textPlanned(request: SendText): Promise<SentText | undefined> {
    const started = await this.#plan(request, 'sms');
    return started && (await this.#sentText(started));
  }

  async #sendPlanned(request: SendPin, channel: PlanChannel): Promise<SentPin | undefined> {
    const started = await this.#plan({ ...request, lookUp: true }, channel);
    if (!started) return undefined;
    this.#plans.handOver(started);
    return sentPin(started);
  }

  /** Through Infobip's face, with the plan of its application; undefined: there is none. */
  async #plan(
    request: SendPin & { readonly lookUp: boolean },
    channel: PlanChannel,
  ): Promise<Started | undefined> {
    const { application, template, to, from, placeholders, lookUp } = request;
    const planned = await this.#plans.planFor(application, template, channel);
    if (!planned) return undefined;
    const words = { template, placeholders, lookUp, ...(from !== undefined && { from }) };
    return await this.#plans.start({ ...planned, application, to, words, origin: 'infobip' });
  }

  /** Within the plan of its PIN; undefined: it has none, or is over, for which there is the plain way. */
  async #askAgain({ pinId, placeholders }: ResendPin, channel: PlanChannel): Promise<Started | undefined> {
    return await this.#plans.ask(pinId, {
      trigger: 'resend',
      candidates: Plans.again(channel),
      placeholders,
    });
  }

  async #sentText(started: Started): Promise<SentText> {
    const { message, pin, ref } = started;
    if (message) return await this.#pinSender.sentText(message, pin.pinId);
    const { pinId, to } = pin;
    return { pinId, to: to as E164, ref, sent: false, reachable: undefined, calling: true };
  }

  #admitSend(): void {
    if (this.#draining) throw new ServiceError('unavailable', { retryAfterMs: RETRY_AFTER_MS });
  }

  #onNode(event: NodeEvent): void {
    const { calls } = this.#context;
    const { ref } = event;
    switch (event.type) {
      case 'ended':
        calls.heardEnd(ref, event.event);
        return;
      case 'answered-by': {
        // The socket may yet come to this node.
        const call = calls.open(ref, false);
        call.answeredBy = { who: event.who, greetingEnded: event.greetingEnded };
        call.session?.answeredBy(event.who, event.greetingEnded);
        return;
      }
      case 'admitted':
        calls.open(ref, false).admittedElsewhere = true;
        return;
      case 'withdrawn':
        this.#dialler.heardWithdrawn(ref);
        return;
      case 'over':
        calls.heardOver(ref);
        return;
      default:
        assertNever(event);
    }
  }

  async #onTimer(timer: DueTimer): Promise<TimerOutcome> {
    const ref = String(timer.data['ref']) as CallRef;
    switch (timer.kind) {
      case PLAN_TIMER:
      case END_TIMER:
        return await this.#plans.onTimer(timer);
      case DIAL_GUARD:
        return await this.#dialler.guard(ref, timer.data);
      case PIN_MESSAGE_GUARD:
        return await this.#courier.guard(ref, timer.data);
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

function sentPin({ pin, ref }: Started): SentPin {
  return { pinId: pin.pinId, to: pin.to as E164, callRef: ref };
}
