import type { NumberContext } from '../../carriers/message-carrier.ts';
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

/** A mail is on its way by then, or waits for the server to take it; its end is told by the reports. */
export const EMAIL_STATUS = {
  name: CALL_STATUS,
  description: 'Message accepted, pending for delivery.',
} as const;

/**
 * `ncStatus` of a lookup. Their text calls the one that stops the SMS NC_NOT_REACHABLE, which is not on their own list:
 * taken as a slip. Such a PIN exists (it can be verified wrongly, listed as not sent, and resent by a call) and
 * counts against the send limits, since its lookup was paid for. With `ncNeeded=false` the field is left out. A resend
 * does as its send did; after a call, it looks up.
 */
export const NC_STATUS = {
  reachable: 'NC_DESTINATION_REACHABLE',
  'not-reachable': 'NC_DESTINATION_NOT_REACHABLE',
  unknown: 'NC_DESTINATION_UNKNOWN',
  'not-configured': 'NC_NOT_CONFIGURED',
} as const satisfies Record<NumberContext['reachable'], string>;

/**
 * MESSAGE_NOT_SENT: the number is not reachable, or the carrier said no; no SMS will go out. A carrier that has not
 * answered within 5 s, or in a way that leaves it open, counts as MESSAGE_SENT: the text is committed and goes on.
 */
export const SMS_STATUS = { sent: 'MESSAGE_SENT', notSent: 'MESSAGE_NOT_SENT' } as const;

/** `Name <address>`; an address alone has at most 254 characters. */
export const MAX_MAILBOX_LENGTH = 460;
export const MAX_LANDING_PAGE_ID_LENGTH = 128;

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
  // And so does one that was cancelled through our own API.
  cancelled: { verified: false, remaining: 'left', pinError: 'TTL_EXPIRED' },
  exhausted: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  // A second verify where `allowMultiplePinVerifications` is false.
  used: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  // The strict profile's failures per number: more tries of this PIN are of no use.
  capped: { verified: false, remaining: 'none', pinError: 'NO_MORE_PIN_ATTEMPTS' },
  limited: { error: 'tooManyRequests' },
  unknown: { error: 'notFound' },
};
