import type { DetectionOptions } from './machine-detection.ts';
import type { Method } from './twiml.ts';

export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed';
export const CALL_EVENTS: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed'];

/** A create-call request, checked and with Twilio's defaults (carrier-protocols.md 1.1). */
export interface CallRequest {
  readonly to: string;
  readonly from: string;
  readonly url: string | undefined;
  readonly method: Method;
  /** Wins over `url`. */
  readonly twiml: string | undefined;
  readonly fallback: { readonly url: string; readonly method: Method } | undefined;
  readonly statusCallback:
    | { readonly url: string; readonly method: Method; readonly events: ReadonlySet<CallEvent> }
    | undefined;
  readonly ringTimeoutMs: number;
  readonly timeLimitMs: number;
  readonly sendDigits: string;
  readonly detection:
    | (DetectionOptions & {
        readonly asynchronous: boolean;
        readonly callback: { readonly url: string; readonly method: Method } | undefined;
      })
    | undefined;
}
