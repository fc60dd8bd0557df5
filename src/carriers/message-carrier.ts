import type { NumberType } from '../domain/phone.ts';
import type { FindPlaced, FoundPlaced, RawWebhook } from './carrier.ts';

/** The ports for texts, mail and number lookup (carrier-protocols.md 1.6, 9, 10). */

export interface SendText {
  /** Ours; part of the path of the status URL, so that a lost reply is adopted by the first callback. */
  readonly ref: string;
  /** E.164 with `+`. */
  readonly to: string;
  readonly from: string;
  readonly text: string;
  readonly statusUrl: string;
  readonly validitySeconds?: number;
}

export type TextEvent = {
  readonly carrierMessageId: string;
  readonly at?: number;
} & (
  | { readonly type: 'sent' | 'delivered' }
  | { readonly type: 'undelivered' | 'failed'; readonly carrierCode?: string }
);

export interface MessageCarrier {
  readonly name: string;
  /** Resolves when the carrier accepted the text. Not idempotent. @throws CarrierError */
  sendText(request: SendText, signal?: AbortSignal): Promise<{ carrierMessageId: string }>;
  /** As `CallCarrier.findCall`, for texts. @throws CarrierError */
  findText?(request: FindPlaced, signal?: AbortSignal): Promise<FoundPlaced>;
  verifyWebhook(request: RawWebhook): boolean;
  /** @throws ServiceError badRequest */
  parseTextWebhook(request: RawWebhook): { carrierMessageId: string; events: readonly TextEvent[] };
}

export interface SendMail {
  readonly ref: string;
  readonly to: string;
  /** `a@b.c` or `Name <a@b.c>`. */
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export interface MailCarrier {
  readonly name: string;
  /** Resolves when the server took the mail (250). @throws CarrierError; 4xx retryable, 5xx rejected */
  sendMail(request: SendMail, signal?: AbortSignal): Promise<{ carrierMessageId: string }>;
  /** Connects and says hello; for doctor and start-up. @throws CarrierError */
  verify(): Promise<void>;
  close(): Promise<void>;
}

export interface NumberContext {
  readonly to: string;
  readonly reachable: 'reachable' | 'not-reachable' | 'unknown' | 'not-configured';
  /** What kind of line the numbering plan says it is. */
  readonly numberType?: NumberType;
  readonly mccMnc?: string;
  readonly imsi?: string;
  readonly servingMsc?: string;
  readonly originalNetwork?: Network;
  readonly portedNetwork?: Network;
  readonly roamingNetwork?: Network;
  readonly ported: boolean;
  readonly roaming: boolean;
}

export interface Network {
  /** Empty where only the numbering plan is known. */
  readonly networkName: string;
  /** The first digits of a national number; empty where they say nothing. */
  readonly networkPrefix: string;
  readonly countryName: string;
  readonly countryPrefix: string;
  readonly networkId?: number;
}

export interface NumberLookup {
  readonly name: string;
  /** False: all that it can ever say of that is `not-configured`. */
  readonly tellsReachability?: boolean;
  /** Offline metadata answers `not-configured` for reachability; a HLR answers with what it knows. @throws CarrierError */
  lookup(to: string, signal?: AbortSignal): Promise<NumberContext>;
}
