/**
 * Messages that are no PINs: voice messages (tts/3) and SMS. A bulk is one accepted request; a message is one destination
 * of it. Calls placed for a voice message are deliveries of their own (types.ts) that point back to the message.
 */

export type MessageChannel = 'voice' | 'sms';

/** Which public call it came in by: decides the shape of its reports. */
export type MessageFace = 'tts3' | 'sms2' | 'sms3';

export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** UTC; minutes since midnight, `to` exclusive; from == to means whole days. A window may pass midnight. */
export interface TimeWindow {
  readonly days: readonly Weekday[];
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Infobip's ladder (infobip-api.md 3.4), already rounded up to its rungs; minutes. */
export interface RetryPlan {
  readonly minPeriod: number;
  readonly maxPeriod: number;
  readonly maxCount: number;
}

/** `amount` messages in `perMs`. */
export interface SendingSpeed {
  readonly amount: number;
  readonly perMs: number;
}

export interface CallTransfer {
  readonly transferTo: string;
  readonly on: 'dtmf' | 'anyDtmf';
  readonly equals?: string;
  readonly maxDurationSeconds?: number;
}

/** What a voice message says and how its call behaves; seconds and milliseconds as named. */
export interface VoiceContent {
  readonly text?: string;
  readonly audioFileUrl?: string;
  /** 2FA form (`pt_br`) where known, else as given. */
  readonly language: string;
  readonly voiceName?: string;
  readonly gender?: 'male' | 'female';
  readonly speechRate: number;
  readonly repeatDtmf?: string;
  readonly maxDtmf?: number;
  readonly dtmfTimeoutSeconds: number;
  readonly ringTimeoutSeconds: number;
  readonly callTimeoutSeconds?: number;
  readonly pauseSeconds: number;
  readonly machineDetection: 'off' | 'hangup' | 'continue';
  readonly callTransfers: readonly CallTransfer[];
}

export interface SmsContent {
  readonly text?: string;
  readonly binary?: { readonly hex: string; readonly dataCoding: number; readonly esmClass: number };
  readonly flash: boolean;
  readonly transliteration?: string;
  readonly languageCode?: string;
  /** Segments, counted by the GSM 03.38 rules. */
  readonly messageCount: number;
  readonly indiaDlt?: {
    readonly principalEntityId: string;
    readonly contentTemplateId?: string;
    readonly telemarketerId?: string;
  };
}

/** Where and how the final report (and, where asked, intermediate ones) is pushed. */
export interface NotifyTarget {
  readonly url: string;
  readonly contentType: 'application/json' | 'application/xml';
  /** Voice: 1 flat, 2 nested. */
  readonly version: 1 | 2;
  readonly intermediate: boolean;
}

/**
 * What became of a message, in our own words; status.ts maps each to Infobip's status and error rows. `rejected` carries
 * the registry's status id directly, since those are about the request.
 */
export type Outcome =
  | { readonly kind: 'pending' | 'waiting-delivery' | 'enroute' }
  | { readonly kind: 'delivered' | 'delivered-to-operator' }
  | { readonly kind: 'answered'; readonly by: 'human' | 'machine' | 'unknown' }
  | {
      readonly kind:
        | 'busy'
        | 'no-answer'
        | 'cancelled'
        | 'declined'
        | 'expired'
        | 'unreachable'
        | 'unknown-number';
    }
  | { readonly kind: 'failed'; readonly sipCode?: number; readonly carrierCode?: string }
  | { readonly kind: 'rejected'; readonly statusId: number; readonly statusName: string };

/** `scheduled` waits for its time; `sending` is claimed (write-ahead); `sent` is with the carrier; `done` is final. */
export type MessageState = 'scheduled' | 'sending' | 'sent' | 'done';

/** Facts of the call, for reports. `dtmfCodes` are secrets of the customer: never logged. */
export interface VoiceResult {
  readonly startedAt?: number;
  readonly answeredAt?: number;
  readonly endedAt?: number;
  readonly durationSeconds: number;
  readonly fileDurationSeconds: number;
  readonly dtmfCodes: string;
  readonly answeredBy?: 'human' | 'machine';
}

export interface Message {
  /** The client's own or a UUID. */
  readonly messageId: string;
  /** Ours, 32 lower-case hex: in carrier URLs, unguessable. */
  readonly ref: string;
  readonly bulkId: string;
  readonly face: MessageFace;
  readonly channel: MessageChannel;
  /** As the client gave it, digits without plus where it is a number. */
  readonly to: string;
  readonly from: string;
  readonly content: VoiceContent | SmsContent;
  readonly window?: TimeWindow;
  readonly retry?: RetryPlan;
  readonly notify?: NotifyTarget;
  readonly callbackData?: string;
  readonly platform?: { readonly entityId?: string; readonly applicationId?: string };
  readonly campaignReferenceId?: string;
  /** Nothing is tried after it. */
  readonly expiresAt?: number;
  readonly state: MessageState;
  /** How often it was claimed for sending. */
  readonly tries: number;
  /** Those of them that reached nobody for a reason of ours or the carrier's: a retry plan does not count them. */
  readonly stalls?: number;
  readonly dueAt: number;
  /** When the latest try was begun. */
  readonly claimedAt?: number;
  readonly outcome: Outcome;
  readonly carrier?: string;
  readonly carrierMessageId?: string;
  readonly createdAt: number;
  readonly sentAt?: number;
  readonly doneAt?: number;
  readonly voice?: VoiceResult;
  /** `mcc` + `mnc`, where known. */
  readonly mccMnc?: string;
}

/** Infobip's spelling, one L in CANCELED (infobip-api.md 0.9). */
export type BulkStatus = 'PENDING' | 'PAUSED' | 'PROCESSING' | 'CANCELED' | 'FINISHED' | 'FAILED';

export interface Bulk {
  readonly bulkId: string;
  readonly channel: MessageChannel;
  readonly sendAt: number;
  readonly speed?: SendingSpeed;
  readonly status: BulkStatus;
  readonly total: number;
  readonly createdAt: number;
}
