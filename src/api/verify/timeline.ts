import { outcomeOfCall } from '../../domain/call-outcome.ts';
import type { PinMessage, PinMessageReport } from '../../domain/pin-message.ts';
import { callOutcome, type RunEntry } from '../../domain/plan.ts';
import type { CallReport, Delivery } from '../../domain/types.ts';
import { assertNever } from '../../errors.ts';
import type { VerificationRecord } from '../../store/plan-store.ts';
import type { TimelineStep } from './schemas.ts';

type Sent = Delivery | PinMessage;
type Started = Extract<RunEntry, { kind: 'started' }>;

/**
 * All that was done to deliver a PIN, in order: the entries of its plan, each with what became of its call or text, and
 * what was sent outside of a plan (a PIN without one; a mail). It never tells what was said, pressed or filled in.
 */
export function timelineOf(record: Pick<VerificationRecord, 'run' | 'calls' | 'messages'>): TimelineStep[] {
  const entries = record.run?.entries ?? [];
  const sent = new Map<string, Sent>([...record.calls, ...record.messages].map(each => [refOf(each), each]));
  const planned = entries.map(entry => {
    if (entry.kind === 'skipped') return { at: entry.at, step: skippedStep(entry) };
    return { at: entry.at, step: startedStep(entry, sent.get(entry.ref)) };
  });
  for (const entry of entries) if (entry.kind === 'started') sent.delete(entry.ref);
  const others = [...sent.values()]
    .toSorted((one, other) => one.createdAt - other.createdAt)
    .map((each, index) => ({ at: each.createdAt, step: unplannedStep(each, entries.length + index === 0) }));
  // Stable: what began at the same instant stays in its order.
  return [...planned, ...others].toSorted((one, other) => one.at - other.at).map(({ step }) => step);
}

export function isCall(sent: Sent): sent is Delivery {
  return 'callRef' in sent;
}

function refOf(sent: Sent): string {
  return isCall(sent) ? sent.callRef : sent.ref;
}

function skippedStep(entry: Extract<RunEntry, { kind: 'skipped' }>): TimelineStep {
  const { at, step, channel, reason, detail } = entry;
  return { at: iso(at), step, channel, state: 'skipped', reason, ...(detail !== undefined && { detail }) };
}

function startedStep(entry: Started, sent: Sent | undefined): TimelineStep {
  const { at, step, channel, carrier, trigger } = entry;
  const start = { at: iso(at), step, channel, carrier, trigger };
  // Kept for as long as its PIN; where it is gone all the same, the plan's own word is all there is.
  return sent ? { ...start, ...fate(sent) } : { ...start, state: 'unclear' };
}

function unplannedStep(sent: Sent, first: boolean): TimelineStep {
  const { channel, carrier, createdAt } = sent;
  return { at: iso(createdAt), channel, carrier, trigger: first ? 'first' : 'resend', ...fate(sent) };
}

type Fate = Omit<TimelineStep, 'at' | 'channel'>;

function fate(sent: Sent): Fate {
  return isCall(sent) ? fateOfCall(sent) : fateOfMessage(sent);
}

function fateOfMessage({ state, report }: PinMessage): Fate {
  if (!report) return { state: state === 'sending' ? 'sending' : 'sent' };
  const { cause, carrierCode, endedAt } = report;
  return {
    state: messageEnd(report),
    endedAt: iso(endedAt),
    ...(cause !== 'delivered' && { reason: cause }),
    ...(carrierCode !== undefined && { carrierReason: carrierCode }),
  };
}

function messageEnd({ cause }: PinMessageReport): Fate['state'] {
  switch (cause) {
    case 'delivered':
      return 'delivered';
    case 'undelivered':
    case 'failed':
      return 'undelivered';
    case 'refused':
    case 'unreachable':
    case 'expired':
      return 'failed';
    // A mail server has it, and will say no more.
    case 'accepted':
      return 'sent';
    case 'carrier-unknown':
    case 'no-receipt':
      return 'unclear';
    default:
      return assertNever(cause);
  }
}

const CALL_STATES = {
  dialing: 'sending',
  initiated: 'sent',
  ringing: 'ringing',
  answered: 'answered',
  ended: 'unclear',
} as const satisfies Record<Delivery['state'], Fate['state']>;

function fateOfCall({ state, answeredAt, report }: Delivery): Fate {
  const answered = report?.answeredAt ?? answeredAt;
  const pickedUp = answered === undefined ? {} : { answeredAt: iso(answered) };
  if (!report) return { state: CALL_STATES[state], ...pickedUp };
  const { cause, carrierCause, sipCode, endedAt, codeHeard, gate, answeredBy, repeats } = report;
  const carrierReason = carrierCause ?? sipCode?.toString();
  return {
    state: callEnd(report),
    ...pickedUp,
    endedAt: iso(endedAt),
    reason: cause,
    ...(carrierReason !== undefined && { carrierReason }),
    codeHeard,
    gate,
    answeredBy,
    repeats,
  };
}

/** Ours, and the carrier's word for a call that we took back before it was answered. */
const WITHDRAWN = new Set(['withdrawn', 'canceled']);

function callEnd(report: CallReport): Fate['state'] {
  const outcome = callOutcome(report);
  if (outcome !== 'failed') return outcome;
  if (WITHDRAWN.has(report.cause) && report.answeredAt === undefined) return 'withdrawn';
  return outcomeOfCall(report).kind === 'failed' ? 'failed' : 'undelivered';
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
