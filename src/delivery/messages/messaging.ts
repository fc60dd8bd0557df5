import type { WebhookReply } from '../../carriers/carrier.ts';
import type { Timer } from '../../clock.ts';
import type { Bulk, Message, MessageChannel, Outcome } from '../../domain/message.ts';
import { beside, shardOf } from '../../domain/ids.ts';
import { MAX_VALIDITY_MS } from '../../domain/schedule.ts';
import { rejection } from '../../domain/status.ts';
import type { E164 } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import { background } from '../../log.ts';
import type { BulkChange } from '../../store/message-store.ts';
import type { LogFilter, Messaging, ReportFilter, SubmitBulk, SubmittedBulk } from '../messaging.ts';
import { isVoice, layOut } from './admission.ts';
import { ClaimLoop } from './claim-loop.ts';
import type { MessagingDeps, MessagingLimits } from './context.ts';
import { maskCodes } from './mask.ts';
import type { MessageCallsLink } from './message-calls.ts';
import { TextDispatch } from './text-dispatch.ts';
import { TextWebhooks, type TextWebhookRequest } from './text-webhooks.ts';
import { VoiceDispatch } from './voice-dispatch.ts';

/** Reports and logs reach back this far (infobip-api.md 3.1, 5.3). */
const LOOK_BACK_MS = 2 * 86_400_000;
const SWEEP_MS = 3_600_000;
const RETRY_AFTER_MS = 5_000;
const LIMITS: MessagingLimits = { liveCalls: 2_000, requests: 64, pollMs: 500 };
const PENDING: Outcome = { kind: 'pending' };

export interface StartableMessaging extends Messaging {
  /** Begins to send, with what an earlier life left first. */
  start(): Promise<void>;
  /** Refuses new bulks, claims nothing more, and waits up to `graceMs` for requests to carriers. Before the calls stop. */
  stop(graceMs: number): Promise<void>;
  /** What a carrier says about a text. Never throws; undefined: no text of a bulk has this reference. */
  handleTextWebhook(request: TextWebhookRequest): Promise<WebhookReply | undefined>;
  /** For reports that are pushed: the message as it is now. */
  getMessage(ref: string): Promise<Message | undefined>;
}

/** Puts the parts together: admission, the claim loop, calls, texts, reports. */
export function createMessaging(
  deps: MessagingDeps & { messageCalls: MessageCallsLink },
): StartableMessaging {
  return new Engine(deps);
}

class Engine implements StartableMessaging {
  readonly #deps: MessagingDeps;
  readonly #loop: ClaimLoop;
  readonly #webhooks: TextWebhooks;
  #sweep: Timer | undefined;
  #draining = false;

