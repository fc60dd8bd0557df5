import {
  callOutcome,
  messageOutcome,
  silenceMs,
  verificationState,
  type DeliveryPlan,
  type PlanChannel,
  type PlanRun,
  type RunWords,
  type StepOutcome,
  type StepTrigger,
} from '../../domain/plan.ts';
import { newCallRef } from '../../domain/ids.ts';
import { newPinMaterial } from '../../domain/pin.ts';
import type { PinMessage, PinMessageReport } from '../../domain/pin-message.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import type {
  Application,
  CallRef,
  CallReport,
  Delivery,
  E164,
  PinId,
  PinRecord,
  Template,
} from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { background } from '../../log.ts';
import type { AdvanceRun, AdvanceRunResult, NewRunEntry } from '../../store/plan-store.ts';
import type { DueTimer, NewTimer, SendLimits } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Dialler } from '../dial.ts';
import type { Onward } from '../hurry.ts';
import { deliveryStarted, verificationEvent } from '../events/sources.ts';
import { newPin } from '../new-pin.ts';
import type { Courier } from '../pin-messages/courier.ts';
import { sendGuard } from '../pin-messages/guards.ts';
import type { PinSender } from '../pin-messages/pin-sender.ts';
import { callTimers, firstCallRef, type Sender } from '../send.ts';
import type { TimerOutcome } from '../timers.ts';
import { choose, stepsFrom, type Candidate, type Choice, type Chosen } from './choose.ts';
import {
  END_TIMER,
  endTimer,
  FAILURE_SLACK_MS,
  planTimer,
  planTimerId,
  UNCLEAR,
  type PlanTimerReason,
} from './timers.ts';
import { behindUnclear, onwardOf, wouldRingTwice } from './unclear.ts';

export interface StartPlan {
  readonly application: Application;
  readonly to: E164;
  readonly plan: DeliveryPlan;
  /** Index of the first step to try. */
  readonly position: number;
  readonly words: RunWords;
  readonly origin: PlanRun['origin'];
  readonly pinId?: PinId;
}

/** What was started: with a text its record, to be handed over by `sentText`; a call is under way. */
export interface Started {
  readonly pin: PinRecord;
  readonly ref: CallRef;
  readonly channel: PlanChannel;
  readonly message: PinMessage | undefined;
}

export interface AdvancePlan {
  readonly pinId: PinId;
  /** The turn that it was decided upon; another one in between makes it void. */
  readonly turn: number;
  readonly trigger: Exclude<StepTrigger, 'first'>;
  /** In order of preference. */
  readonly candidates: readonly Candidate[];
  /** Where none of them can be started, the plan stays as it is. */
  readonly tentative?: boolean;
  readonly limits?: SendLimits;
  /** Of the new delivery: asked again with the same one, it does nothing more. */
  readonly ref?: CallRef;
  readonly placeholders?: Readonly<Record<string, string>>;
}

/** `over`: nothing could be started, and nothing is left. */
export type Advanced =
  | { readonly outcome: 'started'; readonly started: Started }
  | { readonly outcome: 'over'; readonly choice: Choice }
  | { readonly outcome: 'stale' | 'dead' };

/** To be written with the end of a delivery, and what to do once it was. */
export interface FollowUp {
  readonly arm: readonly NewTimer[];
  readonly cancel: readonly string[];
  after(): void;
}

/** How often somebody who asks for a delivery may be overtaken by the plan itself. */
const ASK_TRIES = 3;
const NO_FOLLOW_UP: FollowUp = { arm: [], cancel: [], after: () => undefined };

/**
 * Runs delivery plans: one live delivery at a time, each turn decided upon the one before in one write of the store, so
 * that two processes, or two reasons at once, never start the same step twice. What follows a failure is on a durable
 * timer before it is done.
 */
export class Plans {
  readonly #context: Context;
  readonly #sender: Sender;
  readonly #pinSender: PinSender;
  readonly #courier: Courier;
  readonly #dialler: Dialler;

  constructor(
    context: Context,
    parts: { sender: Sender; pinSender: PinSender; courier: Courier; dialler: Dialler },
  ) {
    this.#context = context;
    this.#sender = parts.sender;
    this.#pinSender = parts.pinSender;
    this.#courier = parts.courier;
    this.#dialler = parts.dialler;
  }

