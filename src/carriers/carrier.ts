import type { IncomingHttpHeaders } from 'node:http';
import type { WebSocket } from 'ws';

/**
 * The ports to the telephone network (carrier-protocols.md 0.2). A carrier is a config guard, a `create…`
 * function and its test; nothing above this file knows a carrier's wire.
 */

/** What a carrier can do, so that delivery picks the mode: our audio over a socket, or carrier-side markup. */
export interface CallCapabilities {
  readonly media: boolean;
  readonly script: boolean;
  readonly machineDetection: boolean;
  /** Joining an answered call to another number (`callTransfers`). */
  readonly transfer?: boolean;
}

export interface PlaceCall {
  /** Ours; part of the path of every URL below, so that a lost reply is adopted by the first webhook. */
  readonly callRef: string;
  /** E.164 with `+`; the adapter strips what its carrier does not want. */
  readonly to: string;
  readonly from: string;
  readonly answerUrl: string;
  readonly statusUrl: string;
  /** Where asynchronous machine detection reports. */
  readonly machineUrl: string;
  readonly ringTimeoutSeconds: number;
  readonly maxDurationSeconds: number;
  readonly machineDetection: 'off' | 'hangup' | 'continue';
}

/** A call or text that may have been placed at `since` (ms since the epoch) or later. */
export interface FindPlaced {
  /** Ours. Of use only where the carrier keeps a reference of the client's. */
  readonly ref: string;
  readonly to: string;
  readonly from: string;
  readonly since: number;
}

/**
 * `one`: this is it. `several`: there is no telling which. `none`: not placed as far as the carrier's list shows, which
 * may lag behind by seconds.
 */
export type FoundPlaced =
  | { readonly match: 'one'; readonly carrierId: string }
  | { readonly match: 'none' | 'several' };

/** One webhook or socket upgrade, untouched: signatures need the raw bytes and the public URL. */
export interface RawWebhook {
  readonly method: string;
  /** Full public URL with query, built from PUBLIC_URL, never from Host. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: Buffer;
}

export interface WebhookReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

/** Carrier-side markup, neutral. `say` carries SSML body from ivr; the adapter wraps and down-converts it. */
export type Step =
  | {
      readonly do: 'say';
      readonly ssml: string;
      readonly text: string;
      readonly language: string;
      readonly voice?: string;
    }
  | {
      readonly do: 'collect';
      readonly prompt: readonly Step[];
      readonly maxDigits: number;
      readonly finishOn: string;
      readonly timeoutMs: number;
      readonly nextUrl: string;
    }
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'stream'; readonly url: string; readonly parameters: Readonly<Record<string, string>> }
  | { readonly do: 'goto'; readonly url: string }
  | { readonly do: 'hangup' };

export type CallEndCause = 'completed' | 'busy' | 'no-answer' | 'rejected' | 'canceled' | 'failed';

export type CarrierEvent = {
  readonly carrierCallId: string;
  readonly at?: number;
  /** Order as the carrier counts it; arrival order proves nothing. */
  readonly sequence?: number;
} & (
  | { readonly type: 'initiated' | 'ringing' | 'answered' }
  | {
      readonly type: 'answeredBy';
      readonly who: 'human' | 'machine' | 'unknown';
      readonly greetingEnded: boolean;
    }
  | {
      readonly type: 'ended';
      readonly cause: CallEndCause;
      readonly sipCode?: number;
      readonly durationSeconds?: number;
      /** The carrier's own word, for the report. */
      readonly raw: string;
    }
);

/** What a webhook said: events, and the keys of a finished markup collection (empty: none came, or only the finish key). */
export interface ParsedWebhook {
  readonly carrierCallId: string;
  readonly events: readonly CarrierEvent[];
  readonly digits?: string;
  readonly answeredBy?: 'human' | 'machine' | 'unknown';
}

export interface CallCarrier {
  readonly name: string;
  readonly capabilities: CallCapabilities;
  /**
   * Resolves when the carrier accepted the call. Never retried blindly: creating a call is not idempotent.
   * @throws CarrierError; `retryable` only when the request provably did not reach the carrier.
   */
  placeCall(request: PlaceCall, signal?: AbortSignal): Promise<{ carrierCallId: string }>;
  /** Idempotent: a call that is unknown or over is a success. @throws CarrierError */
  hangup(carrierCallId: string, signal?: AbortSignal): Promise<void>;
  /**
   * What became of a call whose `placeCall` was never answered (a crash, a lost reply): asks the carrier for calls like
   * it. Absent where a carrier has no list. @throws CarrierError
   */
  findCall?(request: FindPlaced, signal?: AbortSignal): Promise<FoundPlaced>;
  /** True only for the carrier's own signature over the exact public URL and raw body (upgrades included). */
  verifyWebhook(request: RawWebhook): boolean;
  /** @throws ServiceError badRequest when a signed request is not what the carrier documents. */
  parseWebhook(request: RawWebhook): ParsedWebhook;
  /** Renders steps as the body of the answer to a webhook. */
  renderScript(steps: readonly Step[]): WebhookReply;
  /** Takes over an upgraded socket. */
  openMedia(socket: WebSocket): MediaStream;
}

export type MarkOutcome = 'played' | 'cleared';

export interface MediaStreamEvents {
  /** `parameters` are those of the `stream` step. Comes once, before all others. */
  ready(info: { carrierCallId: string | undefined; parameters: Readonly<Record<string, string>> }): void;
  digit(key: string): void;
  marked(name: string, outcome: MarkOutcome): void;
  /** Inbound 8 kHz mu-law; decoded only while the listener has this method. */
  audio(mulaw: Uint8Array): void;
  /** Once, last. `carrier`: an orderly end; `us`: we closed; `network`: lost. */
  closed(by: 'carrier' | 'us' | 'network'): void;
}

/**
 * The live audio leg. Outbound audio is 8 kHz G.711 mu-law (the wire format of the JSON carriers; an adapter for a
 * PCM carrier expands it), any length: the carrier buffers and paces.
 */
export interface MediaStream {
  /** Registers the one listener; events that came before are delivered at once. */
  listen(events: Partial<MediaStreamEvents>): void;
  send(mulaw: Uint8Array): void;
  /** Fires `marked` after everything sent so far was played. Names are never reused within a stream. */
  mark(name: string): void;
  /** Stops speaking: pending marks are reported `cleared` before it returns, late echoes of them are dropped. */
  clear(): void;
  /** Sent minus elapsed, never below 0. */
  readonly bufferedMs: number;
  /** Hands the leg back to the document, or ends the call where the document ends. */
  close(): void;
}
