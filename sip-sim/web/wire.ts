/** What the simulator tells a page: see README.md of sip-sim, "A page's socket". */

export type Outcome = 'answer' | 'busy' | 'no-answer' | 'reject' | 'fail' | 'voicemail' | 'manual';

export interface Behaviour {
  readonly outcome: Outcome;
  readonly answerAfterMs: number;
  readonly sipCode: number | null;
  readonly smsOutcome: string;
  readonly reachable: boolean | null;
  readonly hasGreeting: boolean;
}

export interface Call {
  readonly id: string;
  readonly to: string;
  readonly from: string;
  readonly fromDisplay: string;
  readonly fromCountry: string | null;
  readonly state: 'queued' | 'dialing' | 'ringing' | 'answered' | 'ended';
  readonly outcome: string | null;
  readonly endedBy: string | null;
  readonly sipCode: number | null;
  readonly createdAt: string;
  readonly answeredAt: string | null;
  readonly endedAt: string | null;
  readonly states: readonly { readonly state: string; readonly at: string; readonly ms: number }[];
  readonly keys: readonly KeyPress[];
  readonly secondsRecorded: number;
  readonly recordingTruncated: boolean;
}

export interface KeyPress {
  readonly key: string;
  /** Since the answer. */
  readonly ms: number;
}

export interface Message {
  readonly id: string;
  readonly from: string;
  readonly body: string;
  readonly receivedAt: string;
}

export interface Mail {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly receivedAt: string;
}

export interface Hello {
  readonly type: 'hello';
  readonly number: string;
  readonly display: string;
  readonly country: string | null;
  readonly speed: number;
  readonly behaviour: Behaviour;
  readonly calls: readonly Call[];
  readonly messages: readonly Message[];
  readonly mails: readonly Mail[];
}

export type Told =
  | Hello
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'mail'; readonly mail: Mail }
  | { readonly type: 'behaviour'; readonly behaviour: Behaviour }
  | { readonly type: 'speed'; readonly speed: number };

/** A row of the list of phones. */
export interface Listed {
  readonly number: string;
  readonly display: string;
  readonly country: string | null;
  readonly outcome: Outcome;
  readonly held: boolean;
  readonly state: 'idle' | 'ringing' | 'answered';
  readonly calls: number;
  readonly messages: number;
  readonly lastAt: string | null;
}

/** 20 ms of what the phone hears. */
export interface HeardFrame {
  readonly call: string;
  /** Counted from the answer. */
  readonly index: number;
  /** Mu-law; undefined is silence. */
  readonly sound: Uint8Array | undefined;
}

const SID_BYTES = 34;
const HEADER_BYTES = SID_BYTES + 4;

/**
 * A binary message of the socket:
 *
 *     | CallSid, 34 bytes ASCII | index, uint32 little-endian | 160 bytes mu-law, or nothing |
 */
export function decodeHeard(message: ArrayBuffer): HeardFrame | undefined {
  if (message.byteLength < HEADER_BYTES) return undefined;
  const bytes = new Uint8Array(message);
  return {
    call: String.fromCharCode(...bytes.subarray(0, SID_BYTES)),
    index: new DataView(message).getUint32(SID_BYTES, true),
    sound: message.byteLength > HEADER_BYTES ? bytes.subarray(HEADER_BYTES) : undefined,
  };
}
