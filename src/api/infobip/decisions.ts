import type { ErrorId } from '../../errors.ts';
import type { AttemptResult } from '../../store/store.ts';

/** What Saypin does where Infobip's documents are silent ([U] in infobip-api.md), in one place. */

/** Limits that nobody published; Infobip's speech API takes 1400 characters. */
export const MAX_NAME_LENGTH = 255;
export const MAX_TEXT_LENGTH = 1_400;
export const MAX_SENDER_LENGTH = 64;
export const MAX_VOICE_NAME_LENGTH = 100;
export const MAX_ID_LENGTH = 128;
export const MAX_PLACEHOLDERS = 50;
export const MAX_PLACEHOLDER_NAME_LENGTH = 64;
export const MAX_PLACEHOLDER_LENGTH = 1_400;

/** Accepted for delivery; what became of the call is told by the reports. */
export const CALL_STATUS = 'PENDING_ACCEPTED';

/**
 * Infobip: keys "should not contain a `pin` placeholder". Taken as that name, in any case: as a substring it would
 * refuse `shoppingCart`.
 */
export function isReservedPlaceholder(key: string): boolean {
  return key.trim().toLowerCase() === 'pin';
}

/**
 * Sends of a switched-off application: 403, naming the application. PINs that were sent before can still be
 * verified, since the switch is about sending.
 */
export const DISABLED_APPLICATION: ErrorId = 'forbidden';

/** Unknown application or template, or a template of another application: 400, since send lists no 404. */
export const UNKNOWN_REFERENCE = {
  applicationId: 'no such application',
  messageId: 'no such message of this application',
} as const;

/** How an outcome of the store is told: an error of the table, or an answer with HTTP 200. */
export type VerifyAnswer =
  | { readonly error: ErrorId }
  | { readonly verified: boolean; readonly remaining: 'none' | 'left'; readonly pinError?: string };

/** infobip-api.md 2.7, row by row. */
export const VERIFY_ANSWERS: Readonly<Record<AttemptResult['outcome'], VerifyAnswer>> = {
  // The official sample of a success says 0, whatever pinAttempts was.
  verified: { verified: true, remaining: 'none' },
  // Also for the last attempt: NO_MORE_PIN_ATTEMPTS comes from the next call on.
  wrong: { verified: false, remaining: 'left', pinError: 'WRONG_PIN' },
  expired: { verified: false, remaining: 'left', pinError: 'TTL_EXPIRED' },
  // DESIGN decision 8: a PIN that a newer send replaced answers as if its time were over.
  superseded: { verified: false, remaining: 'left', pinError: 'TTL_EXPIRED' },
  exhausted: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  // A second verify where `allowMultiplePinVerifications` is false.
  used: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  // The strict profile's failures per number: more tries of this PIN are of no use.
  capped: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  limited: { error: 'tooManyRequests' },
  unknown: { error: 'notFound' },
};
