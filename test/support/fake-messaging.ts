import { randomUUID } from 'node:crypto';

import type { Clock } from '../../src/clock.ts';
import type {
  LogFilter,
  Messaging,
  ReportFilter,
  SubmitBulk,
  SubmitMessage,
  SubmittedBulk,
} from '../../src/delivery/messaging.ts';
import { newCallRef, systemRandom } from '../../src/domain/ids.ts';
import type { Bulk, BulkStatus, Message, MessageChannel, Outcome } from '../../src/domain/message.ts';
import { parseMsisdn, toMsisdn } from '../../src/domain/phone.ts';
import { generalStatusOf, isFinal, rejection } from '../../src/domain/status.ts';
import { fieldError, ServiceError } from '../../src/errors.ts';

const HOURS_48 = 48 * 3_600_000;

/** What became of a message, for {@link FakeMessaging.finish}. */
export type Finish = Partial<Omit<Message, 'messageId'>> & { readonly outcome: Outcome };

/**
 * The engine as the faces see it, in memory: it keeps the rules of the contract that a client can see (outcomes by
 * destination, used ids, bulk states, each report once), and nothing is ever sent. `submitted` is all that it was
 * asked for; `failure` is thrown by the next verb.
 */
export class FakeMessaging implements Messaging {
  readonly submitted: SubmitBulk[] = [];
  readonly reportFilters: ReportFilter[] = [];
  readonly logFilters: LogFilter[] = [];
  failure: unknown = undefined;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #bulks = new Map<string, Bulk>();
  readonly #messages = new Map<string, Message>();
  readonly #reported = new Set<string>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** The request that came last. */
  get last(): SubmitBulk {
    const last = this.submitted.at(-1);
    if (!last) throw new Error('nothing was submitted');
    return last;
  }

  /** The message that was submitted last. */
  get lastMessage(): SubmitMessage {
    const message = this.last.messages.at(-1);
    if (!message) throw new Error('nothing was submitted');
    return message;
  }

  async submit(request: SubmitBulk): Promise<SubmittedBulk> {
    this.#fail();
    this.submitted.push(request);
    const { channel } = request;
    const bulkId = request.bulkId ?? randomUUID();
    if (this.#bulks.has(key(channel, bulkId))) throw fieldError('bulkId', 'is already in use');
    const messages = request.messages.flatMap(message =>
      message.destinations.map(destination => this.#accept({ request, bulkId, message, destination })),
    );
    const now = this.#clock.now();
    this.#bulks.set(key(channel, bulkId), {
      bulkId,
      channel,
      sendAt: request.sendAt ?? request.messages[0]?.sendAt ?? now,
      ...(request.speed && { speed: request.speed }),
      status: 'PENDING',
      total: messages.length,
      createdAt: now,
    });
    return { bulkId, messages };
  }

  /** Settles a message as the engine would: from now on it has a report. */
  finish(messageId: string, fields: Finish): Message {
    const message = this.#messages.get(messageId);
    if (!message) throw new Error(`no message ${messageId}`);
    const now = this.#clock.now();
    const done: Message = { ...message, state: 'done', sentAt: now, doneAt: now, ...fields };
    this.#messages.set(messageId, done);
    return done;
  }

  /** Puts a bulk into a state that only time would bring. */
  setBulk(channel: MessageChannel, bulkId: string, fields: Partial<Bulk>): void {
    const bulk = this.#require(channel, bulkId);
    this.#bulks.set(key(channel, bulkId), { ...bulk, ...fields });
  }

  async getBulk(channel: MessageChannel, bulkId: string): Promise<Bulk | undefined> {
    this.#fail();
    return this.#bulks.get(key(channel, bulkId));
  }

  async reschedule(channel: MessageChannel, bulkId: string, sendAt: number): Promise<Bulk> {
    this.#fail();
    if (this.#require(channel, bulkId).status !== 'PAUSED') {
      throw fieldError('sendAt', 'can be changed only while the bulk is PAUSED');
    }
    this.setBulk(channel, bulkId, { sendAt });
    return this.#require(channel, bulkId);
  }

  async setStatus(channel: MessageChannel, bulkId: string, status: BulkStatus): Promise<Bulk> {
    this.#fail();
    const present = this.#require(channel, bulkId).status;
    const over = present === 'CANCELED' || present === 'FINISHED' || present === 'FAILED';
    if (over || status === 'FINISHED' || status === 'FAILED')
      throw fieldError('status', 'the bulk has ended');
    this.setBulk(channel, bulkId, { status });
    return this.#require(channel, bulkId);
  }

