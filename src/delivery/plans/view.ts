import { canTake, silenceMs, verificationState, type PlanRun } from '../../domain/plan.ts';
import { isNumber } from '../../domain/email.ts';
import { numberType } from '../../domain/phone.ts';
import type { VerificationRecord } from '../../store/plan-store.ts';
import type { VerificationView } from '../verifications.ts';

/** What a client is told of a verification, `allowedInMs` being how long both send limits keep it waiting. */
export function verificationView(
  record: VerificationRecord,
  allowedInMs: number,
  can: { readonly sms: boolean; readonly voice: boolean },
): VerificationView {
  const { pin, run, now } = record;
  const state = verificationState(pin, now);
  const { to } = pin;
  const type = isNumber(to) ? numberType(to) : undefined;
  const allowedAt = (channel: 'sms' | 'voice'): number | undefined =>
    state === 'pending' && type !== undefined && can[channel] && canTake(channel, type)
      ? now + allowedInMs
      : undefined;
  return {
    ...record,
    state,
    undeliverable: run !== undefined && run.position >= run.plan.steps.length,
    attemptsLeft: state === 'pending' ? pin.attemptsAllowed - pin.attemptsUsed : 0,
    nextSmsAllowedAt: allowedAt('sms'),
    nextVoiceAllowedAt: allowedAt('voice'),
    nextStepAt: state === 'pending' && run ? nextStepAt(record, run) : undefined,
  };
}

function nextStepAt({ messages, calls, now, pin }: VerificationRecord, run: PlanRun): number | undefined {
  const { plan, position, live, entries } = run;
  const step = plan.steps[position];
  if (!step || position + 1 >= plan.steps.length) return undefined;
  const startedAt = entries.findLast(entry => entry.kind === 'started' && entry.ref === live)?.at;
  if (startedAt === undefined) return undefined;
  const text = messages.find(({ ref }) => ref === live);
  const call = calls.find(({ callRef }) => callRef === live);
  const delivered = text?.report?.cause === 'delivered' || call?.report?.codeHeard === 'full';
  const waitMs = delivered ? step.next.notVerifiedAfterMs : silenceMs(step.next);
  const at = waitMs === undefined ? undefined : Math.max(now, startedAt + waitMs);
  return at !== undefined && at < pin.expiresAt ? at : undefined;
}
