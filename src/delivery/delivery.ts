import type { WebSocket } from 'ws';

import type { Application, CallRef, Delivery, E164, PinId, Template } from '../domain/types.ts';
import type { RawWebhook, WebhookReply } from '../carriers/carrier.ts';

/** What the faces of the API call: sending PINs, and handing on what carriers say. */
export interface VoiceDelivery {
  /**
   * Generates a PIN, commits it with its delivery, and dials after the commit. Resolves once committed.
   * @throws ServiceError tooManyRequests (a send limit), badRequest (naming the field), unavailable
   */
  sendPin(request: {
    application: Application;
    template: Template;
    to: E164;
    from?: string;
    placeholders: Readonly<Record<string, string>>;
  }): Promise<SentPin>;
  /** Same PIN, same pinId, TTL and attempts untouched. @throws ServiceError notFound, tooManyRequests, unavailable */
  resendPin(request: { pinId: PinId; placeholders: Readonly<Record<string, string>> }): Promise<SentPin>;

  /** A signed-or-not webhook for a call: verifies, applies, answers (markup where wanted). Never throws on hostile input. */
  handleWebhook(request: {
    carrier: string;
    ref: CallRef;
    kind: WebhookKind;
    raw: RawWebhook;
    query: Readonly<Record<string, string>>;
  }): Promise<WebhookReply>;
  /** Checks signature and token of an upgrade; the returned function takes the socket over. Undefined: answer 403. */
  admitMedia(request: {
    carrier: string;
    token: string;
    raw: RawWebhook;
  }): Promise<((socket: WebSocket) => void) | undefined>;

  /** Starts the timer loop: recovers dials and guards of an earlier life. */
  start(): Promise<void>;
  /** Refuses new sends, lets live calls finish up to `graceMs`, then hangs up. */
  stop(graceMs: number): Promise<void>;
  readonly liveCalls: number;
}

export type WebhookKind = 'answer' | 'status' | 'digits' | 'machine';

export interface SentPin {
  readonly pinId: PinId;
  readonly to: E164;
  readonly delivery: Delivery;
}
