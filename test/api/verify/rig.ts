import { createApiKeyAuthenticator, hashApiKey } from '../../../src/api/auth.ts';
import { carrierWebhooks } from '../../../src/api/carrier-webhooks/plugin.ts';
import { verifyApi } from '../../../src/api/verify/index.ts';
import {
  createClient,
  type ClientOptions,
  type DeliveryPlan,
  type SaypinClient,
  type SaypinError,
} from '../../../src/client/index.ts';
import type { Clock } from '../../../src/clock.ts';
import type { TextEvent } from '../../../src/carriers/message-carrier.ts';
import {
  createVoiceDelivery,
  type StartableVoiceDelivery,
  type VoiceDeliveryDeps,
} from '../../../src/delivery/index.ts';
import type { Verifications } from '../../../src/delivery/verifications.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { createKeyring } from '../../../src/domain/pin.ts';
import { securitySettings, type SecurityProfile } from '../../../src/domain/profile.ts';
import type { E164 } from '../../../src/domain/types.ts';
import { createLogger } from '../../../src/log.ts';
import type { Store } from '../../../src/store/store.ts';
import { voice } from '../../delivery/rig.ts';
import { ApiServer, KEYS, type Ids } from '../../support/api-server.ts';
import { settle } from '../../support/fake-clock.ts';
import { InstantSpeech } from '../../support/instant-speech.ts';
import { ScriptedCarrier, webhookOf, type Said } from '../../support/scripted-carrier.ts';
import { ScriptedTexts, textReport } from '../../support/scripted-messages.ts';

export { KEYS };

const PUBLIC_URL = 'https://pins.example.com';
export const MOBILE = '+41793026727';
export const LANDLINE = '+41446681800';

/** A policy under which nothing but this text is ever sent. */
export const TEXT_ONLY: DeliveryPlan = { steps: [{ channel: 'sms' }] };
export const TEXT_THEN_CALL: DeliveryPlan = {
  steps: [{ channel: 'sms', next: { onFailure: true, noReportAfterSeconds: 30 } }, { channel: 'voice' }],
};

export interface RigOptions {
  readonly profile?: SecurityProfile;
  readonly delivery?: Partial<VoiceDeliveryDeps>;
  /** Replaces verbs of the store. */
  readonly store?: (store: Store) => Partial<Store>;
  /** Replaces verbs of the verifications. */
  readonly verifications?: (real: Verifications) => Partial<Verifications>;
  readonly defaultLanguage?: string;
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What it is refused with. */
export async function refusalOf(work: Promise<unknown>): Promise<SaypinError> {
  return await work.then(
    () => Promise.reject(new Error('it was done')),
    (error: unknown) => error as SaypinError,
  );
}

/** The verify API over the real delivery and a real socket, with scripted carriers at its far end. */
export class VerifyServer {
  readonly calls = new ScriptedCarrier();
  readonly texts = new ScriptedTexts();
  api!: ApiServer;
  delivery!: StartableVoiceDelivery;
  url = '';
  #lines = '';

  static async start(options: RigOptions = {}): Promise<VerifyServer> {
    const server = new VerifyServer();
    const { calls, texts } = server;
    const log = createLogger('trace', { write: line => void (server.#lines += line) });
    const security = securitySettings(options.profile ?? 'compat');
    const authenticate = createApiKeyAuthenticator({
      keys: [
        { name: 'all', hash: hashApiKey(KEYS.all) },
        { name: 'manage', hash: hashApiKey(KEYS.manage), scopes: ['2fa:manage'] },
        { name: 'phones', hash: hashApiKey(KEYS.phones), scopes: ['2fa:pin:send'] },
        { name: 'reports', hash: hashApiKey(KEYS.reports), scopes: ['voice-reports:read'] },
      ],
    });
    server.api = await ApiServer.start({
      ...(options.profile && { profile: options.profile }),
      ...(options.store && { store: options.store }),
      wire: ({ store, clock }: { store: Store; clock: Clock }) => {
        const delivery = createVoiceDelivery({
          store,
          carriers: new Map([[calls.name, calls]]),
          route: () => ({ carrier: calls.name, from: '+15005550006' as E164 }),
          texts: {
            carriers: new Map([[texts.name, texts]]),
            route: () => ({ carrier: texts.name, from: 'Saypin' }),
          },
          speech: new InstantSpeech(),
          keyring: createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' }),
          security,
          voice,
          clock,
          random: systemRandom,
          log,
          publicUrl: PUBLIC_URL,
          retentionMs: 86_400_000,
          ...options.delivery,
        });
        server.delivery = delivery;
        const verifications = {
          ...delivery.verifications,
          ...options.verifications?.(delivery.verifications),
        };
        const { defaultLanguage = 'en' } = options;
        const deps = { verifications, store, authenticate, security, defaultLanguage, clock, log };
        return {
          delivery,
          authenticate,
          plugins: [
            async app =>
              await carrierWebhooks(app, {
                delivery,
                texts: [delivery],
                publicUrl: PUBLIC_URL,
                carriers: [calls.name],
                log,
              }),
            async app => await app.register(verifyApi({ ...deps, random: systemRandom })),
          ],
        };
      },
    });
    await server.delivery.start();
    server.url = await server.api.app.listen({ host: '127.0.0.1', port: 0 });
    return server;
  }

  client(options: Partial<ClientOptions> = {}): SaypinClient {
    return createClient({ baseUrl: this.url, apiKey: KEYS.all, sleep: async () => {}, ...options });
  }

  /** One request as it is, for what the client would not send. */
  async raw(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; body: Record<string, unknown>; headers: Headers }> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `App ${KEYS.all}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') && text !== '';
    return {
      status: response.status,
      text,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
      headers: response.headers,
    };
  }

  /** An application whose limits stay out of the way, unless they are the point. */
  async prepare(configuration: Record<string, unknown> = {}): Promise<Ids> {
    return await this.api.prepare(configuration);
  }

  /** What the carrier says of its `nth` text, 1 being the first. */
  async textReport(event: Partial<TextEvent> & { type: TextEvent['type'] }, nth = 1): Promise<void> {
    const { statusUrl, ref } = this.texts.texts[nth - 1]!;
    const raw = textReport(statusUrl, `SM${nth}`, event);
    await this.delivery.handleTextWebhook({ carrier: this.texts.name, ref: ref as never, raw });
    await settle();
  }

  /** What the carrier says of its `nth` call. */
  async callStatus(said: Said, nth = 1): Promise<void> {
    const { statusUrl } = this.calls.placed[nth - 1]!;
    const ref = /[0-9a-f]{32}/.exec(statusUrl)![0];
    await this.delivery.handleWebhook({
      carrier: this.calls.name,
      ref: ref as never,
      kind: 'status',
      raw: webhookOf(statusUrl, `CA${nth}`, said),
      query: {},
    });
    await settle();
  }

  /** Lets what was begun come to rest, and time pass. */
  async pass(ms = 0): Promise<void> {
    await this.api.clock.advanceAsync(ms);
    await settle();
  }

  /** A long time at once: what waits for it wakes up once, at its end. */
  async leap(ms: number): Promise<void> {
    this.api.clock.advance(ms);
    await this.pass();
  }

  /** Everything that was logged, as one text. */
  logged(): string {
    return this.#lines + this.api.logged();
  }

  async close(): Promise<void> {
    const stopping = this.delivery.stop(0);
    await this.api.clock.advanceAsync(20_000);
    await stopping;
    await this.api.close();
  }
}
