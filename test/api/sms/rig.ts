import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import {
  createApiKeyAuthenticator,
  firstOf,
  guardRoutes,
  hashApiKey,
  type Authenticator,
} from '../../../src/api/auth.ts';
import { legacyQueryApi, smsApi } from '../../../src/api/infobip/sms/index.ts';
import { takeJson } from '../../../src/api/json-body.ts';
import type { Messaging } from '../../../src/delivery/messaging.ts';
import { createServer, type ServerDeps } from '../../../src/api/server.ts';
import { createLogger } from '../../../src/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeMessaging } from '../../support/fake-messaging.ts';

export const KEYS = {
  all: 'a1'.repeat(32),
  send: 'b2'.repeat(32),
  logs: 'c3'.repeat(32),
  pins: 'e5'.repeat(32),
};
export const LOGIN = { username: 'operator', password: 'p:ss wörd' };

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
  text: string;
  headers: Record<string, unknown>;
}

/** The SMS face over a scripted engine, within a scope such as `infobipApi` gives it. */
export class SmsServer {
  readonly app: FastifyInstance;
  readonly messaging: FakeMessaging;
  readonly clock: FakeClock;
  readonly logged: () => string;

  private constructor(parts: Pick<SmsServer, 'app' | 'messaging' | 'clock' | 'logged'>) {
    this.app = parts.app;
    this.messaging = parts.messaging;
    this.clock = parts.clock;
    this.logged = parts.logged;
  }

  /** @param engine instead of the scripted one, with its clock */
  static async start(engine: { messaging?: Messaging; clock?: FakeClock } = {}): Promise<SmsServer> {
    const clock = engine.clock ?? new FakeClock();
    const messaging = new FakeMessaging(clock);
    let lines = '';
    const log = createLogger('trace', { write: line => void (lines += line) });
    const authenticate = firstOf([
      createApiKeyAuthenticator({
        keys: [
          { name: 'all', hash: hashApiKey(KEYS.all) },
          { name: 'send', hash: hashApiKey(KEYS.send), scopes: ['sms:message:send'] },
          { name: 'logs', hash: hashApiKey(KEYS.logs), scopes: ['sms:logs:read'] },
          { name: 'pins', hash: hashApiKey(KEYS.pins), scopes: ['2fa:pin:send'] },
        ],
      }),
      basic,
    ]);
    const deps = { messaging: engine.messaging ?? messaging, clock, log };
    const app = await createServer({
      // The 2FA face stands beside it and is never asked.
      ...({} as ServerDeps),
      random: () => Buffer.alloc(16),
      settings: { createApplicationStatus: 200 },
      authenticate,
      clock,
      log,
      publicUrl: 'https://pins.example.com',
      version: '0.1.0',
      plugins: [
        async server =>
          await server.register(async scope => await guarded(scope, { authenticate, clock }, smsApi(deps))),
        async server => await server.register(legacyQueryApi({ ...deps, authenticate })),
      ],
    });
    return new SmsServer({ app, messaging, clock, logged: () => lines });
  }

  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD',
    url: string,
    body?: unknown,
    /** Undefined takes a header away. */
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer<Body>> {
    const all = {
      authorization: `App ${KEYS.all}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    const response = await this.app.inject({
      method,
      url,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const json = String(response.headers['content-type']).startsWith('application/json');
    return {
      status: response.statusCode,
      body: (json && response.body !== '' ? response.json() : undefined) as Body,
      text: response.body,
      headers: response.headers,
    };
  }

  /** One text through v3, with these fields of the message beside it. */
  async send(fields: Record<string, unknown> = {}, options?: unknown): Promise<Answer<V3Answer>> {
    const message = { destinations: [{ to: '41793026727' }], content: { text: 'Hello' }, ...fields };
    return await this.call<V3Answer>('POST', '/sms/3/messages', {
      messages: [message],
      ...(options !== undefined && { options }),
    });
  }

  /** One text the older way. */
  async sendOlder(fields: Record<string, unknown> = {}, top: object = {}): Promise<Answer<V2Answer>> {
    const message = { destinations: [{ to: '41793026727' }], text: 'Hello', ...fields };
    return await this.call<V2Answer>('POST', '/sms/2/text/advanced', { messages: [message], ...top });
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

interface Status {
  id: number;
  name: string;
  groupName: string;
}

export interface V3Answer {
  bulkId: string;
  messages: {
    messageId: string;
    status: Status;
    destination: string;
    details: { messageCount: number };
  }[];
}

export interface V2Answer {
  bulkId: string;
  messages: { messageId: string; status: Status; to: string; smsCount?: number }[];
}

/** One user; the real one has a store. */
const basic: Authenticator = async authorization => {
  const { username, password } = LOGIN;
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return authorization === expected ? { account: username, name: username, scopes: undefined } : undefined;
};

/** As `infobipApi` does it. */
async function guarded(
  scope: FastifyInstance,
  deps: Parameters<typeof guardRoutes>[1],
  face: ReturnType<typeof smsApi>,
): Promise<void> {
  takeJson(scope);
  guardRoutes(scope, deps);
  await scope.register(face);
}

const classic = z.strictObject({
  requestError: z.strictObject({
    serviceException: z.strictObject({
      messageId: z.string(),
      text: z.string(),
      validationErrors: z.record(z.string(), z.array(z.string().min(1)).min(1)).optional(),
    }),
  }),
});

/** An answer with exactly the keys of the classic envelope (infobip-api.md 1.2). */
export function classicError(answer: Answer<unknown>) {
  return classic.parse(answer.body).requestError.serviceException;
}

const v3 = z.strictObject({
  errorCode: z.enum(['E400', 'E401', 'E403', 'E429', 'E500']),
  description: z.string().min(1),
  action: z.string().min(1),
  violations: z.array(z.strictObject({ property: z.string().min(1), violation: z.string().min(1) })),
  resources: z.array(z.strictObject({ name: z.string(), url: z.string() })),
});

/** An answer with exactly the five keys of v3 (infobip-api.md 1.3). */
export function v3Error(answer: Answer<unknown>) {
  return v3.parse(answer.body);
}
