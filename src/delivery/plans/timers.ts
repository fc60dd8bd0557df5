import type { PinId } from '../../domain/types.ts';
import type { NewTimer } from '../../store/store.ts';

/** The next step of a plan is due. Void once its run has another turn. */
export const PLAN_TIMER = 'plan';
/** The end of a verification that nobody ended, to tell customers of it. */
export const END_TIMER = 'verification-end';

export type PlanTimerReason = 'failure' | 'no-report' | 'not-verified';
/** The carrier of a step failed in a way that may have been a yes. */
export const UNCLEAR = 'unclear';

/** A step that failed is followed at once by whoever saw it fail; this is for when that process died. */
export const FAILURE_SLACK_MS = 1_000;

export const planTimerId = (pinId: PinId, turn: number): string => `plan-${turn}-${pinId}`;

export function planTimer(pinId: PinId, turn: number, reason: PlanTimerReason, inMs: number): NewTimer {
  return {
    id: planTimerId(pinId, turn),
    kind: PLAN_TIMER,
    inMs: Math.max(0, Math.ceil(inMs)),
    data: { pinId, turn, reason },
  };
}

/** Beside the turn's own timer, which goes on where the step turns out to have been taken. */
export function unclearTimer(pinId: PinId, turn: number, inMs: number): NewTimer {
  return {
    id: `plan-unclear-${turn}-${pinId}`,
    kind: PLAN_TIMER,
    inMs,
    data: { pinId, turn, reason: UNCLEAR },
  };
}

export function endTimer(pinId: PinId, ttlMs: number): NewTimer {
  // Behind the instant itself: a PIN is alive until its expiry is over.
  return { id: `${END_TIMER}-${pinId}`, kind: END_TIMER, inMs: Math.ceil(ttlMs) + 1, data: { pinId } };
}