  constructor(deps: MessagingDeps & { messageCalls: MessageCallsLink }) {
    this.#deps = deps;
    const { store, clock, log, calls } = deps;
    const voice = new VoiceDispatch(deps);
    const texts = new TextDispatch(deps);
    this.#loop = new ClaimLoop({ ...LIMITS, ...deps.limits, store, clock, log, calls, voice, texts });
    this.#webhooks = new TextWebhooks(deps);
    deps.messageCalls.onEnded(() => this.#loop.wake());
  }

  async submit(request: SubmitBulk): Promise<SubmittedBulk> {
    if (this.#draining) throw new ServiceError('unavailable', { retryAfterMs: RETRY_AFTER_MS });
    const { store, speech, random, log } = this.#deps;
    const newRef = (bulkId: string): string => beside(shardOf(bulkId), random(16).toString('hex'));
    const bulk = await layOut(request, {
      speech,
      newRef,
      newId: () => uuid(random(16)),
      callCarrier: () => this.#callCarrier(),
    });
    const result = await store.addBulk(bulk);
    if (result.outcome === 'taken') throw fieldError('bulkId', 'is already in use');
    const taken = new Set(result.duplicates);
    const { bulkId, channel } = bulk;
    log.info({ bulkId, channel, messages: bulk.messages.length, duplicates: taken.size }, 'bulk accepted');
    this.#loop.wake();
    return {
      bulkId,
      messages: bulk.messages.map((message, index) => {
        const { content } = request.messages[message.batch]!;
        return {
          to: message.to,
          messageId: message.messageId,
          outcome: taken.has(index) ? DUPLICATE : (message.rejection ?? PENDING),
          ...(!isVoice(content) && { smsCount: content.messageCount }),
        };
      }),
    };
  }

  async getBulk(channel: MessageChannel, bulkId: string): Promise<Bulk | undefined> {
    return await this.#deps.store.getBulk(channel, bulkId);
  }

  async reschedule(channel: MessageChannel, bulkId: string, sendAt: number): Promise<Bulk> {
    const change = await this.#deps.store.rescheduleBulk({ channel, bulkId, sendAt });
    return changed(change, 'sendAt', 'can be changed only while the bulk is PAUSED');
  }

  async setStatus(channel: MessageChannel, bulkId: string, status: Bulk['status']): Promise<Bulk> {
    const to = SWITCHES[status];
    if (!to) throw fieldError('status', 'must be PENDING, PAUSED, PROCESSING or CANCELED');
    const change = await this.#deps.store.switchBulk({ channel, bulkId, to });
    const bulk = changed(change, 'status', 'the bulk has ended');
    this.#deps.log.info({ bulkId, channel, status: bulk.status }, 'bulk switched');
    this.#loop.wake();
    return bulk;
  }

  async takeReports(filter: ReportFilter): Promise<readonly Message[]> {
    return await this.#deps.store.takeReports({ ...filter, withinMs: LOOK_BACK_MS });
  }

  async logs(filter: LogFilter): Promise<{ messages: readonly Message[]; nextCursor?: string }> {
    const { generalStatus, mcc, mnc, ...rest } = filter;
    const found = await this.#deps.store.listMessages({
      ...rest,
      withinMs: LOOK_BACK_MS,
      ...(generalStatus !== undefined && { statusGroup: generalStatus }),
      mccMnc: { ...(mcc !== undefined && { mcc }), ...(mnc !== undefined && { mnc }) },
    });
    return { ...found, messages: found.messages.map(withoutPins) };
  }

  async getMessage(ref: string): Promise<Message | undefined> {
    return await this.#deps.store.getMessage(ref);
  }

  async handleTextWebhook(request: TextWebhookRequest): Promise<WebhookReply | undefined> {
    return await this.#webhooks.handle(request);
  }

  async start(): Promise<void> {
    this.#sweepAgain();
    await this.#loop.start();
  }

  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#sweep?.cancel();
    await this.#loop.stop(graceMs);
  }

  #sweepAgain(): void {
    const { clock, log, store, retentionMs } = this.#deps;
    this.#sweep = clock.after(SWEEP_MS, () => {
      const sweeping = store.sweepMessages({ retentionMs: Math.max(retentionMs, MAX_VALIDITY_MS) });
      background(log, 'sweeping messages', sweeping);
      this.#sweepAgain();
    });
  }

  /** Who takes calls; its abilities decide what can be promised. */
  #callCarrier() {
    const route = this.#deps.routeCall('+' as E164);
    return route && this.#deps.callCarriers.get(route.carrier);
  }
}

const DUPLICATE = rejection('REJECTED_DUPLICATE_MESSAGE_ID');

const SWITCHES: Readonly<Partial<Record<Bulk['status'], 'paused' | 'running' | 'canceled'>>> = {
  PAUSED: 'paused',
  PENDING: 'running',
  PROCESSING: 'running',
  CANCELED: 'canceled',
};

function changed(change: BulkChange, field: string, refusal: string): Bulk {
  if (change.outcome === 'unknown') throw new ServiceError('notFound');
  if (change.outcome === 'refused') throw fieldError(field, refusal);
  return change.bulk;
}

function withoutPins(message: Message): Message {
  const { content } = message;
  const { text } = content;
  if (text === undefined) return message;
  const language = 'language' in content ? content.language : undefined;
  return { ...message, content: { ...content, text: maskCodes(text, language) } };
}

/** RFC 9562, version 4. */
function uuid(bytes: Buffer): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
