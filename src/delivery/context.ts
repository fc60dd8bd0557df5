import type { DialogState } from '../../ivr/index.ts';
import type { CallCarrier } from '../carriers/carrier.ts';
import type { MailCarrier, MessageCarrier, NumberLookup } from '../carriers/message-carrier.ts';
import type { Clock } from '../clock.ts';
import type { RandomBytes } from '../domain/ids.ts';
import type { Keyring } from '../domain/pin.ts';
import type { DeliveryPlan } from '../domain/plan.ts';
import type { SecuritySettings } from '../domain/profile.ts';
import type {
  ApplicationId,
  CallRef,
  CallReport,
  CallScript,
  Delivery,
  E164,
  PinId,
} from '../domain/types.ts';
import type { Logger } from '../log.ts';
import type { AudioPart, Speech } from '../speech/speech.ts';
import type { MessageStep } from '../store/message-store.ts';
import type { RecentCatalog } from '../store/recent-catalog.ts';
import type { Store } from '../store/store.ts';
import type { Calls } from './calls.ts';
import type { Nodes } from './node-bus.ts';
import type { SendGate } from './verifications.ts';

/** How calls are made where neither template nor request says otherwise. Milliseconds unless named. */
export interface VoiceDefaults extends Pick<
  CallScript,
  | 'pauseMs'
  | 'digitPauseMs'
  | 'spelling'
  | 'times'
  | 'machineDetection'
  | 'dtmfTimeoutMs'
  | 'ringTimeoutSeconds'
> {
  /** In the 2FA form, for templates without a language. */
  readonly defaultLanguage: string;
  /** Outrank the security profile's. */
  readonly gate?: CallScript['gate'];
  readonly gateDigits?: CallScript['gateDigits'];
  /** The whole call from answer. */
  readonly callTimeoutMs: number;
}

export interface WatchedDialogue {
  readonly ref: CallRef;
  readonly pinId?: PinId | undefined;
  readonly to: E164;
  readonly carrier: string;
}

/** What a route is chosen by. */
export interface Routed {
  readonly to: E164;
  readonly applicationId: ApplicationId;
  /** The one that a step of a plan names: this or none. */
  readonly carrier?: string;
}

/** Which carrier takes a call, and the caller id for messages that bring no number of their own. */
export interface Route {
  readonly carrier: string;
  readonly from: E164;
}

/** What went by without a trace elsewhere; for metrics. */
export type Counted =
  | 'webhook-forged'
  | 'webhook-malformed'
  | 'webhook-unknown'
  /** Of a second call that a lost reply brought about. */
  | 'webhook-stray'
  | 'media-refused'
  | 'redial';

/** What calls that bring messages of bulks need to know of them (delivery/messages). */
export interface MessageCalls {
  /** What the end of such a call means for its message; undefined: it knows no such message any more. */
  endOf(delivery: Delivery, report: CallReport): Promise<MessageStep | undefined>;
  /** Such a step was written. */
  ended(): void;
  /** The sound of an `audioFileUrl`. @throws RecordingError */
  recording(url: string): Promise<AudioPart>;
}

/** Which carrier takes a text, and the sender of texts whose template and request name none. */
export interface TextRoute {
  readonly carrier: string;
  readonly from: string;
}

export interface TextDeps {
  readonly carriers: ReadonlyMap<string, MessageCarrier>;
  /** Undefined: nobody takes it. */
  readonly route: (text: Routed) => TextRoute | undefined;
  /** Absent: `not-configured` is what every number gets. */
  readonly lookup?: NumberLookup;
}

export interface MailDeps {
  readonly carrier: MailCarrier;
  /** `a@b.c` or `Name <a@b.c>`, for templates and requests that name no sender; absent: the carrier's own. */
  readonly from?: string;
  /** By `emailTemplateId`; what is not there gets the default words. */
  readonly templates?: ReadonlyMap<number, EmailText>;
}

/** The words of an e-mail, with `{{pin}}` and placeholders; values in `html` are escaped. */
export interface EmailText {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export interface VoiceDeliveryDeps {
  readonly store: Store;
  /** For sends and checks; absent: the store itself. */
  readonly recent?: RecentCatalog;
  readonly carriers: ReadonlyMap<string, CallCarrier>;
  /** Undefined: nobody takes it. */
  readonly route: (call: Routed) => Route | undefined;
  readonly speech: Speech;
  readonly keyring: Keyring;
  readonly security: SecuritySettings;
  readonly voice: VoiceDefaults;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Under which carriers reach us, `http(s)://host[:port][/path]` without a slash at the end. */
  readonly publicUrl: string;
  /** How long PINs and calls are kept after their end. */
  readonly retentionMs: number;
  readonly count?: (what: Counted) => void;
  /** A carrier had taken what it never confirmed: it works, and only its answer was lost. */
  readonly adopted?: (carrier: string, use: 'calls' | 'texts') => void;
  /** PINs by SMS; absent: none are sent. */
  readonly texts?: TextDeps;
  /** PINs by e-mail; absent: none are sent. */
  readonly mail?: MailDeps;
  /** Asked before each send of a PIN. */
  readonly gate?: SendGate;
  /** For applications and templates without a plan of their own. */
  readonly defaultPlan?: DeliveryPlan;
  /** The other nodes of the service; absent: there are none. */
  readonly nodes?: Nodes;
  /** Somebody watches dialogues as they go; `moved` takes each state, and must not fail. */
  readonly watch?: (call: WatchedDialogue) => { moved(state: DialogState): void };
  /** Absent where no messages are sent. */
  readonly messageCalls?: MessageCalls;
}

/** What the parts of the delivery share. */
export interface Context extends VoiceDeliveryDeps {
  readonly recent: RecentCatalog;
  readonly calls: Calls;
  readonly count: (what: Counted) => void;
  /** A new PIN was committed that supersedes a number's earlier ones. */
  readonly superseded: (about: { readonly applicationId: ApplicationId; readonly to: E164 }) => void;
}
