import type { DeliveryPlan, PlanChannel, PlanRun, PlanStep } from '../../domain/plan.ts';

/** A step that may be tried, and where it stands in the plan. */
export interface Candidate {
  readonly position: number;
  readonly step: PlanStep;
}

/** The steps behind a position. */
export function stepsFrom({ steps }: DeliveryPlan, position: number): readonly Candidate[] {
  return steps.map((step, index) => ({ step, position: index })).slice(position);
}

/** For Infobip's resend: over the channel's own step, this one or a later one; else over it where the plan stands. */
export function againOver(channel: PlanChannel): (run: PlanRun) => readonly Candidate[] {
  return run => {
    const own = stepsFrom(run.plan, run.position).filter(({ step }) => step.channel === channel);
    return [...own.slice(0, 1), ...(own.length === 0 ? [here(run, channel)] : [])];
  };
}

/** For "call me instead": the next step, or the next one over a channel; else the same words over it once more. */
export function onwardOver(channel: PlanChannel | undefined): (run: PlanRun) => readonly Candidate[] {
  return run => {
    const behind = stepsFrom(run.plan, run.position + 1);
    if (channel === undefined) return behind;
    const own = behind.filter(({ step }) => step.channel === channel);
    return own.length > 0 ? own : [here(run, channel)];
  };
}

/** A step that the plan does not have, in the place of the one that it stands at. */
function here({ plan, position }: PlanRun, channel: PlanChannel): Candidate {
  const at = Math.min(position, plan.steps.length - 1);
  return { position: at, step: { channel, next: plan.steps[at]?.next ?? { onFailure: true } } };
}
