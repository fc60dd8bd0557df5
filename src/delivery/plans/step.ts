import { silenceMs, type DeliveryPlan, type RunWords, type StepTrigger } from '../../domain/plan.ts';
import type { Application, CallRef, E164, PinId } from '../../domain/types.ts';
import type { AdvanceRun, NewRunEntry } from '../../store/plan-store.ts';
import type { NewEvent } from '../../store/outbox-store.ts';
import type { NewTimer } from '../../store/store.ts';
import { deliveryStarted } from '../events/sources.ts';
import { sendGuard } from '../pin-messages/guards.ts';
import type { PinSender } from '../pin-messages/pin-sender.ts';
import { callTimers, type Sender } from '../send.ts';
import type { Chosen } from './choose.ts';
import { planTimer } from './timers.ts';

export interface NewStep {
  readonly chosen: Chosen;
  readonly plan: DeliveryPlan;
  /** The turn that starts it. */
  readonly turn: number;
  readonly trigger: StepTrigger;
  /** ms since the epoch, for the event. */
  readonly at: number;
  readonly ref: CallRef;
  readonly pinId: PinId;
  readonly application: Application;
  readonly to: E164;
  readonly words: RunWords;
}

/** What the turn that starts a step writes. */
export interface StepWrites {
  readonly start: NonNullable<AdvanceRun['start']>;
  /** Those of its delivery, and when the step behind it begins by itself. */
  readonly timers: readonly NewTimer[];
  readonly entry: NewRunEntry;
  readonly event: NewEvent;
}

export interface StepParts {
  readonly sender: Sender;
  readonly pinSender: PinSender;
}

/** @throws ServiceError unavailable */
export function newStep(parts: StepParts, step: NewStep): StepWrites {
  const { chosen, ref, pinId, application, to, trigger, at } = step;
  const { carrier, position } = chosen;
  const { channel } = chosen.step;
  const { applicationId } = application;
  const { start, timers } = channel === 'voice' ? callOf(parts, step) : textOf(parts, step);
  return {
    start,
    timers: [...timers, ...deadline(step)],
    entry: { kind: 'started', step: position, channel, carrier, ref, trigger },
    event: deliveryStarted({ pinId, applicationId, to, ref, trigger, carrier, channel, at }),
  };
}

function callOf({ sender }: StepParts, { chosen, ref, pinId, application, to, words }: NewStep) {
  const { template, placeholders } = words;
  const { applicationId } = application;
  const { carrier } = chosen;
  const request = { ref, pinId, applicationId, template, placeholders, to, carrier, ...senderOf(words) };
  const delivery = sender.newDelivery(request);
  return { start: { delivery }, timers: callTimers(delivery) };
}

function textOf({ pinSender }: StepParts, { chosen, ref, pinId, application, to, words }: NewStep) {
  const { template, placeholders, lookUp } = words;
  const { applicationId } = application;
  const { carrier } = chosen;
  const request = { application, template, placeholders, to, lookUp, carrier, ...senderOf(words) };
  const message = { ref, pinId, applicationId, ...pinSender.newText(request) };
  return { start: { message }, timers: [sendGuard('sms', ref, 1)] };
}

function senderOf({ from }: RunWords): { readonly from?: string } {
  return from === undefined ? {} : { from };
}

function deadline({ pinId, turn, plan, chosen: { position, step } }: NewStep): readonly NewTimer[] {
  const inMs = silenceMs(step.next);
  if (inMs === undefined || position + 1 >= plan.steps.length) return [];
  const reason = inMs === step.next.noReportAfterMs ? 'no-report' : 'not-verified';
  return [planTimer(pinId, turn, reason, inMs)];
}
