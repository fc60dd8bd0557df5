import type { CallCarrier } from '../../carriers/carrier.ts';
import type { MessageCarrier } from '../../carriers/message-carrier.ts';
import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { E164 } from '../../domain/types.ts';
import type { Logger } from '../../log.ts';
import type { Speech } from '../../speech/speech.ts';
import type { Store } from '../../store/store.ts';
import type { Counted, Route, VoiceDeliveryDeps } from '../context.ts';
import type { StartableVoiceDelivery } from '../voice-delivery.ts';
import type { Recordings } from './recordings.ts';

export interface MessagingLimits {
  /** Calls, of PINs too, beyond which no voice message is begun. */
  readonly liveCalls: number;
  /** Requests to carriers at once, for each channel. */
  readonly requests: number;
  /** The claim loop never sleeps longer: others may write to the same store. */
  readonly pollMs: number;
}

export interface MessagingDeps {
  readonly store: Store;
  /** Places the calls; its `messageCalls` are those of {@link createMessageCalls}. */
  readonly calls: Pick<StartableVoiceDelivery, 'callMessage' | 'liveCalls'>;
  readonly callCarriers: ReadonlyMap<string, CallCarrier>;
  readonly textCarriers: ReadonlyMap<string, MessageCarrier>;
  /** Undefined: nobody takes it. */
  readonly routeCall: (to: E164) => Route | undefined;
  readonly routeText: (to: E164) => Route | undefined;
  readonly speech: Speech;
  readonly recordings: Recordings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Under which carriers reach us, without a slash at the end. */
  readonly publicUrl: string;
  /** How long bulks are kept after their end; reports and logs look back 48 h at most. */
  readonly retentionMs: number;
  readonly limits?: Partial<MessagingLimits>;
  readonly count?: (what: Counted) => void;
  /** As in `VoiceDeliveryDeps`. */
  readonly adopted?: VoiceDeliveryDeps['adopted'];
}

/** Between tries that reached nobody, for a reason of ours or the carrier's. */
const STALL_MS = [1_000, 5_000, 30_000, 60_000, 120_000, 300_000] as const;

/** How long to wait after the `stalls`-th such try (from 0); undefined: enough. */
export function stallDelay(stalls: number): number | undefined {
  return STALL_MS[stalls];
}
