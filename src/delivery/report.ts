import type { CarrierEvent } from '../carriers/carrier.ts';
import type { CallReport, Delivery } from '../domain/types.ts';
import type { SessionReport } from '../media/call-session.ts';

export type EndedEvent = Extract<CarrierEvent, { type: 'ended' }>;

/** Everything that is known when a call is written off; any of it may be missing. */
export interface Ending {
  readonly delivery: Delivery;
  readonly dialog: SessionReport | undefined;
  readonly carrierEnd: EndedEvent | undefined;
  /** Ours: why the call came to nothing without the carrier or the dialogue saying so. */
  readonly failure: string | undefined;
  /** No dialogue was ever begun: nothing can have been heard. */
  readonly silent: boolean;
  readonly voiceFallback: string | undefined;
  readonly now: number;
}

/**
 * Merges what the dialogue, the carrier and we know of a finished call. The cause is the one nearest to the listener:
 * the dialogue's, then ours, then the carrier's. The result does not depend on who spoke first.
 */
export function callReport(ending: Ending): CallReport {
  const { delivery, dialog, carrierEnd, failure } = ending;
  const answeredAt = delivery.answeredAt ?? answeredAtOf(carrierEnd);
  return {
    cause: dialog?.failure ?? dialog?.cause ?? failure ?? carrierEnd?.cause ?? 'unknown',
    carrierCause: carrierEnd?.raw,
    sipCode: carrierEnd?.sipCode,
    answeredAt,
    // Carriers round to seconds, and their clocks are theirs.
    endedAt: Math.min(ending.now, Math.max(carrierEnd?.at ?? ending.now, answeredAt ?? delivery.createdAt)),
    codeHeard: dialog?.codeHeard ?? (ending.silent || neverAnswered(carrierEnd) ? 'none' : 'unknown'),
    repeats: dialog?.repeats ?? 0,
    gate: dialog?.gate ?? 'none',
    answeredBy: dialog?.answeredBy ?? 'unknown',
    dtmfCodes: dialog?.inputs.join(', ') ?? '',
    voiceFallback: ending.voiceFallback,
  };
}

function neverAnswered(end: EndedEvent | undefined): boolean {
  return end !== undefined && end.cause !== 'completed';
}

/** A `completed` that overtook the `answered`: the carrier's duration tells when. */
function answeredAtOf(end: EndedEvent | undefined): number | undefined {
  if (end?.cause !== 'completed' || end.at === undefined || end.durationSeconds === undefined)
    return undefined;
  return end.at - end.durationSeconds * 1000;
}
