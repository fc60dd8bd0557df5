import type { WebSocket } from 'ws';

import type {
  Application,
  CallRef,
  E164,
  EmailAddress,
  EmailTemplate,
  PinId,
  Template,
} from '../domain/types.ts';
import type { RawWebhook, WebhookReply } from '../carriers/carrier.ts';
import type { NumberContext } from '../carriers/message-carrier.ts';
import type { Verify } from './verify.ts';

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

  /** One attempt at a PIN. @throws ServiceError unavailable */
  readonly verify: Verify;

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

/** PINs by SMS and e-mail, under the same rules as calls. */
export interface PinMessaging {
  /**
   * Commits a PIN, looks its number up where asked to, and hands the text to a carrier. Resolves when the carrier has
   * answered, or after 5 s: what is not known to be refused by then counts as sent, since it is committed and goes on.
   * @throws ServiceError tooManyRequests, unavailable
   */
  sendText(request: SendPinMessage & { template: Template; to: E164; lookUp: boolean }): Promise<SentText>;
  /** Same PIN, same pinId. @throws ServiceError notFound, badRequest (it was sent to an address), tooManyRequests */
  resendText(request: ResendPin): Promise<SentText>;
  /** Resolves once committed: mail takes its time. @throws ServiceError tooManyRequests, unavailable */
  sendMail(request: SendPinMessage & { template: EmailTemplate; to: EmailAddress }): Promise<SentMail>;
  /** @throws ServiceError notFound, badRequest (it was sent to a number), tooManyRequests */
  resendMail(request: ResendPin): Promise<SentMail>;
  /** What a carrier says about a text. Never throws; undefined: no text of a PIN has this reference. */
  handleTextWebhook(request: TextWebhook): Promise<WebhookReply | undefined>;
}

export interface SendPinMessage {
  readonly application: Application;
  readonly from?: string;
  readonly placeholders: Readonly<Record<string, string>>;
}

export interface ResendPin {
  readonly pinId: PinId;
  readonly placeholders: Readonly<Record<string, string>>;
}

export interface TextWebhook {
  readonly carrier: string;
  readonly ref: CallRef;
  readonly raw: RawWebhook;
}

export interface SentText {
  readonly pinId: PinId;
  readonly to: E164;
  readonly ref: CallRef;
  /** False: it will not be sent. */
  readonly sent: boolean;
  /** What the lookup said; undefined: there was none. */
  readonly reachable: NumberContext['reachable'] | undefined;
  /** The number cannot take a text: its plan's call was started instead. */
  readonly calling?: boolean;
}

export interface SentMail {
  readonly pinId: PinId;
  readonly to: EmailAddress;
  readonly ref: CallRef;
}

export interface SentPin {
  readonly pinId: PinId;
  readonly to: E164;
  readonly callRef: CallRef;
}
