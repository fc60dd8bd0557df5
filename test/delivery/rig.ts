import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebSocket } from 'ws';

import { buildMessage, toSegments } from '../../ivr/index.ts';
import type { Clock } from '../../src/clock.ts';
import type { Step } from '../../src/carriers/carrier.ts';
import { createVoiceDelivery, type VoiceDeliveryDeps } from '../../src/delivery/index.ts';
import { createApplication } from '../../src/domain/application.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { createKeyring, derivePin } from '../../src/domain/pin.ts';
import { securitySettings } from '../../src/domain/profile.ts';
import { createTemplate } from '../../src/domain/template.ts';
import type { Application, CallRef, Delivery, E164, PinId, Template } from '../../src/domain/types.ts';
import { createLogger } from '../../src/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { CLIP_MS, InstantSpeech } from '../support/instant-speech.ts';
import { ScriptedCarrier, webhookOf, type Said } from '../support/scripted-carrier.ts';
import { ScriptedMediaStream } from '../support/scripted-media-stream.ts';

export const PUBLIC_URL = 'https://pin.example';
export const PHONE = '+41793026727' as E164;

const MESSAGE = 'Your code is {{pin}}';

/** One reading of it with four digits, half a second a clip: some four seconds of sound. */
export const MESSAGE_MS = toSegments(
  buildMessage({ text: MESSAGE, pin: '0000', placeholders: {}, digitPauseMs: 400 }),
  { language: 'en', rate: 1, spelling: 'letters' },
).reduce((sum, segment) => sum + (segment.kind === 'speech' ? CLIP_MS : segment.ms), 0);

type Voice = VoiceDeliveryDeps['voice'];
export const voice: Voice = {
  defaultLanguage: 'en',
  pauseMs: 0,
  digitPauseMs: 400,
  spelling: 'letters',
  times: 1,
  machineDetection: 'off',
  dtmfTimeoutMs: 10_000,
  ringTimeoutSeconds: 45,
  callTimeoutMs: 180_000,
};

export interface RigOptions {
  readonly voice?: Partial<Voice>;
  readonly template?: Partial<Template>;
  readonly application?: Partial<Application['configuration']>;
  readonly deps?: Partial<VoiceDeliveryDeps>;
  readonly carrier?: ScriptedCarrier;
  readonly speech?: InstantSpeech;
}

/** A delivery over a real store in a folder of its own, a scripted carrier, and a clock that the test moves. */
export class Rig {
  readonly clock: FakeClock;
  readonly carrier: ScriptedCarrier;
  readonly speech: InstantSpeech;
  readonly keyring = createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' });
  readonly lines: string[] = [];
  readonly counted: string[] = [];
  readonly application: Application;
  readonly template: Template;
  store!: Store;
  delivery!: ReturnType<typeof createVoiceDelivery>;
  readonly #options: RigOptions;
  readonly #folder: string;
  #life = { over: false };

  private constructor(options: RigOptions, clock: FakeClock, folder: string) {
    this.#options = options;
    this.clock = clock;
    this.#folder = folder;
    this.carrier = options.carrier ?? new ScriptedCarrier();
    this.speech = options.speech ?? new InstantSpeech();
    const deps = { random: systemRandom, now: clock.now() };
    this.application = createApplication(
      { name: 'test', configuration: { sendPinPerPhoneNumberLimit: '1000/1d', ...options.application } },
      deps,
    );
    this.template = {
      ...createTemplate(
        this.application.applicationId,
        { messageText: MESSAGE, pinType: 'NUMERIC', pinLength: 4 },
        deps,
      ),
      ...options.template,
    };
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options, new FakeClock(), mkdtempSync(join(tmpdir(), 'saypin-delivery-')));
    await rig.open();
    await rig.store.putApplication(rig.application);
    await rig.store.putTemplate(rig.template);
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
    this.delivery = createVoiceDelivery({
      store: this.store,
      carriers: new Map([[this.carrier.name, this.carrier]]),
      route: () => ({ carrier: this.carrier.name, from: '+15005550006' as E164 }),
      speech: this.speech,
      keyring: this.keyring,
      security: securitySettings('compat'),
      voice: { ...voice, ...this.#options.voice },
      clock,
      random: systemRandom,
      log,
      publicUrl: PUBLIC_URL,
      retentionMs: 86_400_000,
      count: what => void this.counted.push(what),
      ...this.#options.deps,
    });
    await this.delivery.start();
  }

