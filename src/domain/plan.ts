import { assertNever } from '../errors.ts';
import type { NumberType } from './phone.ts';
import type { PinMessageReport } from './pin-message.ts';
import type { ApplicationId, CallRef, CallReport, E164, PinId, PinRecord, Template } from './types.ts';

/**
 * How a PIN reaches its person when the first way fails: an ordered list of steps, one at a time, until it is verified or
 * dead. All steps bring the same PIN.
 */
export interface DeliveryPlan {
  /** 1 to `MAX_STEPS`. */
  readonly steps: readonly PlanStep[];
}

export const PLAN_CHANNELS = ['sms', 'voice'] as const;
export type PlanChannel = (typeof PLAN_CHANNELS)[number];
export const MAX_STEPS = 8;

export interface PlanStep {
  readonly channel: PlanChannel;
  /** Name of a carrier of the configuration; absent: whichever the routes give. */
  readonly carrier?: string;
  /** When the step behind this one starts; whoever asks for it can always have it at once. */
  readonly next: NextRule;
}

export interface NextRule {
  /** At once when the carrier refuses, reports it undelivered, or the call ends without the code having been heard. */
  readonly onFailure: boolean;
  /** After this long without any word on the delivery. */
  readonly noReportAfterMs?: number;
  /** After this long without a verification, delivered or not. */
  readonly notVerifiedAfterMs?: number;
}

/** Where neither request nor policy nor configuration says otherwise, for our own API: a text, and a call if it stays away. */
export const DEFAULT_PLAN: DeliveryPlan = {
  steps: [
    { channel: 'sms', next: { onFailure: true, noReportAfterMs: 45_000 } },
    { channel: 'voice', next: { onFailure: true } },
  ],
};

/** A step is not started when its PIN has less than this to live: nobody could hear it and type it in. */
export const MIN_LIFE_MS = 15_000;

/** Why a delivery was started. `resend`: through Infobip's resend; `request`: "call me instead". */
export type StepTrigger = 'first' | 'failure' | 'no-report' | 'not-verified' | 'request' | 'resend';

/** Why a step was passed over. `denied`: by the operator's hook; `number-type`: such a line cannot take the channel. */
export type SkipReason = 'number-type' | 'denied' | 'no-carrier' | 'too-late';

export type RunEntry = {
  /** Index into the plan's steps; a resend over a channel that the plan does not have: the step that it was in. */
  readonly step: number;
  readonly channel: PlanChannel;
  /** ms since the epoch, by the store's clock. */
  readonly at: number;
} & (
  | {
      readonly kind: 'started';
      readonly ref: CallRef;
      readonly carrier: string;
      readonly trigger: StepTrigger;
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly detail?: string }
);

/** What all steps say, taken down with the first one: a later change of the template touches no live PIN. */
export interface RunWords {
  readonly template: Template;
  readonly placeholders: Readonly<Record<string, string>>;
  /** The sender or caller id that was asked for. */
  readonly from?: string;
  /** Whether numbers are looked up before a text (`ncNeeded`). */
  readonly lookUp: boolean;
}

/** A plan under way. Whether it still is one, is for the PIN to say: nothing starts for a PIN that is not `active`. */
export interface PlanRun {
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly to: E164;
  readonly plan: DeliveryPlan;
  readonly words: RunWords;
  /** Through which face it was asked for. */
  readonly origin: 'infobip' | 'verify';
  /** Counts every change: what was decided upon an older turn is void. From 1. */
  readonly turn: number;
  /** Index of the current step; `steps.length` when none is left and the last one failed. */
  readonly position: number;
  /** The delivery of this turn. */
  readonly live: CallRef | undefined;
  /** Oldest first. */
  readonly entries: readonly RunEntry[];
}

export const VERIFICATION_STATES = [
  'pending',
  'verified',
  'expired',
  'exhausted',
  'superseded',
  'cancelled',
] as const;
export type VerificationState = (typeof VERIFICATION_STATES)[number];

/** What a PIN has come to. The first that holds, so that an answer does not change as time goes by. */
export function verificationState(
  pin: Pick<PinRecord, 'state' | 'verifiedAt' | 'attemptsUsed' | 'attemptsAllowed' | 'expiresAt'>,
  now: number,
): VerificationState {
  if (pin.verifiedAt !== undefined) return 'verified';
  if (pin.state === 'cancelled' || pin.state === 'superseded') return pin.state;
  if (pin.attemptsUsed >= pin.attemptsAllowed) return 'exhausted';
  return pin.expiresAt <= now ? 'expired' : 'pending';
}

const NO_TEXTS: readonly NumberType[] = [
  'fixed-line',
  'toll-free',
  'premium-rate',
  'shared-cost',
  'uan',
  'voicemail',
];

/** Whether such a line can take the channel at all, as far as the numbering plan tells. */
export function canTake(channel: PlanChannel, type: NumberType): boolean {
  return channel === 'voice' ? type !== 'pager' : !NO_TEXTS.includes(type);
}

/** Ms from the start of a step until the next one starts by itself while nothing is heard; undefined: it does not. */
export function silenceMs({ noReportAfterMs, notVerifiedAfterMs }: NextRule): number | undefined {
  const waits = [noReportAfterMs, notVerifiedAfterMs].filter(ms => ms !== undefined);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** What became of a delivery, as far as its plan is concerned. `unclear`: something may have been heard or read. */
export type StepOutcome = 'delivered' | 'failed' | 'unclear';

export function messageOutcome({ cause }: PinMessageReport): StepOutcome {
  switch (cause) {
    case 'delivered':
      return 'delivered';
    case 'undelivered':
    case 'failed':
    case 'refused':
    case 'unreachable':
    case 'carrier-unknown':
      return 'failed';
    // `accepted` and `no-receipt` say nothing of the person; an expired PIN needs no further step.
    case 'accepted':
    case 'expired':
    case 'no-receipt':
      return 'unclear';
    default:
      return assertNever(cause);
  }
}

export function callOutcome({ codeHeard, answeredAt, answeredBy }: CallReport): StepOutcome {
  if (codeHeard === 'full') return 'delivered';
  if (codeHeard === 'none') return 'failed';
  // A carrier that reads by itself does not say what was heard.
  if (codeHeard === 'unknown' && (answeredAt === undefined || answeredBy === 'machine')) return 'failed';
  return 'unclear';
}

/** Whether what was started for a PIN at an instant is still wanted: not once it was verified since, or ended by somebody. */
export function isWanted(pin: Pick<PinRecord, 'state' | 'verifiedAt'>, startedAt: number): boolean {
  if (pin.state === 'superseded' || pin.state === 'cancelled') return false;
  return pin.verifiedAt === undefined || pin.verifiedAt < startedAt;
}