  /** What a PIN of Infobip's face gets beyond what was asked for; undefined: nothing. */
  async planFor(
    application: Application,
    { messageId }: Pick<Template, 'messageId'>,
    channel: PlanChannel,
  ): Promise<Pick<StartPlan, 'plan' | 'position'> | undefined> {
    const { store, defaultPlan } = this.#context;
    const { applicationId } = application;
    const plan = (await store.policyFor({ applicationId, messageId })) ?? defaultPlan;
    const position = plan?.steps.findIndex(step => step.channel === channel) ?? -1;
    return plan && position >= 0 ? { plan, position } : undefined;
  }

  /**
   * A PIN with its plan and the first step that can reach the number.
   * @throws ServiceError tooManyRequests, denied, badRequest (naming the field), unavailable
   */
  async start(request: StartPlan): Promise<Started> {
    const { store, security, keyring, random, clock } = this.#context;
    const { application, to, plan, words, origin } = request;
    const { applicationId } = application;
    const settings = effectiveSettings(application, security);
    const fresh = newPinMaterial({ keyring, random, now: clock.now(), to });
    const material = { ...fresh, pinId: request.pinId ?? fresh.pinId };
    const { pinId } = material;
    const candidates = stepsFrom(plan, request.position);
    const choice = await choose(
      // However short its life is to be: whoever asks for that knows why.
      { pinId, applicationId, to, candidates, trigger: 'first', lifeMs: Infinity },
      this.#context,
    );
    const { chosen } = choice;
    if (!chosen) throw refusal(choice);
    const ref = firstCallRef(pinId);
    const item = this.#item(chosen, { ref, pinId, application, to, words });
    const entry: NewRunEntry = { ...startedEntry(chosen, ref), trigger: 'first' };
    const common = {
      opId: random(16).toString('hex'),
      pin: newPin({ material, application, template: words.template, to }, this.#context),
      limits: settings.limits,
      supersede: settings.supersede,
      timers: [...item.timers, ...this.#deadline(pinId, 1, plan, chosen), endTimer(pinId, settings.ttlMs)],
      events: [this.#startedEvent({ pinId, applicationId, to, ref, chosen, trigger: 'first' })],
      run: { plan, words, origin, position: chosen.position, entries: [...choice.skipped, entry] },
    };
    const result =
      'delivery' in item.start
        ? await store.createPin({ ...common, delivery: item.start.delivery })
        : await store.createPinMessage({ ...common, message: item.start.message });
    if (result.outcome === 'limited')
      throw new ServiceError('tooManyRequests', { retryAfterMs: result.retryAfterMs });
    const started = this.#begin(result.pin, chosen.step.channel, ref, result);
    if (settings.supersede) this.#context.superseded({ applicationId, to });
    return started;
  }

  /** The next turn. @throws ServiceError tooManyRequests, unavailable */
  async advance(request: AdvancePlan): Promise<Advanced> {
    const { store, random } = this.#context;
    const { pinId, turn, trigger } = request;
    const [run, pin, now] = await Promise.all([store.getRun(pinId), store.getPin(pinId), store.now()]);
    const application = run && (await store.getApplication(run.applicationId));
    if (!run || !application || !pin || verificationState(pin, now) !== 'pending') return { outcome: 'dead' };
    if (run.turn !== turn) return { outcome: 'stale' };
    const { applicationId, to } = run;
    const asked = trigger === 'request' || trigger === 'resend';
    const choice = await choose(
      {
        pinId,
        applicationId,
        to,
        candidates: request.candidates,
        trigger: asked ? 'resend' : 'fallback',
        // Whoever asks for it knows how much time is left.
        lifeMs: asked ? Infinity : pin.expiresAt - now,
      },
      this.#context,
    );
    const { chosen } = choice;
    // Who asked for more is told; the plan goes on as it is.
    if ((asked || request.tentative) && !chosen) return { outcome: 'over', choice };
    const ref = request.ref ?? newCallRef(random, pinId);
    const words = { ...run.words, placeholders: { ...run.words.placeholders, ...request.placeholders } };
    const item = chosen && this.#item(chosen, { ref, pinId, application, to, words });
    const at = now;
    const step: AdvanceRun = {
      opId: random(16).toString('hex'),
      pinId,
      expectedTurn: turn,
      position: chosen?.position ?? run.plan.steps.length,
      entries: [...choice.skipped, ...(chosen ? [{ ...startedEntry(chosen, ref), trigger }] : [])],
      ...(item && { start: item.start }),
      ...(request.limits && { limits: request.limits }),
      timers: chosen ? [...(item?.timers ?? []), ...this.#deadline(pinId, turn + 1, run.plan, chosen)] : [],
      cancel: [planTimerId(pinId, turn)],
      events: [
        chosen
          ? this.#startedEvent({ pinId, applicationId, to, ref, chosen, trigger })
          : verificationEvent('undeliverable', { pinId, applicationId, to, at, turn: turn + 1 }),
      ],
    };
    return this.#settleTurn(await store.advanceRun(step), choice, ref);
  }

  /**
   * One more delivery because somebody asks for it. Undefined: the PIN has no plan, or is over.
   * @throws ServiceError tooManyRequests, denied, conflict (others are at it), badRequest, unavailable
   */
  async ask(
    pinId: PinId,
    request: {
      readonly trigger: 'request' | 'resend';
      /** Which steps, of the run as it is. */
      readonly candidates: (run: PlanRun) => readonly Candidate[];
      readonly placeholders?: Readonly<Record<string, string>>;
      readonly ref?: CallRef;
    },
  ): Promise<Started | undefined> {
    const { store, security } = this.#context;
    const { trigger, placeholders, ref } = request;
    for (let tries = 0; tries < ASK_TRIES; tries++) {
      const run = await store.getRun(pinId);
      const application = run && (await store.getApplication(run.applicationId));
      if (!run || !application) return undefined;
      const advanced = await this.advance({
        pinId,
        turn: run.turn,
        trigger,
        candidates: request.candidates(run),
        limits: effectiveSettings(application, security).limits,
        ...(ref !== undefined && { ref }),
        ...(placeholders && { placeholders }),
      });
      if (advanced.outcome === 'started') return advanced.started;
      if (advanced.outcome === 'over') throw refusal(advanced.choice);
      if (advanced.outcome === 'dead') return undefined;
    }
    throw new ServiceError('conflict', { reason: 'busy' });
  }

  /** For Infobip's resend: over the channel's own step, this one or a later one; else over it where the plan stands. */
  static again(channel: PlanChannel): (run: PlanRun) => readonly Candidate[] {
    return run => {
      const own = stepsFrom(run.plan, run.position).filter(({ step }) => step.channel === channel);
      return [...own.slice(0, 1), ...(own.length === 0 ? [here(run, channel)] : [])];
    };
  }

  /** For "call me instead": the next step, or the next one over a channel; else the same words over it once more. */
  static onward(channel: PlanChannel | undefined): (run: PlanRun) => readonly Candidate[] {
    return run => {
      const behind = stepsFrom(run.plan, run.position + 1);
      if (channel === undefined) return behind;
      const own = behind.filter(({ step }) => step.channel === channel);
      return own.length > 0 ? own : [here(run, channel)];
    };
  }

  #settleTurn(result: AdvanceRunResult, choice: Choice, ref: CallRef): Advanced {
    if (result.outcome === 'limited')
      throw new ServiceError('tooManyRequests', { retryAfterMs: result.retryAfterMs });
    if (result.outcome !== 'advanced') return { outcome: result.outcome };
    const { replaced, pin } = result;
    if (replaced !== undefined && replaced !== ref)
      background(this.#context.log, 'withdrawing a call', this.withdraw([replaced]));
    if (!choice.chosen) return { outcome: 'over', choice };
    const { channel } = choice.chosen.step;
    return { outcome: 'started', started: this.#begin(pin, channel, ref, result) };
  }

  /**
   * Calls that nobody needs any more: not placed, or hung up unless somebody has answered. Resolves when none of them
   * will be placed; a store that is away is no reason to say no to a right PIN.
   */
  async withdraw(refs: readonly CallRef[]): Promise<void> {
    const results = await Promise.allSettled(refs.map(async ref => await this.#dialler.withdraw(ref)));
    for (const result of results) {
      if (result.status === 'rejected')
        this.#context.log.warn({ err: result.reason as unknown }, 'a call could not be withdrawn');
    }
  }

  async textEnded(message: PinMessage, report: PinMessageReport): Promise<FollowUp> {
    if (message.channel !== 'sms') return NO_FOLLOW_UP;
    return await this.#ended(message.pinId, message.ref, messageOutcome(report));
  }

  async callEnded({ pinId, callRef }: Delivery, report: CallReport): Promise<FollowUp> {
    return pinId === undefined ? NO_FOLLOW_UP : await this.#ended(pinId, callRef, callOutcome(report));
  }

  /** A timer of a plan. `keep`: it is too early. */
  async onTimer({ kind, data }: DueTimer): Promise<TimerOutcome> {
    const pinId = String(data['pinId']) as PinId;
    if (kind === END_TIMER) return await this.#expired(pinId);
    const turn = Number(data['turn']);
    const { store } = this.#context;
    const run = await store.getRun(pinId);
    if (run?.turn !== turn) return 'done';
    if (await this.#wouldRingTwice(run)) return 'keep';
    if (data['reason'] === UNCLEAR) {
      await this.#followUnclear(run);
      return 'done';
    }
    const trigger = String(data['reason']) as PlanTimerReason;
    if (trigger !== 'failure' && (await this.#isListening(run))) return 'keep';
    await this.#follow(run, trigger);
    return 'done';
  }

  /** What waits behind a delivery whose carrier fails. */
  async onward(pinId: PinId, ref: CallRef): Promise<Onward | undefined> {
    const run = await this.#context.store.getRun(pinId);
    return run && onwardOf(run, ref);
  }

  /** The carrier may have a step or not, and nothing was heard of it: the next one begins, if there is one that can. */
  async #followUnclear(run: PlanRun): Promise<void> {
    const { pinId, turn, live } = run;
    if (live === undefined) return;
    const text = await this.#context.store.getPinMessage(live);
    const isUnclear = text ? await this.#courier.isUnclear(text) : await this.#dialler.isUnclear(live);
    if (!isUnclear) return;
    const advanced = await this.advance({
      pinId,
      turn,
      trigger: 'failure',
      candidates: behindUnclear(run),
      tentative: true,
    });
    if (advanced.outcome === 'started') this.handOver(advanced.started);
  }

  async #ended(pinId: PinId, ref: CallRef, outcome: StepOutcome): Promise<FollowUp> {
    const run = await this.#context.store.getRun(pinId);
    if (!run || run.live !== ref) return NO_FOLLOW_UP;
    const { turn } = run;
    const next = run.plan.steps[run.position]?.next;
    if (outcome === 'failed' && next?.onFailure) {
      return {
        arm: [planTimer(pinId, turn, 'failure', FAILURE_SLACK_MS)],
        cancel: [],
        after: () => background(this.#context.log, 'the next step of a plan', this.#followFailure(run)),
      };
    }
    if (outcome !== 'delivered') return NO_FOLLOW_UP;
    const waitMs = await this.#leftToVerify(run, ref);
    if (waitMs === undefined) return { ...NO_FOLLOW_UP, cancel: [planTimerId(pinId, turn)] };
    return { ...NO_FOLLOW_UP, arm: [planTimer(pinId, turn, 'not-verified', waitMs)] };
  }

  /** Until a delivered PIN counts as not verified; undefined: it never does. */
  async #leftToVerify(run: PlanRun, ref: CallRef): Promise<number | undefined> {
    const waitMs = run.plan.steps[run.position]?.next.notVerifiedAfterMs;
    if (waitMs === undefined || run.position + 1 >= run.plan.steps.length) return undefined;
    const started = run.entries.findLast(entry => entry.kind === 'started' && entry.ref === ref);
    const now = await this.#context.store.now();
    return (started?.at ?? now) + waitMs - now;
  }

  async #followFailure(run: PlanRun): Promise<void> {
    // Else its timer does, once that is known.
    if (!(await this.#wouldRingTwice(run))) await this.#follow(run, 'failure');
  }

  async #wouldRingTwice(run: PlanRun): Promise<boolean> {
    return await wouldRingTwice(run, async ref => await this.#context.store.getDelivery(ref));
  }

  async #follow(run: PlanRun, trigger: PlanTimerReason): Promise<void> {
    const { pinId, turn, plan, position } = run;
    const advanced = await this.advance({ pinId, turn, trigger, candidates: stepsFrom(plan, position + 1) });
    if (advanced.outcome === 'started') this.handOver(advanced.started);
  }

  /** Gives a text to its carrier, in the background. A call is under way already. */
  handOver({ message, pin }: Started): void {
    if (!message) return;
    background(this.#context.log, 'a text of a plan', this.#pinSender.sentText(message, pin.pinId));
  }

  /** Whether somebody is on the phone, to whom the next step would be a second one at once. */
  async #isListening({ live }: PlanRun): Promise<boolean> {
    const call = live && (await this.#context.store.getDelivery(live));
    return call?.state === 'answered';
  }

  async #expired(pinId: PinId): Promise<TimerOutcome> {
    const { store } = this.#context;
    const [pin, at] = await Promise.all([store.getPin(pinId), store.now()]);
    if (!pin || pin.state !== 'active' || pin.attemptsUsed >= pin.attemptsAllowed) return 'done';
    if (pin.expiresAt > at) return 'keep';
    const { applicationId, to } = pin;
    await store.emitEvents([verificationEvent('expired', { pinId, applicationId, to, at: pin.expiresAt })]);
    return 'done';
  }

  #item(
    chosen: Chosen,
    about: Item,
  ): { start: NonNullable<AdvanceRun['start']>; timers: readonly NewTimer[] } {
    const { ref, pinId, application, to, words } = about;
    const { applicationId } = application;
    const { template, placeholders, lookUp } = words;
    const from = words.from === undefined ? {} : { from: words.from };
    const { carrier } = chosen;
    if (chosen.step.channel === 'voice') {
      const request = { ref, pinId, applicationId, template, placeholders, to, carrier, ...from };
      const delivery = this.#sender.newDelivery(request);
      return { start: { delivery }, timers: callTimers(delivery) };
    }
    const text = this.#pinSender.newText({
      application,
      template,
      placeholders,
      to,
      lookUp,
      carrier,
      ...from,
    });
    const message = { ref, pinId, applicationId, ...text };
    return { start: { message }, timers: [sendGuard('sms', ref, 1)] };
  }

  /** When the step behind a started one begins by itself. */
  #deadline(pinId: PinId, turn: number, plan: DeliveryPlan, { position, step }: Chosen): readonly NewTimer[] {
    const inMs = silenceMs(step.next);
    if (inMs === undefined || position + 1 >= plan.steps.length) return [];
    const reason = inMs === step.next.noReportAfterMs ? 'no-report' : 'not-verified';
    return [planTimer(pinId, turn, reason, inMs)];
  }

  #startedEvent(about: {
    pinId: PinId;
    applicationId: Application['applicationId'];
    to: E164;
    ref: CallRef;
    chosen: Chosen;
    trigger: StepTrigger;
  }) {
    const { chosen, ...rest } = about;
    const { carrier, step } = chosen;
    return deliveryStarted({ ...rest, carrier, channel: step.channel, at: this.#context.clock.now() });
  }

  /** After the commit. */
  #begin(
    pin: PinRecord,
    channel: PlanChannel,
    ref: CallRef,
    { delivery, message }: { delivery?: Delivery; message?: PinMessage },
  ): Started {
    if (delivery) this.#sender.begin(delivery, pin);
    return { pin, ref, channel, message };
  }
}

interface Item {
  readonly ref: CallRef;
  readonly pinId: PinId;
  readonly application: Application;
  readonly to: E164;
  readonly words: RunWords;
}

function startedEntry({ position, step, carrier }: Chosen, ref: CallRef) {
  return { kind: 'started', step: position, channel: step.channel, carrier, ref } as const;
}

/** A step that the plan does not have, in the place of the one that it stands at. */
function here({ plan, position }: PlanRun, channel: PlanChannel): Candidate {
  const at = Math.min(position, plan.steps.length - 1);
  return { position: at, step: { channel, next: plan.steps[at]?.next ?? { onFailure: true } } };
}

/** Why not even the first step of a plan can be started. */
export function refusal({ skipped }: Choice): ServiceError {
  const denied = skipped.find(({ reason }) => reason === 'denied');
  if (denied) return new ServiceError('denied', { reason: denied.detail ?? 'denied' });
  const missing = skipped.find(({ reason }) => reason === 'no-carrier');
  if (missing?.detail !== undefined)
    return fieldError(
      `plan.steps[${missing.step}].carrier`,
      `no carrier "${missing.detail}" for ${missing.channel}`,
    );
  if (missing) return new ServiceError('unavailable');
  if (skipped.some(({ reason }) => reason === 'too-late'))
    return new ServiceError('conflict', { reason: 'too-late' });
  return fieldError('to', 'is a number that no step of the plan can reach');
}
