/**
 * The dialogue's vocabulary: voice-dialogue.md sections 2 and 3. Milliseconds everywhere. The machine itself is
 * `dialog.ts` (media sessions) and `markup.ts` (documents such as TwiML); both collect keys with `gather.ts`.
 */

export type TimerName = 'answerPause' | 'gate' | 'playGuard' | 'firstKey' | 'interKey' | 'call' | 'tail';

export type GateMode = 'off' | 'any-key' | 'random-digit';

export interface DialogConfig {
  /** From answer to the first word, 0..10000. */
  readonly pauseMs: number;
  /** As the caller gave it, e.g. `1#`; its `#`s are not part of the trigger. */
  readonly repeatDtmf?: string;
  /** How many keys end an input; absent with a trigger: as many as the trigger has. */
  readonly maxDtmf?: number;
  readonly dtmfTimeoutMs: number;
  /** The whole call from answer; absent: no limit but the carrier's. */
  readonly callTimeoutMs?: number;
  /** Readings of the message before listening, 1..5, one second apart. */
  readonly times: number;
  readonly gate: GateMode;
  /** Drawn by the driver, one entry a prompt (two prompts): the digits that open the gate, 1 or 2 each. */
  readonly gateKeys: readonly string[];
  /** `off`: no detection. `continue`: a machine hears the message after its greeting. */
  readonly machine: 'off' | 'hangup' | 'continue';
}

export type Prompt =
  | { readonly kind: 'message'; readonly times: number }
  /** `keys` is what the listener must press; empty for `any-key`. */
  | { readonly kind: 'gate'; readonly keys: string }
  | { readonly kind: 'goodbye' };

export type AnsweredBy = 'human' | 'machine' | 'unknown';

/**
 * What the driver tells the machine. A `play` effect is answered by one `handedOver` (how long the audio is) and
 * then by `marked` events: one after each symbol of the PIN and one, `last`, after the whole prompt.
 */
export type DialogEvent =
  /** The media socket is ready; `answeredBy` if the carrier's detection was synchronous. */
  | {
      readonly type: 'answered';
      readonly answeredBy?: AnsweredBy;
      /** With `machine`: the carrier answers only after the greeting. Absent: an `answeredBy` event will say so. */
      readonly greetingEnded?: boolean;
    }
  /** Asynchronous answering-machine detection. `greetingEnded`: the beep or the end of the greeting was heard. */
  | { readonly type: 'answeredBy'; readonly who: AnsweredBy; readonly greetingEnded: boolean }
  | { readonly type: 'key'; readonly key: string }
  | {
      readonly type: 'handedOver';
      readonly playId: number;
      readonly audioMs: number;
      /** PIN symbols in one reading, if the driver knows: `full` then needs as many symbol marks. */
      readonly symbols?: number;
    }
  | {
      readonly type: 'marked';
      readonly playId: number;
      /** Which reading of the message, from 0; 0 for other prompts. */
      readonly reading: number;
      /** A symbol of the PIN, or the end of the reading (`end`); the prompt's final mark is `last`. */
      readonly part: 'symbol' | 'end';
      readonly last: boolean;
      readonly outcome: 'played' | 'cleared';
    }
  | { readonly type: 'timer'; readonly timer: TimerName }
  /** The phone hung up, or the carrier ended the call. */
  | { readonly type: 'hangup' }
  /** The media socket was lost without the call's end being known. */
  | { readonly type: 'mediaLost' };

export type EndCause =
  | 'completed' // said, and nothing more to wait for
  | 'hangup' // the phone hung up
  | 'gate-failed'
  | 'machine' // hung up on an answering machine
  | 'call-timeout'
  | 'media-lost';

export type DialogEffect =
  /** Replaces a running timer of that name. */
  | { readonly type: 'startTimer'; readonly timer: TimerName; readonly ms: number }
  | { readonly type: 'stopTimer'; readonly timer: TimerName }
  | { readonly type: 'play'; readonly playId: number; readonly prompt: Prompt }
  /** Throw away what has not been played yet. */
  | { readonly type: 'clear' }
  | { readonly type: 'hangup'; readonly cause: EndCause };

export interface DialogReport {
  readonly codeHeard: 'full' | 'partial' | 'none' | 'unknown';
  /** Readings asked for by the repeat key, 0..5. */
  readonly repeats: number;
  readonly gate: 'passed' | 'failed' | 'none';
  readonly answeredBy: AnsweredBy;
  /** Finished inputs in order; secrets: stored for the customer's report, never logged. */
  readonly inputs: readonly string[];
  /** Keys that are no keys, dropped. */
  readonly droppedKeys: number;
  readonly cause: EndCause | undefined;
}
