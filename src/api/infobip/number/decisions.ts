import type { NumberContext } from '../../../carriers/message-carrier.ts';
import type { Outcome } from '../../../domain/message.ts';
import { rejection } from '../../../domain/status.ts';

/** What number lookup does where Infobip's documents are silent ([U] in infobip-api.md 5.4), in one place. */

export const MAX_NUMBERS = 1_000;

/** Lookups of one request at a time. */
export const CONCURRENCY = 32;
/** Under the 15 s that a client of Node's waits for headers; what is not known by then is answered as a timeout. */
export const DEADLINE_MS = 10_000;
/** Answers of a pushed lookup are written down this many at a time, so that a try that is cut short is not lost. */
export const SAVE_EVERY = 100;
/** Logs look back as far as everywhere (5.3); kept a day longer, for pushes that come late. */
export const LOG_MS = 48 * 3_600_000;
export const KEEP_MS = LOG_MS + 24 * 3_600_000;

/** Self-hosted: nothing is charged, and clients expect the object. */
export const PRICE = { pricePerLookup: 0, currency: 'EUR' } as const;

/** A number that no lookup can ask about has the status that a message to it would have. */
export const NO_NUMBER = rejection('REJECTED_DESTINATION');

/**
 * What the register said, as the outcome of a message that would have gone there. Offline metadata asked nobody: that is
 * no route, and says neither that the phone is on nor that it is off; what the numbering plan knows is answered all the
 * same.
 */
export const OUTCOMES: Readonly<Record<NumberContext['reachable'], Outcome>> = {
  reachable: { kind: 'delivered' },
  'not-reachable': { kind: 'unreachable' },
  unknown: { kind: 'unknown-number' },
  'not-configured': { kind: 'failed', carrierCode: 'carrier-missing' },
};
