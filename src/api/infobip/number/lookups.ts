import type { NumberContext, NumberLookup } from '../../../carriers/message-carrier.ts';
import type { Clock } from '../../../clock.ts';
import type { Outcome } from '../../../domain/message.ts';
import { parseMsisdn } from '../../../domain/phone.ts';
import { infobipResult } from '../../../domain/status.ts';
import { CarrierError } from '../../../errors.ts';
import type { LookupAnswer } from '../../../store/lookup-store.ts';
import { destinationOf } from '../shared/destinations.ts';
import { CONCURRENCY, DEADLINE_MS, NO_NUMBER, OUTCOMES } from './decisions.ts';
import type { LookupResult } from './schemas.ts';

/**
 * Asks about each number, some at a time, and answers in their order. Never rejects: a lookup that fails, or is not
 * done by the deadline, is answered as such. The same number is asked once.
 */
export async function lookUpAll(
  numbers: readonly string[],
  deps: { lookup: NumberLookup; clock: Clock },
): Promise<readonly LookupResult[]> {
  const unique = [...new Set(numbers)];
  const results = new Map<string, LookupResult>();
  const deadline = new AbortController();
  const timer = deps.clock.after(DEADLINE_MS, () => deadline.abort());
  const queue = unique.values();
  // They share the iterator: each takes the next one when it is done.
  const worker = async (): Promise<void> => {
    for (const to of queue) results.set(to, await lookUp(to, deps.lookup, deadline.signal));
  };
  try {
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, unique.length) }, worker));
  } finally {
    timer.cancel();
  }
  return numbers.map(to => results.get(to) ?? resultOf({ to }, TIMEOUT));
}

const TIMEOUT: Outcome = { kind: 'failed', carrierCode: 'carrier-timeout' };

async function lookUp(asked: string, lookup: NumberLookup, signal: AbortSignal): Promise<LookupResult> {
  const to = destinationOf(asked);
  const number = parseMsisdn(asked);
  if (!number) return resultOf({ to }, NO_NUMBER);
  if (signal.aborted) return resultOf({ to }, TIMEOUT);
  try {
    const context = await untilAborted(lookup.lookup(number, signal), signal);
    return resultOf({ ...context, to }, OUTCOMES[context.reachable]);
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    return resultOf({ to }, { kind: 'failed', carrierCode: `carrier-${error.reason}` });
  }
}

/** A lookup that does not listen to its signal holds up nobody. */
async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new CarrierError('timeout'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** What is not known is null; networks that a number is not in are left out (infobip-api.md 5.4). */
function resultOf(known: Pick<NumberContext, 'to'> & Partial<NumberContext>, outcome: Outcome): LookupResult {
  const { to, mccMnc, imsi, originalNetwork, portedNetwork, roamingNetwork, servingMsc } = known;
  const { ported = false, roaming = false } = known;
  return {
    to,
    mccMnc: mccMnc ?? null,
    imsi: imsi ?? null,
    originalNetwork: originalNetwork ?? null,
    ported,
    ...(ported && portedNetwork && { portedNetwork }),
    roaming,
    ...(roaming && roamingNetwork && { roamingNetwork }),
    servingMSC: servingMsc ?? null,
    ...infobipResult(outcome, 'sms', 'Ok'),
  };
}

/** As the store keeps it. */
export function answerOf(result: LookupResult): Omit<LookupAnswer, 'messageId'> {
  const { mccMnc, status } = result;
  return { result, statusGroup: status.groupName, ...(mccMnc !== null && { mccMnc }) };
}
