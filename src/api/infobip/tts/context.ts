import type { Clock } from '../../../clock.ts';
import type { Messaging } from '../../../delivery/messaging.ts';
import type { Speech } from '../../../speech/speech.ts';

/** What the routes of the voice-message face share. */
export interface TtsDeps {
  readonly messaging: Messaging;
  readonly speech: Pick<Speech, 'voices' | 'chooseVoice'>;
  readonly clock: Clock;
}

/** Scopes of infobip-api.md 1.1: a key needs any one of an operation's. */
export const SEND = ['voice-message:manage', 'voice-message:message:send', 'message:send'] as const;
export const LOGS = ['voice-message:manage', 'voice-message:logs:read', 'message:send'] as const;
/** Of `/voice/1/reports`, which covers more than voice messages. */
export const REPORTS = ['voice-reports:read', 'voice:logs:read', 'message:send'] as const;

export const TAG = 'Voice';
