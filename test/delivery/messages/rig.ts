import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FoundPlaced, RawWebhook } from '../../../src/carriers/carrier.ts';
import type { MessageCarrier, SendText, TextEvent } from '../../../src/carriers/message-carrier.ts';
import type { Clock } from '../../../src/clock.ts';
import { createVoiceDelivery } from '../../../src/delivery/index.ts';
import {
  createMessageCalls,
  createMessaging,
  createRecordings,
  type MessagingLimits,
} from '../../../src/delivery/messages/index.ts';
import type { SubmitBulk, SubmitMessage } from '../../../src/delivery/messaging.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { createKeyring } from '../../../src/domain/pin.ts';
import { securitySettings } from '../../../src/domain/profile.ts';
import type { CallRef, E164 } from '../../../src/domain/types.ts';
import { ServiceError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import type { Store } from '../../../src/store/store.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { InstantSpeech } from '../../support/instant-speech.ts';
import { SMS, VOICE } from '../../support/message-fixtures.ts';
import { ScriptedCarrier, webhookOf, type Said } from '../../support/scripted-carrier.ts';
import { PUBLIC_URL, voice } from '../rig.ts';

/** A text carrier whose wire is JSON. */
export class ScriptedTexts implements MessageCarrier {
  readonly name = 'scripted';
  readonly sent: (SendText & { at: number })[] = [];
  /** The answers to the next requests; then: accepted as SM1, SM2, ... */
  answers: (() => Promise<{ carrierMessageId: string }>)[] = [];
  /** What its list says; absent: it has none. */
  findText?: () => Promise<FoundPlaced>;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async sendText(request: SendText): Promise<{ carrierMessageId: string }> {
    this.sent.push({ ...request, at: this.#now() });
    const answer = this.answers.shift();
    return answer ? await answer() : { carrierMessageId: `SM${this.sent.length}` };
  }

  verifyWebhook(request: RawWebhook): boolean {
    return request.headers['x-signature'] === `signed ${request.url}`;
  }

  parseTextWebhook(request: RawWebhook) {
    try {
      return JSON.parse(request.rawBody.toString()) as {
        carrierMessageId: string;
        events: readonly TextEvent[];
      };
    } catch (error) {
      throw new ServiceError('badRequest', { cause: error });
    }
  }
}

export interface RigOptions {
  readonly limits?: Partial<MessagingLimits>;
  readonly carrier?: ScriptedCarrier;
  /** False: the timers of calls, which look twice a second, stand still; for tests that last days. */
  readonly guards?: boolean;
  readonly file?: (url: string) => Promise<Uint8Array>;
}

/** Messaging over a real store, scripted carriers, real calls, and a clock that the test moves. */
export class Rig {
  readonly clock = new FakeClock();
  readonly carrier: ScriptedCarrier;
  readonly texts = new ScriptedTexts(() => this.clock.now());
  readonly speech = new InstantSpeech();
  readonly lines: string[] = [];
  /** When each call was asked for, by destination. */
  readonly callTimes: { to: string; at: number; ref: CallRef }[] = [];
  store!: Store;
  delivery!: ReturnType<typeof createVoiceDelivery>;
  messaging!: ReturnType<typeof createMessaging>;
  readonly #options: RigOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'saypin-messages-'));
  #life = { over: false };

  private constructor(options: RigOptions) {
    this.#options = options;
    this.carrier = options.carrier ?? new ScriptedCarrier();
    const place = this.carrier.placeCall.bind(this.carrier);
    this.carrier.placeCall = async request => {
      this.callTimes.push({ to: request.to, at: this.clock.now(), ref: request.callRef as CallRef });
      return await place(request);
    };
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    await rig.open();
    return rig;
  }

  async open(): Promise<void> {
    const life = { over: false };
    this.#life = life;
    const clock: Clock = {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      after: (ms, fire) => (life.over ? { cancel() {} } : this.clock.after(ms, () => life.over || fire())),
    };
    const log = createLogger('trace', { write: line => void this.lines.push(line) });
    this.store = await openSqliteStore({ path: join(this.#folder, 'test.db'), clock: this.clock });
    const { store, speech, carrier, texts } = this;
    const carriers = new Map([[carrier.name, carrier]]);
    const route = () => ({ carrier: carrier.name, from: '+15005550006' as E164 });
    const file = this.#options.file ?? (() => Promise.reject(new Error('not there')));
    const recordings = createRecordings({ fetchGuarded: file, clock });
    const messageCalls = createMessageCalls({ store, speech, recordings });
    const common = {
      store,
      speech,
      clock,
      random: systemRandom,
      log,
      publicUrl: PUBLIC_URL,
      retentionMs: 7 * 86_400_000,
    };
    this.delivery = createVoiceDelivery({
      ...common,
      carriers,
      route,
      keyring: createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' }),
      security: securitySettings('strict'),
      voice,
      messageCalls,
    });
    this.messaging = createMessaging({
      ...common,
      calls: this.delivery,
      callCarriers: carriers,
      textCarriers: new Map([[texts.name, texts]]),
      routeCall: route,
      routeText: route,
      recordings,
      messageCalls,
      ...(this.#options.limits && { limits: this.#options.limits }),
    });
    if (this.#options.guards ?? true) await this.delivery.start();
    await this.messaging.start();
    await settle();
  }

  /** As `kill -9` leaves it. */
  async crash(): Promise<void> {
    this.#life.over = true;
    await this.store.close();
    await this.open();
  }

  async close(): Promise<void> {
    const stopping = this.messaging.stop(1_000).then(() => this.delivery.stop(0));
    await this.clock.advanceAsync(20_000);
    await stopping;
    await this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** `to` may be a number of destinations. */
  async submit(
    channel: 'voice' | 'sms',
    to: number | readonly string[],
    message: Partial<SubmitMessage> = {},
    bulk: Partial<SubmitBulk> = {},
  ) {
    const list =
      typeof to === 'number'
        ? Array.from({ length: to }, (_, index) => `4179${String(3_000_000 + index)}`)
        : to;
    const accepted = await this.messaging.submit({
      face: channel === 'voice' ? 'tts3' : 'sms3',
      channel,
      ...bulk,
      messages: [
        {
          destinations: list.map(number => ({ to: number })),
          content: channel === 'voice' ? VOICE : SMS,
          ...message,
        },
      ],
    });
    await settle();
    return accepted;
  }

  /** The message of a submitted destination, as the store has it. */
  async message(channel: 'voice' | 'sms', messageId: string) {
    const { messages } = await this.store.listMessages({
      channel,
      messageIds: [messageId],
      limit: 1,
      withinMs: 30 * 86_400_000,
    });
    const [message] = messages;
    if (!message) throw new Error('no such message');
    return message;
  }

  async text(ref: string, id: string, events: readonly object[], forged = false) {
    const url = `${PUBLIC_URL}/carrier-webhooks/scripted/${ref}/text`;
    const body = { carrierMessageId: id, events: events.map(event => ({ carrierMessageId: id, ...event })) };
    const raw = {
      method: 'POST',
      url,
      headers: { 'x-signature': forged ? 'forged' : `signed ${url}` },
      rawBody: Buffer.from(JSON.stringify(body)),
    };
    return await this.messaging.handleTextWebhook({ carrier: 'scripted', ref: ref as CallRef, raw });
  }

  async say(kind: 'answer' | 'status', ref: CallRef, id: string, said: Said) {
    const url = `${PUBLIC_URL}/carrier-webhooks/${this.carrier.name}/${ref}/${kind}`;
    const raw = webhookOf(url, id, said);
    const reply = await this.delivery.handleWebhook({
      carrier: this.carrier.name,
      ref,
      kind,
      raw,
      query: {},
    });
    await settle();
    return reply;
  }

  async ended(ref: CallRef, id: string, cause: 'busy' | 'no-answer' | 'failed' | 'completed'): Promise<void> {
    await this.say('status', ref, id, { events: [{ type: 'ended', cause, raw: cause }] });
  }
}

export function withRig(options: RigOptions, test: (rig: Rig) => Promise<void>): () => Promise<void> {
  return async () => {
    const rig = await Rig.start(options);
    try {
      await test(rig);
    } finally {
      await rig.close();
    }
  };
}
