import { CircuitOpenError } from '../carriers/circuit.ts';
import type { CallRef, PinId } from '../domain/types.ts';
import type { CarrierError } from '../errors.ts';
import type { NewTimer } from '../store/store.ts';

/**
 * faults.md F15: while a further step of a plan waits behind a send, its carrier's trouble is not waited out. What is certain is
 * followed at once; what is not is followed this long after the first failure, unless a callback or the carrier's list
 * tells by then.
 */
export const UNCLEAR_MS = 1_000;
/** For the carrier's list, asked one last time before the next step. */
export const LAST_LOOK_MS = 400;

/** Between tries that provably did not reach the carrier. */
const HURRIED_RETRY_MS = [300, 600] as const;

/** A plan goes on behind a delivery that is not known to be with its carrier. */
export interface Onward {
  /**
   * Starts the next step unless the fate of the delivery is known by then. Undefined: the next step has to wait for that, since
   * it would be a second call.
   */
  readonly timer: NewTimer | undefined;
}

/** Asked when a carrier fails; undefined: nothing waits behind the delivery. @throws ServiceError unavailable */
export type FindOnward = (pinId: PinId, ref: CallRef) => Promise<Onward | undefined>;

/** Before the next try of what provably did not arrive; undefined: no further one, somebody else takes over. */
export function hurriedRetryMs(error: CarrierError, tries: number, sinceFirstMs: number): number | undefined {
  if (error instanceof CircuitOpenError) return undefined;
  const wait = HURRIED_RETRY_MS[tries];
  if (wait === undefined) return undefined;
  const ms = Math.max(wait, retryAfterMs(error) ?? 0);
  return sinceFirstMs + ms <= UNCLEAR_MS ? ms : undefined;
}

/** What the carrier asks for (`Retry-After`). */
function retryAfterMs({ cause }: CarrierError): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('retryAfterMs' in cause)) return undefined;
  return typeof cause.retryAfterMs === 'number' ? cause.retryAfterMs : undefined;
}