  /** As `kill -9` leaves it: nothing is kept but what was committed, and no timer in memory ever fires. */
  async kill(): Promise<void> {
    this.#life.over = true;
    await this.store.close();
  }

  async crash(): Promise<void> {
    await this.kill();
    await this.open();
  }

  async close(): Promise<void> {
    const stopping = this.delivery.stop(0);
    await this.clock.advanceAsync(20_000);
    await stopping;
    await this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async send(placeholders: Readonly<Record<string, string>> = {}): Promise<CallRef> {
    const { application, template } = this;
    const { callRef } = await this.delivery.sendPin({ application, template, to: PHONE, placeholders });
    await settle();
    return callRef;
  }

  async say(
    kind: 'answer' | 'status' | 'digits' | 'machine',
    ref: CallRef,
    said: Said,
    options: { id?: string; query?: Readonly<Record<string, string>>; forged?: boolean } = {},
  ) {
    const url = `${PUBLIC_URL}/carrier-webhooks/${this.carrier.name}/${ref}/${kind}`;
    const signed = webhookOf(url, options.id ?? 'CA1', said);
    const raw = options.forged ? { ...signed, headers: { 'x-signature': 'forged' } } : signed;
    const { query = {} } = options;
    return await this.delivery.handleWebhook({ carrier: this.carrier.name, ref, kind, raw, query });
  }

  /** The answer webhook; the steps that it was answered with. */
  async answer(ref: CallRef, id = 'CA1'): Promise<readonly Step[]> {
    const reply = await this.say('answer', ref, { events: [{ type: 'answered' }] }, { id });
    return JSON.parse(reply.body ?? '[]') as Step[];
  }

  async ended(ref: CallRef, said: Partial<EndedSaid> = {}, id = 'CA1') {
    const event = { type: 'ended', cause: 'completed', raw: 'completed', ...said } as const;
    return await this.say('status', ref, { events: [event] }, { id });
  }

  /** The upgrade of the media socket; undefined: refused. */
  async admit(url: string, options: { forged?: boolean } = {}) {
    const match = /^wss:\/\/pin\.example\/media\/([^/]+)\/([^/]+)$/.exec(url);
    const [, carrier = '', token = ''] = match ?? [];
    const raw = {
      method: 'GET',
      url,
      headers: { 'x-signature': options.forged ? 'forged' : `signed ${url}` },
      rawBody: Buffer.alloc(0),
    };
    return await this.delivery.admitMedia({ carrier, token, raw });
  }

  /** Sent, answered, and the socket open: its first message is the test's to send. */
  async connect(ref: CallRef, id = 'CA1'): Promise<ScriptedMediaStream> {
    const takeOver = await this.admit(streamUrl(await this.answer(ref, id)));
    if (!takeOver) throw new Error('the socket was refused');
    const stream = new ScriptedMediaStream(this.clock);
    takeOver(stream as unknown as WebSocket);
    return stream;
  }

  /** As `connect`, in a call whose end the carrier reports when it is hung up. */
  async talk(ref: CallRef): Promise<ScriptedMediaStream> {
    const stream = await this.connect(ref);
    this.carrier.onHangup = async () => stream.end('carrier');
    stream.ready('CA1');
    return stream;
  }

  /** Of a PIN. */
  async record(ref: CallRef): Promise<Delivery & { pinId: PinId }> {
    const delivery = await this.store.getDelivery(ref);
    if (delivery?.pinId === undefined) throw new Error('no such delivery of a PIN');
    return { ...delivery, pinId: delivery.pinId };
  }

  async report(ref: CallRef) {
    const { report } = await this.record(ref);
    if (!report) throw new Error('no report yet');
    return report;
  }

  /** The PIN, from the store and the master key: what the phone should have heard. */
  async pinOf(id: PinId): Promise<string> {
    const record = await this.store.getPin(id);
    return (record && derivePin(this.keyring, record)) ?? '';
  }
}

interface EndedSaid {
  readonly cause: 'completed' | 'busy' | 'no-answer' | 'rejected' | 'canceled' | 'failed';
  readonly raw: string;
  readonly at: number;
  readonly durationSeconds: number;
  readonly sipCode: number;
}

export function streamUrl(steps: readonly Step[]): string {
  const [step] = steps;
  if (step?.do !== 'stream') throw new Error(`no stream but ${step?.do ?? 'nothing'}`);
  return step.url;
}

/** Runs a test with a rig of its own. */
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
