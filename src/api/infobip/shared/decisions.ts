/** What voice messages, SMS and number lookup do alike where Infobip's documents are silent ([U] in infobip-api.md 3 and 5). */

/** security.md "Surfaces": bulks may be larger than other bodies. */
export const BULK_BODY_LIMIT = 4 * 1024 * 1024;
/** Documented for one message; taken for the whole request, so that one request has an upper bound. */
export const MAX_DESTINATIONS = 20_000;
export const MAX_TRANSFERS = 20;
/** Documented for SMS (5.1) only. */
export const MAX_BULK_ID_LENGTH = 100;
export const MAX_MESSAGE_ID_LENGTH = 200;
export const MAX_TO_LENGTH = 64;
export const MAX_URL_LENGTH = 2_048;

export const DEFAULT_PAGE = 50;
/** Documented for SMS only; voice takes a higher limit for this one. */
export const MAX_PAGE = 1_000;
/** Ids in one query. */
export const MAX_LISTED_IDS = 1_000;

export const DEFAULT_CONTENT_TYPE = 'application/json';

/** A bulk that nobody knows is 404: bulk calls list none, and SMS's answer it so. Nothing else moves a bulk. */
export const SETTABLE_STATUSES = ['PENDING', 'PAUSED', 'PROCESSING', 'CANCELED'] as const;
