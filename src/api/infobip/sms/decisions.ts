/**
 * What the SMS face does where Infobip's documents are silent ([U] in infobip-api.md 5), in one place.
 *
 * 400 or a REJECTED status? As with voice messages (tts/decisions.ts): a wrong shape is a 400 that names the field; where
 * the registry has a status (24, 25, 55, 56, 57, 87, a single bad number), the request is taken and answered with it.
 *
 * - `/sms/3/text/query` answers, and errs, as `/sms/3/messages` does; `/sms/1/text/query` as `/sms/2/text/advanced`.
 * - `details.messageCount` is always in answers of v3; `smsCount` only where `includeSmsCountInResponse` asks for it.
 * - `webhooks.delivery.notify: false` is no webhook.
 * - A speed limit leaves the validity alone: only voice documents it as overruled. Over 48 h is 48 h.
 * - A text is transliterated when it is accepted: what is sent, logged and counted is the result.
 * - `tracking`, `urlOptions` and `conversionTracking` are taken and do nothing: there is no URL shortener here.
 * - A filter of reports names what it wants; reports that no filter fits stay for the next pull.
 */

export const MAX_SMS_CALLBACK_DATA_LENGTH = 4_000;
export const MAX_CAMPAIGN_LENGTH = 255;
/** Of `entityId` and `applicationId`: v3, and the older calls. */
export const MAX_PLATFORM_ID_LENGTH = 255;
export const MAX_OLD_PLATFORM_ID_LENGTH = 50;
/** 255 SMS of 153 characters; what is longer cannot be told in parts at all. */
export const MAX_SMS_TEXT_LENGTH = 255 * 153;
/** One SMS; longer bytes would have to bring headers of their own in messages of their own. */
export const MAX_BINARY_OCTETS = 140;
/** Hexadecimal digits and blanks between them, as far as they are looked at. */
export const MAX_HEX_LENGTH = 4_096;
/** `esmClass` bit 6: the bytes begin with a user data header (SMPP 3.4, 5.2.12). */
export const USER_DATA_HEADER = 0x40;
/** What a URL may carry; more is a POST. */
export const MAX_QUERY_DESTINATIONS = 100;
/** A cursor is short and ours. */
export const MAX_CURSOR_LENGTH = 64;

/** Self-hosted: nothing is charged, and clients expect the object. */
export const PRICE = { pricePerMessage: 0, currency: 'EUR' } as const;

/** infobip-api.md 5.3. */
export const BULK_NOT_FOUND = 'Bulk not found';
