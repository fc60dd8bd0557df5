/** What a key or user may be allowed: infobip-api.md 1.1, and our own administration. */
export const SCOPES = [
  '2fa:manage',
  '2fa:pin:send',
  'voice-message:manage',
  'voice-message:message:send',
  'voice-message:logs:read',
  'voice-reports:read',
  'voice:logs:read',
  'ivr:manage',
  'ivr:configuration:manage',
  'ivr:message:send',
  'sms:manage',
  'sms:message:send',
  'sms:logs:read',
  'message:send',
  'number-lookup:manage',
  'number-lookup:send',
  'number-lookup:logs:read',
] as const;

/** To make and revoke keys and users, of whatever scopes: the operator's, never within `EVERYTHING`. */
export const ADMINISTRATION = 'keys:manage';

/** Every scope but administration, those of later versions included. What a key or user has unless told otherwise. */
export const EVERYTHING = '*';

export const GRANTABLE: readonly string[] = [...SCOPES, ADMINISTRATION, EVERYTHING];
