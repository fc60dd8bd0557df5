import { callOutcome, messageOutcome, type PlanRun, type StepOutcome } from '../../domain/plan.ts';
import type { PinMessage, PinMessageReport } from '../../domain/pin-message.ts';
import type { CallRef, CallReport, Delivery, PinId } from '../../domain/types.ts';
import { background } from '../../log.ts';
import type { DueTimer, NewTimer } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { DialGuard } from '../dial-guard.ts';
import { verificationEvent } from '../events/sources.ts';
import type { Onward } from '../hurry.ts';
import type { MessageGuard } from '../pin-messages/message-guard.ts';
import type { TimerOutcome } from '../timers.ts';
import { stepsFrom } from './candidates.ts';
import type { Plans } from './plans.ts';
import {
  END_TIMER,
  FAILURE_SLACK_MS,
  planTimer,
  planTimerId,
  UNCLEAR,
  type PlanTimerReason,
} from './timers.ts';
import { behindUnclear, onwardOf, wouldRingTwice } from './unclear.ts';

/** To be written with the end of a delivery, and what to do once it was. */
export interface FollowUp {
  readonly arm: readonly NewTimer[];
  readonly cancel: readonly string[];
  after(): void;
}

const NO_FOLLOW_UP: FollowUp = { arm: [], cancel: [], after: () => undefined };

interface FollowerParts {
  readonly plans: Pick<Plans, 'advance' | 'handOver'>;
  readonly dialGuard: Pick<DialGuard, 'isUnclear'>;
  readonly messageGuard: Pick<MessageGuard, 'isUnclear'>;
}

/**
 * What moves a plan on by itself: the end of its live delivery, silence, and time. What follows a failure is on a durable timer before
 * it is done.
 */
export class PlanFollower {
  readonly #context: Context;
  readonly #parts: FollowerParts;

  constructor(context: Context, parts: FollowerParts) {
    this.#context = context;
    this.#parts = parts;
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
    const isUnclear = text
      ? await this.#parts.messageGuard.isUnclear(text)
      : await this.#parts.dialGuard.isUnclear(live);
    if (!isUnclear) return;
    const advanced = await this.#parts.plans.advance({
      pinId,
      turn,
      trigger: 'failure',
      candidates: behindUnclear(run),
      tentative: true,
    });
    if (advanced.outcome === 'started') this.#parts.plans.handOver(advanced.started);
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
    const advanced = await this.#parts.plans.advance({
      pinId,
      turn,
      trigger,
      candidates: stepsFrom(plan, position + 1),
    });
    if (advanced.outcome === 'started') this.#parts.plans.handOver(advanced.started);
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
}
