/** The records that everything turns on. Plain data: the rules are in the files beside this one. */

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** 32 upper-case hex. */
export type ApplicationId = Branded<string, 'ApplicationId'>;
export type MessageId = Branded<string, 'MessageId'>;
/** 128 random bits, 32 upper-case hex: knowing it is the right to try. */
export type PinId = Branded<string, 'PinId'>;
/** `+` and digits, valid by libphonenumber. */
export type E164 = Branded<string, 'E164'>;
/** A mailbox in one spelling (email.ts). */
export type EmailAddress = Branded<string, 'EmailAddress'>;
/** Where a PIN goes. */
export type Destination = E164 | EmailAddress;
/** Our reference of one delivery attempt, 32 lower-case hex, in the path of every URL a carrier gets. */
export type CallRef = Branded<string, 'CallRef'>;

export const PIN_TYPES = ['NUMERIC', 'ALPHA', 'HEX', 'ALPHANUMERIC'] as const;
export type PinType = (typeof PIN_TYPES)[number];

/** Infobip's six settings, as their text: infobip-api.md 2.2. */
export interface ApplicationConfiguration {
  readonly pinAttempts: number;
  readonly allowMultiplePinVerifications: boolean;
  readonly pinTimeToLive: string;
  readonly verifyPinLimit: string;
  readonly sendPinPerApplicationLimit: string;
  readonly sendPinPerPhoneNumberLimit: string;
}

export interface Application {
  readonly applicationId: ApplicationId;
  readonly name: string;
  readonly enabled: boolean;
  readonly configuration: ApplicationConfiguration;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** An SMS/voice template; fields never set stay absent. */
export interface Template {
  readonly messageId: MessageId;
  readonly applicationId: ApplicationId;
  readonly messageText: string;
  readonly pinType: PinType;
  readonly pinLength: number;
  readonly language?: string;
  readonly voiceName?: string;
  readonly senderId?: string;
  readonly repeatDTMF?: string;
  readonly speechRate?: number;
  readonly regional?: { readonly indiaDlt?: IndiaDlt };
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A template for e-mail: the words are the service's own, found by `emailTemplateId`. */
export interface EmailTemplate {
  readonly messageId: MessageId;
  readonly applicationId: ApplicationId;
  readonly emailTemplateId: number;
  /** `a@b.c` or `Name <a@b.c>`. */
  readonly from?: string;
  readonly pinType: PinType;
  readonly pinLength: number;
  readonly landingPageId?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface IndiaDlt {
  readonly principalEntityId: string;
  readonly contentTemplateId?: string;
  readonly teleMarketerId?: string;
}

/** A sliding window: at most `attempts` in any `windowMs`. */
export interface Limit {
  readonly attempts: number;
  readonly windowMs: number;
}

/**
 * A PIN without the PIN: decision 5 of DESIGN. `seed` is erased (undefined) once the PIN can never be right again.
 * Expiry is judged by the store's clock and needs no state of its own.
 */
export interface PinRecord {
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly messageId: MessageId;
  readonly to: Destination;
  readonly pinType: PinType;
  readonly pinLength: number;
  readonly seed: Buffer | undefined;
  /** Which master key of the keyring, and which 30-second step. */
  readonly keyId: string;
  readonly step: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly attemptsAllowed: number;
  readonly attemptsUsed: number;
  readonly allowMultiple: boolean;
  readonly state: 'active' | 'verified' | 'superseded' | 'cancelled';
  readonly verifiedAt: number | undefined;
  /** When its first message was handed to a carrier. */
  readonly sentAt: number | undefined;
}

/** Delivery states only move up this lattice; `ended` is terminal. */
export const DELIVERY_STATES = ['dialing', 'initiated', 'ringing', 'answered', 'ended'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What was asked for when the message was sent: a snapshot, so that a later template change touches no live call. */
export interface CallScript {
  readonly messageText: string;
  readonly placeholders: Readonly<Record<string, string>>;
  readonly language: string;
  readonly voiceName?: string;
  readonly speechRate: number;
  readonly repeatDtmf?: string;
  readonly maxDtmf?: number;
  readonly dtmfTimeoutMs: number;
  readonly pauseMs: number;
  readonly ringTimeoutSeconds: number;
  readonly callTimeoutMs?: number;
  readonly times: number;
  readonly gate: 'off' | 'any-key' | 'random-digit';
  readonly gateDigits: 1 | 2;
  readonly machineDetection: 'off' | 'hangup' | 'continue';
  readonly digitPauseMs: number;
  readonly spelling: 'letters' | 'phonetic';
  readonly gender?: 'male' | 'female';
  /** The whole text is the caller's own and may be as secret as a PIN: none of its clips is kept on disk. */
  readonly transient?: boolean;
  /** A recording to play instead of the text. */
  readonly audioFileUrl?: string;
}

/** What became of a call: the neutral outcome and the dialogue's report. Holds keys pressed: never logged. */
export interface CallReport {
  readonly cause: string;
  readonly carrierCause?: string;
  readonly sipCode?: number;
  readonly answeredAt?: number;
  readonly endedAt: number;
  readonly codeHeard: 'full' | 'partial' | 'none' | 'unknown';
  readonly repeats: number;
  readonly gate: 'passed' | 'failed' | 'none';
  readonly answeredBy: 'human' | 'machine' | 'unknown';
  readonly dtmfCodes: string;
  /** Set when the language or voice that was asked for is not the one that spoke. */
  readonly voiceFallback?: string;
}

export interface Delivery {
  readonly callRef: CallRef;
  /** The PIN that it brings; undefined for a message of a bulk. */
  readonly pinId: PinId | undefined;
  readonly applicationId: ApplicationId | undefined;
  /** `ref` of the message (message.ts) that it brings, instead of a PIN. */
  readonly messageRef?: string;
  readonly channel: 'voice';
  readonly carrier: string;
  readonly to: E164;
  readonly from: string;
  readonly script: CallScript;
  readonly state: DeliveryState;
  readonly carrierCallId: string | undefined;
  /** How often the carrier was asked to call: 1, or more after crashes before its acceptance was on record. */
  readonly dials: number;
  readonly answeredAt: number | undefined;
  readonly report: CallReport | undefined;
  /** State of the markup dialogue between two webhooks, as JSON; undefined in media mode. */
  readonly dialog: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}
