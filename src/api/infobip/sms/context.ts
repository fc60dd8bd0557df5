import type { Clock } from '../../../clock.ts';
import type { Messaging } from '../../../delivery/messaging.ts';
import type { Logger } from '../../../log.ts';
import type { Authenticator } from '../../auth.ts';

/** What the routes of the SMS face share. */
export interface SmsDeps {
  readonly messaging: Messaging;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SmsQueryDeps extends SmsDeps {
  readonly authenticate: Authenticator;
}

/** Scopes of infobip-api.md 1.1: a key needs any one of an operation's. */
export const SEND = ['sms:manage', 'sms:message:send', 'message:send'] as const;
export const LOGS = ['sms:manage', 'sms:logs:read'] as const;
/** Who sends may hear what became of it. */
export const REPORTS = ['sms:manage', 'sms:logs:read', 'sms:message:send', 'message:send'] as const;

export const TAG = 'SMS';
