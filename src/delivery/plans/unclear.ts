import type { PlanChannel, PlanRun } from '../../domain/plan.ts';
import type { CallRef, Delivery } from '../../domain/types.ts';
import { UNCLEAR_MS, type Onward } from '../hurry.ts';
import { stepsFrom, type Candidate } from './candidates.ts';
import { unclearTimer } from './timers.ts';

/** What a plan does behind a delivery that nobody knows the carrier to have. No phone may ring twice for it (faults.md I4). */

/** What waits behind a delivery whose carrier fails. */
export function onwardOf(run: PlanRun, ref: CallRef): Onward | undefined {
  const { pinId, plan, position, turn, live } = run;
  if (live !== ref || !plan.steps[position]?.next.onFailure || position + 1 >= plan.steps.length)
    return undefined;
  const follows = behindUnclear(run).length > 0;
  return { timer: follows ? unclearTimer(pinId, turn, UNCLEAR_MS) : undefined };
}

/** The steps that may begin while nobody knows of the live one: behind a call, the texts up to the next call. */
export function behindUnclear({ plan, position, live, entries }: PlanRun): readonly Candidate[] {
  const behind = stepsFrom(plan, position + 1);
  const isCall = entries.some(entry => entry.kind === 'started' && entry.ref === live && isVoice(entry));
  if (!isCall) return behind;
  const call = behind.findIndex(({ step }) => isVoice(step));
  return call < 0 ? behind : behind.slice(0, call);
}

/** Whether the next step is a call, and nobody knows yet whether the carrier has an earlier one. */
export async function wouldRingTwice(
  { plan, position, live, entries }: PlanRun,
  getCall: (ref: CallRef) => Promise<Delivery | undefined>,
): Promise<boolean> {
  const next = plan.steps[position + 1];
  if (!next || !isVoice(next)) return false;
  for (const entry of entries) {
    if (entry.kind !== 'started' || !isVoice(entry) || entry.ref === live) continue;
    const call = await getCall(entry.ref);
    if (call?.state === 'dialing' && call.carrierCallId === undefined) return true;
  }
  return false;
}

function isVoice({ channel }: { readonly channel: PlanChannel }): boolean {
  return channel === 'voice';
}
