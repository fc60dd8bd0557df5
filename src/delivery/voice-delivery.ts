import { fixedSegments, isLanguage, languageOf } from '../../ivr/index.ts';
import type { Timer } from '../clock.ts';
import type { CallRef, Delivery } from '../domain/types.ts';
import { assertNever, ServiceError } from '../errors.ts';
import { background } from '../log.ts';
import { SpeechError } from '../speech/speech.ts';
import type { DueTimer } from '../store/store.ts';
import { CallGuard } from './call-guard.ts';
import { Calls } from './calls.ts';
import type { Context, VoiceDeliveryDeps } from './context.ts';
import type { PinMessaging, VoiceDelivery } from './delivery.ts';
import { DialGuard } from './dial-guard.ts';
import { Dialler } from './dial.ts';
import { CALL_GUARD, DIAL_GUARD } from './guards.ts';
import type { FindOnward } from './hurry.ts';
import { Markup } from './markup.ts';
import { MediaDoor } from './media.ts';
import type { NodeEvent } from './node-bus.ts';
import { Courier } from './pin-messages/courier.ts';
import { PIN_MESSAGE_GUARD } from './pin-messages/guards.ts';
import { MessageGuard } from './pin-messages/message-guard.ts';
import { PinSender } from './pin-messages/pin-sender.ts';
import { Receipts } from './pin-messages/receipts.ts';
import { createEndMessage } from './pin-messages/report.ts';
import { PlanFollower } from './plans/follow.ts';
import { PlannedSends } from './plans/planned-sends.ts';
import { Plans } from './plans/plans.ts';
import { END_TIMER, PLAN_TIMER } from './plans/timers.ts';
import { createVerifications } from './plans/verifications.ts';
import { voiceFallback } from './script.ts';
import { Sender } from './send.ts';
import { withdrawSuperseded } from './superseded.ts';
import { createTimerLoop, type TimerOutcome } from './timers.ts';
import type { Verifications } from './verifications.ts';
import { createVerify, type Verify } from './verify.ts';
import { Webhooks } from './webhooks.ts';
import { within } from './within.ts';
import type { WorkLoop } from './work-loop.ts';

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
  readonly #dialGuard: DialGuard;
  readonly #callGuard: CallGuard;
  readonly #sender: Sender;
  readonly #courier: Courier;
  readonly #messageGuard: MessageGuard;
  readonly #pinSender: PinSender;
  readonly #receipts: Receipts;
  readonly #webhooks: Webhooks;
  readonly #media: MediaDoor;
  readonly #plans: Plans;
  readonly #planned: PlannedSends;
  readonly #follower: PlanFollower;
  readonly verify: Verify;
  readonly verifications: Verifications;
  readonly #timers: WorkLoop;
  readonly #periodic = new Map<string, Timer>();
  #draining = false;

  constructor(deps: VoiceDeliveryDeps) {
    const { store, clock, log, recent = store } = deps;
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
      planFollows: async (delivery, report) => await this.#follower.callEnded(delivery, report),
    });
    const withdraw = async (refs: readonly CallRef[]): Promise<void> => await this.#plans.withdraw(refs);
    this.#context = {
      ...deps,
      recent,
      route: call => deps.route(call),
      calls,
      count: what => deps.count?.(what),
      superseded: about =>
        background(log, 'withdrawing superseded calls', withdrawSuperseded({ store, withdraw }, about)),
    };
    const onward: FindOnward = async (pinId, ref) => await this.#follower.onward(pinId, ref);
    this.#dialler = new Dialler(this.#context, onward);
    this.#dialGuard = new DialGuard(this.#context, this.#dialler);
    this.#callGuard = new CallGuard(this.#context);
    this.#sender = new Sender(this.#context, this.#dialler);
    const ended = createEndMessage({
      store,
      followUp: async (message, report) => await this.#follower.textEnded(message, report),
    });
    const messageDeps = { ...this.#context, ended, onward };
    this.#courier = new Courier(messageDeps);
    this.#messageGuard = new MessageGuard(messageDeps, this.#courier);
    this.#pinSender = new PinSender(this.#context, this.#courier);
    this.#plans = new Plans(this.#context, {
      sender: this.#sender,
      pinSender: this.#pinSender,
      dialler: this.#dialler,
    });
    this.#planned = new PlannedSends({ plans: this.#plans, pinSender: this.#pinSender });
    this.#follower = new PlanFollower(this.#context, {
      plans: this.#plans,
      dialGuard: this.#dialGuard,
      messageGuard: this.#messageGuard,
    });
    this.verify = createVerify({ ...deps, recent, withdraw });
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
    return (await this.#planned.sendPin(request)) ?? (await this.#sender.send(request));
  }

  async resendPin(request: Parameters<VoiceDelivery['resendPin']>[0]) {
    this.#admitSend();
    return (await this.#planned.resendPin(request)) ?? (await this.#sender.resend(request));
  }

  callMessage(delivery: Delivery): void {
    this.#context.calls.open(delivery.callRef, true);
    this.#dialler.dial(delivery);
  }

  async sendText(request: Parameters<PinMessaging['sendText']>[0]) {
    this.#admitSend();
    return (await this.#planned.sendText(request)) ?? (await this.#pinSender.sendText(request));
  }

  async resendText(request: Parameters<PinMessaging['resendText']>[0]) {
    this.#admitSend();
    return (await this.#planned.resendText(request)) ?? (await this.#pinSender.resendText(request));
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
    const { calls, clock } = this.#context;
    this.#dialler.stop();
    this.#courier.stop();
    const working = [calls.idle(), this.#media.closed(), this.#courier.idle(), this.#dialler.idle()];
    await within(clock, graceMs, Promise.all(working));
    // What only rings, the other nodes look after.
    for (const call of calls.here()) this.#callGuard.cutShort(call);
    await within(clock, LAST_WORDS_MS, Promise.all([calls.idle(), this.#media.closed()]));
    for (const timer of this.#periodic.values()) timer.cancel();
    await this.#timers.stop();
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
        return await this.#follower.onTimer(timer);
      case DIAL_GUARD:
        return await this.#dialGuard.onTimer(ref, timer.data);
      case PIN_MESSAGE_GUARD:
        return await this.#messageGuard.onTimer(ref, timer.data);
      case CALL_GUARD:
        return await this.#callGuard.onTimer(ref, timer.data['phase'] === 'ring');
      default:
        // Another part's timer, or a newer version's: not ours to remove.
        return 'keep';
    }
  }

  #every(ms: number, what: string, work: () => Promise<void>): void {
    const turn = (): void => {
      background(this.#context.log, what, work());
      this.#every(ms, what, work);
    };
    this.#periodic.set(what, this.#context.clock.after(ms, turn));
  }
}