  async takeReports(filter: ReportFilter): Promise<readonly Message[]> {
    this.#fail();
    this.reportFilters.push(filter);
    const taken = [...this.#messages.values()]
      .filter(message => message.state === 'done' && !this.#reported.has(message.messageId))
      .filter(message => this.#isRecent(message) && matches(message, filter))
      .toSorted((a, b) => (a.doneAt ?? 0) - (b.doneAt ?? 0))
      .slice(0, filter.limit);
    for (const { messageId } of taken) this.#reported.add(messageId);
    return taken;
  }

  async logs(filter: LogFilter): Promise<{ messages: readonly Message[]; nextCursor?: string }> {
    this.#fail();
    this.logFilters.push(filter);
    const { from, to, generalStatus, sentSince = 0, sentUntil = Number.MAX_SAFE_INTEGER } = filter;
    const found = [...this.#messages.values()]
      .filter(message => this.#isRecent(message) && matches(message, filter))
      .filter(
        message => (from === undefined || message.from === from) && (to === undefined || message.to === to),
      )
      .filter(({ outcome, channel }) => !generalStatus || generalStatusOf(outcome, channel) === generalStatus)
      .filter(message => sentTime(message) >= sentSince && sentTime(message) <= sentUntil)
      .filter(({ mccMnc = '' }) => mccMnc.startsWith(`${filter.mcc ?? ''}${filter.mnc ?? ''}`))
      .toSorted((a, b) => sentTime(b) - sentTime(a));
    const start = Number(filter.cursor ?? 0);
    const end = start + filter.limit;
    return {
      messages: found.slice(start, end),
      ...(end < found.length && { nextCursor: String(end) }),
    };
  }

  #accept(parts: {
    request: SubmitBulk;
    bulkId: string;
    message: SubmitMessage;
    destination: SubmitMessage['destinations'][number];
  }): SubmittedBulk['messages'][number] {
    const { request, bulkId, message, destination } = parts;
    const number = parseMsisdn(destination.to);
    const to = number ? toMsisdn(number) : destination.to.trim();
    const messageId = destination.messageId ?? randomUUID();
    const smsCount = 'messageCount' in message.content && { smsCount: message.content.messageCount };
    if (this.#messages.has(messageId)) {
      return { to, messageId, outcome: rejection('REJECTED_DUPLICATE_MESSAGE_ID'), ...smsCount };
    }
    const refused =
      message.rejection ??
      (number ? undefined : rejection(to === '' ? 'MISSING_TO' : 'REJECTED_DESTINATION'));
    const outcome: Outcome = refused ?? { kind: 'pending' };
    const now = this.#clock.now();
    const { from = '', content, notify, callbackData, platform, campaignReferenceId } = message;
    this.#messages.set(messageId, {
      messageId,
      ref: newCallRef(systemRandom, '0'),
      bulkId,
      face: request.face,
      channel: request.channel,
      to,
      from,
      content,
      ...(notify && { notify }),
      ...(callbackData !== undefined && { callbackData }),
      ...(platform && { platform }),
      ...(campaignReferenceId !== undefined && { campaignReferenceId }),
      state: isFinal(outcome) ? 'done' : 'scheduled',
      tries: 0,
      dueAt: message.sendAt ?? request.sendAt ?? now,
      outcome,
      createdAt: now,
      ...(refused && { doneAt: now }),
    });
    return { to, messageId, outcome, ...smsCount };
  }

  #require(channel: MessageChannel, bulkId: string): Bulk {
    const bulk = this.#bulks.get(key(channel, bulkId));
    if (!bulk) throw new ServiceError('notFound');
    return bulk;
  }

  #isRecent(message: Message): boolean {
    return this.#clock.now() - (message.doneAt ?? message.createdAt) <= HOURS_48;
  }

  #fail(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

function key(channel: MessageChannel, bulkId: string): string {
  return `${channel} ${bulkId}`;
}

function sentTime(message: Message): number {
  return message.sentAt ?? message.createdAt;
}

function matches(message: Message, filter: ReportFilter | LogFilter): boolean {
  const { channel, bulkIds, messageIds, entityId, applicationId, campaignReferenceIds } = filter;
  return (
    message.channel === channel &&
    (bulkIds?.includes(message.bulkId) ?? true) &&
    (messageIds?.includes(message.messageId) ?? true) &&
    (entityId === undefined || message.platform?.entityId === entityId) &&
    (applicationId === undefined || message.platform?.applicationId === applicationId) &&
    (campaignReferenceIds?.includes(message.campaignReferenceId ?? '') ?? true)
  );
}
