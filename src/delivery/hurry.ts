import { CircuitOpenError } from '../carriers/circuit.ts';
import type { Clock } from '../clock.ts';
import type { CallRef, PinId } from '../domain/types.ts';
import type { CarrierError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { NewTimer } from '../store/store.ts';
import { within } from './within.ts';

/**
 * faults.md F15: while a further step of a plan waits behind a send, its carrier's trouble is not waited out. What is certain is
 * followed at once; what is not is followed this long after the first failure, unless a callback or the carrier's list
 * tells by then.
 */
export const UNCLEAR_MS = 1_000;
/** For the carrier's list, asked one last time before the next step. */
export const LAST_LOOK_MS = 400;

/** Between tries that provably did not reach the carrier, and when the last one begins at the latest: before the next step does. */
const HURRIED_RETRY_MS = [300, 550] as const;
const LAST_RETRY_MS = 900;

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

/** A send whose first try has failed; its record as it is now. */
export interface Trouble<Record> {
  /** Monotonic. */
  readonly since: number;
  readonly hurried: boolean;
  readonly record: Record;
}

/**
 * The first failure of a send. Where a plan waits to go on, that it does so is written down at once (`reserve`, a claim of the next
 * try that arms the timer too), whatever becomes of this process. Undefined: the send is somebody else's now.
 */
export async function meetTrouble<Record extends { readonly pinId: PinId | undefined }>(
  deps: { readonly onward: FindOnward; readonly clock: Clock; readonly log: Logger },
  send: {
    readonly ref: CallRef;
    readonly record: Record;
    readonly error: CarrierError;
    readonly reserve: (timer: NewTimer) => Promise<Record | undefined>;
  },
): Promise<Trouble<Record> | undefined> {
  const { ref, record, error, reserve } = send;
  const since = deps.clock.monotonic();
  const alone = { since, hurried: false, record };
  if (record.pinId === undefined) return alone;
  try {
    const ahead = await deps.onward(record.pinId, ref);
    if (!ahead) return alone;
    // What is not tried again ends at once, and its plan goes on with that.
    const ends = error.retryable && hurriedRetryMs(error, 0, 0) === undefined;
    if (ends || !ahead.timer) return { since, hurried: true, record };
    const reserved = await reserve(ahead.timer);
    return reserved && { since, hurried: true, record: reserved };
  } catch (failure) {
    deps.log.warn({ err: failure, ref }, 'the plan of a PIN could not be told of trouble');
    return alone;
  }
}

/** Before the next try of what provably did not arrive; undefined: no further one, somebody else takes over. */
export function hurriedRetryMs(error: CarrierError, tries: number, sinceFirstMs: number): number | undefined {
  if (error instanceof CircuitOpenError) return undefined;
  const wait = HURRIED_RETRY_MS[tries];
  if (wait === undefined) return undefined;
  const ms = Math.max(wait, retryAfterMs(error) ?? 0);
  return sinceFirstMs + ms <= LAST_RETRY_MS ? ms : undefined;
}

/** The carrier has said no; anything else (5xx, garbage, silence) may have been a yes. */
export function certainlyRefused(error: CarrierError): boolean {
  return ['rejected', 'unauthorized', 'rate-limited'].includes(error.reason);
}

/** What a carrier's list says, or undefined where it takes longer than `ms` (absent: as long as it takes). @throws CarrierError */
export async function lookUp<Found>(
  clock: Clock,
  ms: number | undefined,
  ask: (signal: AbortSignal) => Promise<Found>,
): Promise<Found | undefined> {
  const abort = new AbortController();
  try {
    const asking = ask(abort.signal);
    return ms === undefined ? await asking : await within(clock, ms, asking);
  } finally {
    abort.abort();
  }
}

/** What the carrier asks for (`Retry-After`). */
function retryAfterMs({ cause }: CarrierError): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('retryAfterMs' in cause)) return undefined;
  return typeof cause.retryAfterMs === 'number' ? cause.retryAfterMs : undefined;
}
