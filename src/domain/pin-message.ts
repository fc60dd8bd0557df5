import type { ApplicationId, CallRef, Destination, PinId } from './types.ts';

/** A PIN's way by SMS or e-mail: the counterpart of `Delivery`, which is a call. */

export type PinMessageChannel = 'sms' | 'email';

/** States only move up: committed before the carrier is asked, with the carrier, over. */
export const PIN_MESSAGE_STATES = ['sending', 'sent', 'ended'] as const;
export type PinMessageState = (typeof PIN_MESSAGE_STATES)[number];

/** The words, taken down when it was asked for: `{{pin}}` and the placeholders are still in them. */
export type PinMessageContent =
  | {
      readonly channel: 'sms';
      readonly text: string;
      readonly placeholders: Readonly<Record<string, string>>;
      /** Whether the number is looked up before (`ncNeeded`); a resend does as the send did. */
      readonly lookUp: boolean;
    }
  | {
      readonly channel: 'email';
      readonly subject: string;
      readonly text: string;
      readonly html?: string;
      readonly placeholders: Readonly<Record<string, string>>;
    };

/**
 * `accepted`: a mail server took it, and will say no more. `refused`: the carrier or server said no. `unreachable`: the
 * number lookup said so, nobody was asked. `expired`: the PIN was dead before it could be sent. `carrier-unknown`: nobody
 * knows whether the carrier ever had it. `no-receipt`: no word on its delivery came in time.
 */
export type PinMessageCause =
  | 'delivered'
  | 'undelivered'
  | 'failed'
  | 'accepted'
  | 'refused'
  | 'unreachable'
  | 'expired'
  | 'carrier-unknown'
  | 'no-receipt';

export interface PinMessageReport {
  readonly cause: PinMessageCause;
  readonly carrierCode?: string;
  readonly endedAt: number;
}

export interface PinMessage {
  /** In the path of the status URL that a carrier gets. */
  readonly ref: CallRef;
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly channel: PinMessageChannel;
  readonly carrier: string;
  readonly to: Destination;
  readonly from: string;
  readonly content: PinMessageContent;
  readonly state: PinMessageState;
  readonly carrierMessageId: string | undefined;
  /** How often the carrier was asked. */
  readonly tries: number;
  readonly report: PinMessageReport | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}
