/** What the service tells, as far as the pages show it: the verify API's and Infobip's own words. */

export interface SessionView {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly version: string;
  readonly liveDialogues: boolean;
  readonly simulatorUrl?: string;
}

export type Channel = 'sms' | 'voice' | 'email';
export const STATES = ['pending', 'verified', 'expired', 'exhausted', 'superseded', 'cancelled'] as const;
export type State = (typeof STATES)[number];

export interface Step {
  readonly at: string;
  readonly step?: number;
  readonly channel: Channel;
  readonly carrier?: string;
  readonly trigger?: string;
  readonly state: string;
  readonly answeredAt?: string;
  readonly endedAt?: string;
  readonly reason?: string;
  readonly carrierReason?: string;
  readonly detail?: string;
  readonly codeHeard?: string;
  readonly gate?: string;
  readonly answeredBy?: string;
  readonly repeats?: number;
}

export interface PlanStep {
  readonly channel: 'sms' | 'voice';
  readonly carrier?: string;
  readonly next?: {
    readonly onFailure?: boolean;
    readonly noReportAfterSeconds?: number;
    readonly notVerifiedAfterSeconds?: number;
  };
}

export interface Plan {
  readonly steps: readonly PlanStep[];
}

export interface Verification {
  readonly id: string;
  readonly applicationId: string;
  readonly template?: string;
  readonly to: string;
  readonly state: State;
  readonly channel?: Channel;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly verifiedAt?: string;
  readonly attemptsLeft: number;
  readonly nextSmsAllowedAt?: string;
  readonly nextVoiceAllowedAt?: string;
  readonly nextStepAt?: string;
  readonly undeliverable: boolean;
  readonly plan?: Plan;
  readonly timeline: readonly Step[];
}

export interface Application {
  readonly applicationId: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly configuration: Configuration;
}

export interface Configuration {
  readonly pinAttempts: number;
  readonly allowMultiplePinVerifications: boolean;
  readonly pinTimeToLive: string;
  readonly verifyPinLimit: string;
  readonly sendPinPerApplicationLimit: string;
  readonly sendPinPerPhoneNumberLimit: string;
}

export interface Template {
  readonly messageId: string;
  readonly applicationId: string;
  /** Absent: a template of e-mails, whose words are in the configuration. */
  readonly messageText?: string;
  readonly pinType: string;
  readonly pinLength: number;
  readonly language?: string;
  readonly voiceName?: string;
  readonly senderId?: string;
  readonly repeatDTMF?: string;
  readonly speechRate?: number;
  readonly emailTemplateId?: number;
}

export interface Voice {
  readonly name: string;
  readonly gender: string;
  readonly language: string;
  readonly isDefault: boolean;
}

export interface Voices {
  readonly defaultLanguage: string;
  readonly languages: readonly string[];
  readonly voices: readonly Voice[];
}

export type Utterance =
  | { readonly kind: 'words'; readonly text: string }
  | {
      readonly kind: 'characters';
      readonly symbols: readonly string[];
      readonly pauseMs: number;
      readonly pin: boolean;
    }
  | { readonly kind: 'pause'; readonly ms: number };

export interface Script {
  readonly utterances: readonly Utterance[];
  readonly ssml: string;
  readonly text: string;
  readonly voice: string;
  readonly fallback?: string;
}

export interface Tally {
  readonly sends: number;
  readonly delivered: number;
  readonly failed: number;
  readonly open: number;
}

export interface CarrierTally extends Tally {
  readonly carrier: string;
  readonly lastDeliveredAt?: string;
  readonly lastFailedAt?: string;
  readonly lastReason?: string;
}

export interface Activity {
  readonly range: string;
  readonly since: string;
  readonly until: string;
  readonly bucketMs: number;
  readonly complete: boolean;
  readonly verifications: number;
  readonly states: Readonly<Partial<Record<State, number>>>;
  readonly undeliverable: number;
  readonly medianVerifyMs?: number;
  readonly buckets: readonly {
    readonly at: string;
    readonly started: number;
    readonly verified: number;
    readonly sent: Readonly<Record<Channel, number>>;
    readonly delivered: Readonly<Record<Channel, number>>;
  }[];
  readonly channels: readonly (Tally & { readonly channel: Channel; readonly verified: number })[];
  readonly countries: readonly {
    readonly country: string;
    readonly started: number;
    readonly verified: number;
  }[];
  readonly carriers: readonly CarrierTally[];
  readonly heard: Readonly<Record<string, number>>;
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly blocks: readonly {
    readonly id: string;
    readonly at: string;
    readonly to: string;
    readonly channel: Channel;
    readonly reason: string;
    readonly detail?: string;
  }[];
}

export interface Carrier {
  readonly name: string;
  readonly channels: readonly Channel[];
  readonly from?: string;
  /** What of it is taken to be down. */
  readonly circuits?: readonly {
    readonly use: 'calls' | 'texts' | 'mail';
    readonly state: 'closed' | 'half-open' | 'open';
  }[];
}

export interface LiveCall {
  readonly ref: string;
  readonly pinId?: string;
  readonly to: string;
  readonly carrier: string;
  readonly startedAt: number;
  readonly at: string;
  readonly since: number;
  readonly cause?: string;
  readonly answeredBy: string;
  readonly gate: string;
  readonly repeats: number;
  readonly heard: string;
  readonly path: readonly string[];
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly secondaryUrl?: string;
  readonly types: readonly string[];
  readonly applicationId?: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly disabledReason?: string;
  readonly createdAt: string;
}

export interface CustomerEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly verificationId?: string; readonly to?: string };
}
