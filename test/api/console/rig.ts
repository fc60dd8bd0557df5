import { createAuth, hashApiKey } from '../../../src/api/auth.ts';
import { consoleApi, createLiveCalls, type ConsoleDeps } from '../../../src/api/console/index.ts';
import { verifyApi } from '../../../src/api/verify/index.ts';
import type { LiveCalls } from '../../../src/api/console/index.ts';
import type { Verifications } from '../../../src/delivery/verifications.ts';
import { systemRandom } from '../../../src/domain/ids.ts';
import { securitySettings } from '../../../src/domain/profile.ts';
import { createLogger } from '../../../src/log.ts';
import { ApiServer, KEYS } from '../../support/api-server.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { InstantSpeech } from '../../support/instant-speech.ts';

export const ORIGIN = 'https://pins.example.com';
export const KEY = KEYS.all;

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly raw: Buffer;
  json<Body = Record<string, unknown>>(): Body;
}

/** The console over the whole API, as a browser at `ORIGIN` reaches it; nobody is called. */
export class ConsoleServer {
  api!: ApiServer;
  clock!: FakeClock;
  live!: LiveCalls;
  readonly speech = new InstantSpeech();
  #lines = '';

  static async start(
    options: { verifications?: Pick<Verifications, 'list'>; console?: Partial<ConsoleDeps> } = {},
  ): Promise<ConsoleServer> {
    const server = new ConsoleServer();
    const log = createLogger('trace', { write: line => void (server.#lines += line) });
    server.api = await ApiServer.start({
      wire: ({ store, clock }) => {
        server.clock = clock;
        server.live = createLiveCalls({ clock });
        const auth = createAuth({
          store,
          builtInKeyHash: hashApiKey(KEY),
          clock,
          random: systemRandom,
          log,
        });
        const { authenticate } = auth;
        const nothing = { list: async () => ({ views: [] }) };
        const verifications = options.verifications ?? nothing;
        const face = consoleApi({
          authenticate,
          verifications,
          speech: server.speech,
          voice: { defaultLanguage: 'en', digitPauseMs: 400, spelling: 'letters' },
          carriers: () => [{ name: 'acme', channels: ['voice', 'sms'], from: '+15005550006' }],
          clock,
          random: systemRandom,
          log,
          publicUrl: ORIGIN,
          version: '0.1.0',
          liveCalls: server.live,
          ...options.console,
        });
        const verify = verifyApi({
          verifications: verifications as Verifications,
          store,
          authenticate,
          security: securitySettings('compat'),
          defaultLanguage: 'en',
          clock,
          random: systemRandom,
          log,
        });
        return {
          authenticate,
          log,
          plugins: [
            async app => await auth.routes(app),
            async app => await app.register(verify),
            async app => await app.register(face),
          ],
        };
      },
    });
    return server;
  }

  get logged(): string {
    return this.#lines;
  }

  /** As the page asks; `headers` add to it or, with '', take away. */
  async ask(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const given = {
      host: 'pins.example.com',
      origin: ORIGIN,
      'x-saypin-console': '1',
      'sec-fetch-site': 'same-origin',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    const answer = await this.api.app.inject({
      method,
      url,
      headers: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      raw: answer.rawPayload,
      json: <Body>() => answer.json<Body>(),
    };
  }

  /** Signs in and returns the cookie, as a browser would send it. */
  async signIn(key: string = KEY): Promise<{ cookie: string }> {
    const answer = await this.ask('POST', '/console/session', { key });
    if (answer.status !== 201) throw new Error(`sign-in: ${answer.status} ${answer.text}`);
    return { cookie: String(answer.headers['set-cookie']).split(';', 1)[0] ?? '' };
  }

  /** A key of the store, made over the API. */
  async makeKey(scopes: readonly string[]): Promise<{ id: string; key: string }> {
    const { body } = await this.api.call<{ id: string; key: string }>('POST', '/v1/keys', {
      name: 'made',
      scopes,
    });
    return body;
  }

  async close(): Promise<void> {
    await this.api.close();
  }
}
