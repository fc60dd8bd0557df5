import type { FastifyInstance } from 'fastify';

import { createApiKeyAuthenticator, guardRoutes, hashApiKey } from '../../../src/api/auth.ts';
import { numberApi } from '../../../src/api/infobip/number/index.ts';
import { takeJson } from '../../../src/api/json-body.ts';
import { createServer, type ServerDeps } from '../../../src/api/server.ts';
import type { NumberContext, NumberLookup } from '../../../src/carriers/message-carrier.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { createLogger } from '../../../src/log.ts';
import type { Store } from '../../../src/store/store.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/sqlite-harness.ts';
import type { Answer } from '../sms/rig.ts';

export const KEYS = {
  all: 'a1'.repeat(32),
  send: 'b2'.repeat(32),
  logs: 'c3'.repeat(32),
  pins: 'e5'.repeat(32),
};

/** Answers as a register does that knows every number; `answer` replaces that. */
export class FakeRegister implements NumberLookup {
  readonly name = 'fake';
  readonly asked: string[] = [];
  live = 0;
  most = 0;
  answer: (to: string, signal: AbortSignal | undefined) => Promise<NumberContext> = async to => known(to);

  async lookup(to: string, signal?: AbortSignal): Promise<NumberContext> {
    this.asked.push(to);
    this.most = Math.max(this.most, ++this.live);
    try {
      return await this.answer(to, signal);
    } finally {
      this.live -= 1;
    }
  }
}

/** The documented example, of any number. */
export function known(to: string): NumberContext {
  return {
    to,
    reachable: 'reachable',
    numberType: 'mobile',
    mccMnc: '22801',
    imsi: '228011234567890',
    servingMsc: '41001',
    originalNetwork: {
      networkName: 'Swisscom',
      networkPrefix: '79',
      countryName: 'Switzerland',
      countryPrefix: '41',
      networkId: 123,
    },
    ported: false,
    roaming: false,
  };
}

/** The number face over a real store, within a scope such as `infobipApi` gives it. */
export class NumberServer {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly register: FakeRegister;
  readonly logged: () => string;
  waits = 0;
  readonly #dispose: () => Promise<void>;

  private constructor(
    parts: Pick<NumberServer, 'app' | 'store' | 'clock' | 'register' | 'logged'> & {
      dispose: () => Promise<void>;
    },
  ) {
    this.app = parts.app;
    this.store = parts.store;
    this.clock = parts.clock;
    this.register = parts.register;
    this.logged = parts.logged;
    this.#dispose = parts.dispose;
  }

  static async start(): Promise<NumberServer> {
    const harness = await openTestStore();
    const { store, clock } = harness;
    const register = new FakeRegister();
    let lines = '';
    const log = createLogger('trace', { write: line => void (lines += line) });
    const authenticate = createApiKeyAuthenticator({
      keys: [
        { name: 'all', hash: hashApiKey(KEYS.all) },
        { name: 'send', hash: hashApiKey(KEYS.send), scopes: ['number-lookup:send'] },
        { name: 'logs', hash: hashApiKey(KEYS.logs), scopes: ['number-lookup:logs:read'] },
        { name: 'pins', hash: hashApiKey(KEYS.pins), scopes: ['2fa:pin:send'] },
      ],
    });
    const waiting = (): void => void (server.waits += 1);
    const face = numberApi({ lookup: register, store, clock, random: systemRandom, pushWaits: waiting });
    const app = await createServer({
      // The 2FA face stands beside it and is never asked.
      ...({} as ServerDeps),
      random: systemRandom,
      settings: { createApplicationStatus: 200 },
      authenticate,
      clock,
      log,
      publicUrl: 'https://pins.example.com',
      version: '0.1.0',
      plugins: [
        async root =>
          await root.register(async scope => {
            takeJson(scope);
            guardRoutes(scope, { authenticate, clock });
            await scope.register(face);
          }),
      ],
    });
    const server: NumberServer = new NumberServer({
      app,
      store,
      clock,
      register,
      logged: () => lines,
      dispose: async () => await harness.dispose(),
    });
    return server;
  }

  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST',
    url: string,
    body?: unknown,
    key = KEYS.all,
  ): Promise<Answer<Body>> {
    const response = await this.app.inject({
      method,
      url,
      headers: {
        authorization: `App ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return {
      status: response.statusCode,
      body: response.json<Body>(),
      text: response.body,
      headers: response.headers,
    };
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.#dispose();
  }
}
