import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { createApiKeyAuthenticator, guardRoutes, hashApiKey } from '../../../src/api/auth.ts';
import { ttsApi, type TtsDeps } from '../../../src/api/infobip/tts/index.ts';
import { takeJson } from '../../../src/api/json-body.ts';
import { createServer, type ServerDeps } from '../../../src/api/server.ts';
import type { Messaging } from '../../../src/delivery/messaging.ts';
import { createLogger } from '../../../src/log.ts';
import type { Voice } from '../../../src/speech/speech.ts';
import { chooseVoice } from '../../../src/speech/voices.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeMessaging } from '../../support/fake-messaging.ts';

export const KEYS = {
  all: 'a1'.repeat(32),
  send: 'b2'.repeat(32),
  logs: 'c3'.repeat(32),
  reports: 'd4'.repeat(32),
  pins: 'e5'.repeat(32),
};

/** Half the voices of the embedded engines, in the engines' order. */
export const VOICES: readonly Voice[] = [
  voice('awb-f', 'female', 'en', 'flite'),
  { ...voice('rms', 'male', 'en', 'flite'), isDefault: true },
  { ...voice('espeak-de', 'male', 'de', 'espeak'), isDefault: true },
  voice('espeak-de-female', 'female', 'de', 'espeak'),
  { ...voice('Vitoria', 'female', 'pt_br', 'cloud'), isDefault: true },
];

function voice(name: string, gender: Voice['gender'], language: string, engine: string): Voice {
  return { name, gender, language, engine, engineVoice: name, isDefault: false };
}

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
  text: string;
  headers: Record<string, unknown>;
}

/** The voice-message face over a scripted engine, within a scope such as `infobipApi` gives it. */
export class TtsServer {
  readonly app: FastifyInstance;
  readonly messaging: FakeMessaging;
  readonly clock: FakeClock;
  readonly logged: () => string;

  private constructor(parts: Pick<TtsServer, 'app' | 'messaging' | 'clock' | 'logged'>) {
    this.app = parts.app;
    this.messaging = parts.messaging;
    this.clock = parts.clock;
    this.logged = parts.logged;
  }

  /** `engine` takes the place of the scripted one, with the clock that it runs on. */
  static async start(
    engine: { messaging?: Messaging; clock?: FakeClock; speech?: TtsDeps['speech'] } = {},
  ): Promise<TtsServer> {
    const clock = engine.clock ?? new FakeClock();
    const messaging = new FakeMessaging(clock);
    let lines = '';
    const log = createLogger('trace', { write: line => void (lines += line) });
    const authenticate = createApiKeyAuthenticator({
      keys: [
        { name: 'all', hash: hashApiKey(KEYS.all) },
        { name: 'send', hash: hashApiKey(KEYS.send), scopes: ['voice-message:message:send'] },
        { name: 'logs', hash: hashApiKey(KEYS.logs), scopes: ['voice-message:logs:read'] },
        { name: 'reports', hash: hashApiKey(KEYS.reports), scopes: ['voice-reports:read'] },
        { name: 'pins', hash: hashApiKey(KEYS.pins), scopes: ['2fa:pin:send'] },
      ],
    });
    const face = ttsApi({
      messaging: engine.messaging ?? messaging,
      clock,
      speech: engine.speech ?? { voices: () => VOICES, chooseVoice: request => chooseVoice(VOICES, request) },
    });
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
          await server.register(async scope => await guarded(scope, { authenticate, clock }, face)),
      ],
    });
    return new TtsServer({ app, messaging, clock, logged: () => lines });
  }

  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD',
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
      body: (json && response.body !== '' ? response.json() : undefined) as Body,
      text: response.body,
      headers: response.headers,
    };
  }

  /** Says one thing to one number through `/tts/3/advanced`, with these fields of the message. */
  async send(fields: Record<string, unknown> = {}): Promise<Answer<SendAnswer>> {
    const message = { destinations: [{ to: '41793026727' }], text: 'Hello', ...fields };
    return await this.call<SendAnswer>('POST', '/tts/3/advanced', { messages: [message] });
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

export interface SendAnswer {
  bulkId: string;
  messages: { to: string; messageId: string; status: { id: number; name: string; groupName: string } }[];
}

/** As `infobipApi` does it. */
async function guarded(
  scope: FastifyInstance,
  deps: Pick<ServerDeps, 'authenticate' | 'clock'>,
  face: ReturnType<typeof ttsApi>,
): Promise<void> {
  takeJson(scope);
  guardRoutes(scope, deps);
  await scope.register(face);
}

/** `validationErrors` of a 400, which has exactly the keys of the classic envelope. */
export function problems(answer: Answer<unknown>): Record<string, string[]> {
  const envelope = z.strictObject({
    requestError: z.strictObject({
      serviceException: z.strictObject({
        messageId: z.literal('BAD_REQUEST'),
        text: z.literal('Bad request'),
        validationErrors: z.record(z.string().min(1), z.array(z.string().min(1)).min(1)),
      }),
    }),
  });
  if (answer.status !== 400) throw new Error(`${answer.status}: ${answer.text}`);
  return envelope.parse(answer.body).requestError.serviceException.validationErrors;
}

/** Keys and types without values, for comparing an answer with an example key for key and type for type. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, shapeOf(field)]));
}
