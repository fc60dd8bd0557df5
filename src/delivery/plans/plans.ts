import {
  verificationState,
  type DeliveryPlan,
  type PlanChannel,
  type PlanRun,
  type RunWords,
  type StepTrigger,
} from '../../domain/plan.ts';
import { newCallRef } from '../../domain/ids.ts';
import { newPinMaterial } from '../../domain/pin.ts';
import type { PinMessage } from '../../domain/pin-message.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import type { Application, CallRef, Delivery, E164, PinId, PinRecord, Template } from '../../domain/types.ts';
import { overLimit, ServiceError } from '../../errors.ts';
import { background } from '../../log.ts';
import type { AdvanceRunResult } from '../../store/plan-store.ts';
import type { SendLimits } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Dialler } from '../dial.ts';
import { verificationEvent } from '../events/sources.ts';
import { newPin } from '../new-pin.ts';
import { firstCallRef } from '../send.ts';
import { stepsFrom, type Candidate } from './candidates.ts';
import { choose, refusal, type Choice } from './choose.ts';
import { newStep, type StepParts } from './step.ts';
import { endTimer, planTimerId } from './timers.ts';

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

type PlanParts = StepParts & { readonly dialler: Pick<Dialler, 'withdraw'> };

/** How often somebody who asks for a delivery may be overtaken by the plan itself. */
const ASK_TRIES = 3;

/**
 * Runs delivery plans: one live delivery at a time, each turn decided upon the one before in one write of the store, so
 * that two processes, or two reasons at once, never start the same step twice. What moves a plan on by itself is in follow.ts.
 */
export class Plans {
  readonly #context: Context;
  readonly #parts: PlanParts;

  constructor(context: Context, parts: PlanParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** What a PIN of Infobip's face gets beyond what was asked for; undefined: nothing. */
  async planFor(
    application: Application,
    { messageId }: Pick<Template, 'messageId'>,
    channel: PlanChannel,
  ): Promise<Pick<StartPlan, 'plan' | 'position'> | undefined> {
    const { recent, defaultPlan } = this.#context;
    const { applicationId } = application;
    const plan = (await recent.policyFor({ applicationId, messageId })) ?? defaultPlan;
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
    const step = newStep(this.#parts, {
      chosen,
      plan,
      turn: 1,
      trigger: 'first',
      at: clock.now(),
      ref,
      pinId,
      application,
      to,
      words,
    });
    const common = {
      opId: random(16).toString('hex'),
      pin: newPin({ material, application, template: words.template, to }, this.#context),
      limits: settings.limits,
      supersede: settings.supersede,
      timers: [...step.timers, endTimer(pinId, settings.ttlMs)],
      events: [step.event],
      run: { plan, words, origin, position: chosen.position, entries: [...choice.skipped, step.entry] },
    };
    const result =
      'delivery' in step.start
        ? await store.createPin({ ...common, delivery: step.start.delivery })
        : await store.createPinMessage({ ...common, message: step.start.message });
    if (result.outcome === 'limited') throw overLimit(result);
    const started = this.#begin(result.pin, chosen.step.channel, ref, result);
    if (settings.supersede) this.#context.superseded({ applicationId, to });
    return started;
  }

  /** The next turn. @throws ServiceError tooManyRequests, unavailable */
  async advance(request: AdvancePlan): Promise<Advanced> {
    const { store, random, clock } = this.#context;
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
    const { plan } = run;
    const step =
      chosen &&
      newStep(this.#parts, {
        chosen,
        plan,
        turn: turn + 1,
        trigger,
        at: clock.now(),
        ref,
        pinId,
        application,
        to,
        words,
      });
    const advanced = await store.advanceRun({
      opId: random(16).toString('hex'),
      pinId,
      expectedTurn: turn,
      position: chosen?.position ?? plan.steps.length,
      entries: [...choice.skipped, ...(step ? [step.entry] : [])],
      ...(step && { start: step.start }),
      ...(request.limits && { limits: request.limits }),
      timers: step?.timers ?? [],
      cancel: [planTimerId(pinId, turn)],
      events: [
        step?.event ??
          verificationEvent('undeliverable', { pinId, applicationId, to, at: now, turn: turn + 1 }),
      ],
    });
    return this.#settleTurn(advanced, choice, ref);
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

  #settleTurn(result: AdvanceRunResult, choice: Choice, ref: CallRef): Advanced {
    if (result.outcome === 'limited') throw overLimit(result);
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
    const results = await Promise.allSettled(refs.map(async ref => await this.#parts.dialler.withdraw(ref)));
    for (const result of results) {
      if (result.status === 'rejected')
        this.#context.log.warn({ err: result.reason as unknown }, 'a call could not be withdrawn');
    }
  }

  /** Gives a text to its carrier, in the background. A call is under way already. */
  handOver({ message, pin }: Started): void {
    if (!message) return;
    background(this.#context.log, 'a text of a plan', this.#parts.pinSender.sentText(message, pin));
  }

  /** After the commit. */
  #begin(
    pin: PinRecord,
    channel: PlanChannel,
    ref: CallRef,
    { delivery, message }: { delivery?: Delivery; message?: PinMessage },
  ): Started {
    if (delivery) this.#parts.sender.begin(delivery, pin);
    return { pin, ref, channel, message };
  }
}
