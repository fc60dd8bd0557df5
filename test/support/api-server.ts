import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { createApiKeyAuthenticator, hashApiKey } from '../../src/api/auth.ts';
import { createServer, type ServerDeps } from '../../src/api/server.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { createKeyring, derivePin } from '../../src/domain/pin.ts';
import { securitySettings, type SecurityProfile, type SecuritySettings } from '../../src/domain/profile.ts';
import type { ApplicationId, PinId } from '../../src/domain/types.ts';
import { createLogger } from '../../src/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeDelivery } from './fake-delivery.ts';

/** `phones` may only send and verify; `reports` has a scope that no 2FA call takes. */
export const KEYS = {
  all: 'a1'.repeat(16) + '-2f6d9a52-9d1d-4a6c-8f57-2b0c8a6e1d11',
  manage: 'b2'.repeat(32),
  phones: 'c3'.repeat(32),
  reports: 'd4'.repeat(32),
};

/** What a send names. */
export interface Ids {
  applicationId: string;
  messageId: string;
}

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
  text: string;
  headers: Record<string, unknown>;
}

/** The whole API over a SQLite store in a folder of its own, reached through `inject`. Nobody is called. */
export class ApiServer {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly delivery: FakeDelivery;
  /** Everything that was logged, as one text. */
  readonly logged: () => string;
  readonly #pinOf: (pinId: string) => Promise<string>;
  /** Where the store's files are. */
  readonly folder: string;

  private constructor(parts: {
    app: FastifyInstance;
    store: Store;
    clock: FakeClock;
    delivery: FakeDelivery;
    logged: () => string;
    pinOf: (pinId: string) => Promise<string>;
    folder: string;
  }) {
    this.app = parts.app;
    this.store = parts.store;
    this.clock = parts.clock;
    this.delivery = parts.delivery;
    this.logged = parts.logged;
    this.#pinOf = parts.pinOf;
    this.folder = parts.folder;
  }

  static async start(
    options: {
      profile?: SecurityProfile;
      security?: Partial<SecuritySettings>;
      server?: Partial<ServerDeps>;
      /** Parts of the server made of its store and clock. */
      wire?: (parts: { store: Store; clock: FakeClock }) => Partial<ServerDeps>;
      /** Replaces verbs of the store. */
      store?: (store: Store) => Partial<Store>;
    } = {},
  ): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'saypin-api-'));
    const clock = new FakeClock();
    const real = await openSqliteStore({ path: join(folder, 'saypin.db'), clock });
    const store: Store = { ...real, ...options.store?.(real) };
    const keyring = createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' });
    const security = securitySettings(options.profile ?? 'compat', options.security);
    const delivery = new FakeDelivery({ store, keyring, security, clock });
    let lines = '';
    const log = createLogger('trace', { write: line => void (lines += line) });
    const app = await createServer({
      store,
      delivery,
      keyring,
      security,
      clock,
      log,
      random: systemRandom,
      publicUrl: 'https://pins.example.com',
      version: '0.1.0',
      // Tests ask oftener than a customer may.
      settings: { createApplicationStatus: 200, requestLimits: false },
      authenticate: createApiKeyAuthenticator({
        keys: [
          { name: 'all', hash: hashApiKey(KEYS.all) },
          { name: 'manage', hash: hashApiKey(KEYS.manage), scopes: ['2fa:manage'] },
          { name: 'phones', hash: hashApiKey(KEYS.phones), scopes: ['2fa:pin:send'] },
          { name: 'reports', hash: hashApiKey(KEYS.reports), scopes: ['voice-reports:read'] },
        ],
      }),
      ...options.server,
      ...options.wire?.({ store, clock }),
    });
    const pinOf = async (pinId: string): Promise<string> => {
      const record = await store.getPin(pinId as PinId);
      const pin = record && derivePin(keyring, record);
      if (pin === undefined) throw new Error(`no PIN can be derived of ${pinId}`);
      return pin;
    };
    return new ApiServer({ app, store, clock, delivery, logged: () => lines, pinOf, folder });
  }

  /** One request with the key that may do everything; `headers` add to it or replace it. */
  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH',
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await this.app.inject({
      method,
      url,
      headers: {
        authorization: `App ${KEYS.all}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const json = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      body: (json ? response.json() : undefined) as Body,
      text: response.body,
      headers: response.headers,
    };
  }

  /** An application with roomy limits, and a template of it. */
  async prepare(
    configuration: Record<string, unknown> = {},
    template: Record<string, unknown> = {},
  ): Promise<Ids> {
    const { body: application } = await this.call<Ids>('POST', '/2fa/2/applications', {
      name: 'test',
      configuration: {
        verifyPinLimit: '100000/1s',
        sendPinPerApplicationLimit: '100000/1d',
        sendPinPerPhoneNumberLimit: '100000/1d',
        ...configuration,
      },
    });
    const { applicationId } = application;
    const { body: message } = await this.call<Ids>('POST', `/2fa/2/applications/${applicationId}/messages`, {
      messageText: 'Your pin is {{pin}}',
      pinType: 'NUMERIC',
      pinLength: 6,
      ...template,
    });
    return { applicationId, messageId: message.messageId };
  }

  /** A PIN that was sent to `to`. */
  async send(ids: Ids, to = '41793026727'): Promise<string> {
    const answer = await this.call<{ pinId: string }>('POST', '/2fa/2/pin/voice', { ...ids, to });
    if (answer.status !== 200) throw new Error(`send: ${answer.status} ${answer.text}`);
    return answer.body.pinId;
  }

  async verify(pinId: string, pin: string): Promise<Answer> {
    return await this.call('POST', `/2fa/2/pin/${pinId}/verify`, { pin });
  }

  /** What only a listener knows: derived here as the test's ear. */
  async pinOf(pinId: string): Promise<string> {
    return await this.#pinOf(pinId);
  }

  /** A PIN of the same length that is wrong. */
  async wrongPinOf(pinId: string): Promise<string> {
    const pin = await this.#pinOf(pinId);
    return pin.replace(/^./, first => (first === '0' ? '1' : '0'));
  }

  /** Comparisons so far, as the record counts them. */
  async attemptsUsed(pinId: string): Promise<number> {
    return (await this.store.getPin(pinId as PinId))?.attemptsUsed ?? -1;
  }

  async disable(applicationId: string): Promise<void> {
    const application = await this.store.getApplication(applicationId as ApplicationId);
    if (application) await this.store.putApplication({ ...application, enabled: false });
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
