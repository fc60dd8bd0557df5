import type { Outcome } from './message.ts';
import type { CallReport } from './types.ts';

/** What a call's end means for the message that it carried. */

/** What a SIP answer says by itself; infobip-api.md 6, "Suggested SIP outcome mapping". */
type Plain = 'busy' | 'no-answer' | 'cancelled' | 'declined' | 'unknown-number';

const SIP_MEANINGS: ReadonlyMap<number, Plain> = new Map([
  [486, 'busy'],
  [600, 'busy'],
  [408, 'no-answer'],
  [480, 'no-answer'],
  [487, 'cancelled'],
  [603, 'declined'],
  [607, 'declined'], // Unwanted, RFC 8197
  [608, 'declined'], // Rejected, RFC 8688
  [404, 'unknown-number'],
  [604, 'unknown-number'],
]);

/** @param sipCode the final answer to the INVITE, 300 to 699 */
export function outcomeOfSip(sipCode: number): { kind: Plain } | { kind: 'failed'; sipCode: number } {
  const kind = SIP_MEANINGS.get(sipCode);
  return kind ? { kind } : { kind: 'failed', sipCode };
}

/** Causes (CallReport.cause) that say how an answered call went, from the dialogue or the carrier. */
const ANSWERED = new Set(['completed', 'hangup', 'call-timeout']);
/** The answered call broke off or never came to speak: ours to answer for, unless it was all heard before. */
const BROKEN = new Set([
  'media-lost',
  'no-start',
  'wrong-call',
  'speech-failed',
  'overtime',
  'shutdown',
  'internal',
]);
/** Carriers' words (CallEndCause) for calls that nobody answered; a SIP code adds nothing to them. */
const UNANSWERED: Readonly<Record<string, 'busy' | 'no-answer' | 'cancelled'>> = {
  busy: 'busy',
  // Twilio reports 487 here when its own ring timeout cancelled the call: still nobody answered.
  'no-answer': 'no-answer',
  canceled: 'cancelled',
};

/**
 * The outcome of a finished call. The cause is the one nearest to the listener (report.ts): the dialogue's, ours,
 * the carrier's.
 *
 * - An answered call is `answered`, also where the listener hung up early: Infobip counts calls, not words.
 * - Where our side broke, it is `failed` unless everything was heard before, so that a retry plan tries again.
 * - A failed human gate counts as a machine unless detection knew better: nothing but the gate was said.
 */
export function outcomeOfCall(report: CallReport): Outcome {
  const { cause } = report;
  if (cause === 'machine') return { kind: 'answered', by: 'machine' };
  if (cause === 'gate-failed') {
    return { kind: 'answered', by: report.answeredBy === 'human' ? 'human' : 'machine' };
  }
  const answered: Outcome = { kind: 'answered', by: report.answeredBy };
  if (ANSWERED.has(cause) || report.codeHeard === 'full') return answered;
  if (report.answeredAt === undefined) return unanswered(report);
  if (BROKEN.has(cause) || report.codeHeard === 'none') return { kind: 'failed', carrierCode: cause };
  // It was answered and something was said, but how it ended got lost.
  return answered;
}

function unanswered({ cause, sipCode }: CallReport): Outcome {
  const told = UNANSWERED[cause];
  if (told) return { kind: told };
  const meant = sipCode !== undefined && sipCode >= 300 ? outcomeOfSip(sipCode) : undefined;
  if (cause === 'rejected') return meant?.kind === 'failed' ? meant : { kind: 'declined' };
  if (meant) return meant;
  return cause === 'failed' || cause === 'unknown'
    ? { kind: 'failed' }
    : { kind: 'failed', carrierCode: cause };
}
