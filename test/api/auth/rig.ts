import { createAuth } from '../../../src/api/auth.ts';
import { hashApiKey } from '../../../src/api/auth/api-keys.ts';
import { numberApi } from '../../../src/api/infobip/number/index.ts';
import { smsApi } from '../../../src/api/infobip/sms/index.ts';
import { ttsApi } from '../../../src/api/infobip/tts/index.ts';
import type { ServerDeps } from '../../../src/api/server.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { createLogger } from '../../../src/log.ts';
import { chooseVoice } from '../../../src/speech/voices.ts';
import type { Store } from '../../../src/store/store.ts';
import { ApiServer, KEYS, type Answer } from '../../support/api-server.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { FakeMessaging } from '../../support/fake-messaging.ts';
import { ScriptedLookup } from '../../support/scripted-messages.ts';

export const PASSWORD = 'correct horse battery';

export interface KeyAnswer {
  id: string;
  name: string;
  scopes: string[];
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
  key: string;
}

/** The whole API with all four schemes over a real store. `KEYS.all` is its built-in key; scrypt is cheap. */
export class AuthServer {
  readonly api: ApiServer;
  readonly #logged: () => string;

  private constructor(api: ApiServer, logged: () => string) {
    this.api = api;
    this.#logged = logged;
  }

  static async start(
    options: {
      server?: Partial<ServerDeps>;
      /** Parts of Infobip's API beside 2FA. */
      faces?: (parts: { store: Store; clock: FakeClock }) => ServerDeps['faces'];
      store?: (store: Store) => Partial<Store>;
      scryptCost?: Parameters<typeof createAuth>[0]['scryptCost'];
    } = {},
  ): Promise<AuthServer> {
    let lines = '';
    const log = createLogger('trace', { write: line => void (lines += line) });
    const api = await ApiServer.start({
      ...(options.store && { store: options.store }),
      wire: ({ store, clock }) => {
        const auth = createAuth({
          store,
          builtInKeyHash: hashApiKey(KEYS.all),
          clock,
          random: systemRandom,
          log,
          scryptCost: options.scryptCost ?? { logN: 4, r: 8, p: 1 },
        });
        return {
          authenticate: auth.authenticate,
          faces: options.faces?.({ store, clock }) ?? [],
          ...options.server,
          plugins: [...(options.server?.plugins ?? []), auth.routes],
        };
      },
    });
    return new AuthServer(api, () => lines + api.logged());
  }

  logged(): string {
    return this.#logged();
  }

  /** One request with this `Authorization` and nothing else. */
  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    authorization: string,
    body?: unknown,
  ): Promise<Answer<Body>> {
    return await this.api.call<Body>(method, url, body, { authorization });
  }

  /** The status of a call that any key for 2FA may make. */
  async knock(authorization: string): Promise<number> {
    return (await this.call('GET', '/2fa/2/applications', authorization)).status;
  }

  async createKey(name: string, scopes?: readonly string[]): Promise<KeyAnswer> {
    const answer = await this.api.call<KeyAnswer>('POST', '/v1/keys', { name, scopes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return answer.body;
  }

  async addUser(username: string, scopes?: readonly string[], password = PASSWORD): Promise<void> {
    const answer = await this.api.call('POST', '/v1/users', { username, password, scopes });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  }

  async session(username: string, password = PASSWORD): Promise<Answer<{ token: string }>> {
    return await this.call('POST', '/auth/1/session', '', { username, password });
  }

  /** A token by the documented form. */
  async token(
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer<{ access_token: string; expires_in: number; token_type: string }>> {
    return await this.api.call('POST', '/auth/1/oauth2/token', new URLSearchParams(fields).toString(), {
      authorization: '',
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
  }

  async close(): Promise<void> {
    await this.api.close();
  }
}

/** Every part of Infobip's API beside 2FA, over engines that send nothing. */
export function allFaces({ store, clock }: { store: Store; clock: FakeClock }): ServerDeps['faces'] {
  const messaging = new FakeMessaging(clock);
  const speech = {
    voices: () => [],
    chooseVoice: (request: Parameters<typeof chooseVoice>[1]) => chooseVoice([], request),
  };
  return [
    ttsApi({ messaging, speech, clock }),
    smsApi({ messaging, clock, log: createLogger('silent') }),
    numberApi({ lookup: new ScriptedLookup(), store, clock, random: systemRandom }),
  ];
}

export function basic(username: string, password = PASSWORD): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export const client = (username: string, password = PASSWORD): Record<string, string> => ({
  client_id: username,
  client_secret: password,
  grant_type: 'client_credentials',
});

export const UNAUTHORIZED = {
  requestError: { serviceException: { messageId: 'UNAUTHORIZED', text: 'Invalid login details' } },
};
export const TOO_MANY = {
  requestError: { serviceException: { messageId: 'TOO_MANY_REQUESTS', text: 'Too many requests' } },
};
