import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { fieldError, ServiceError } from '../../errors.ts';
import { takeJson } from '../json-body.ts';
import { documented, errorAnswers } from '../openapi.ts';
import type { Login } from './login.ts';
import { basicPair, BEARER_MS, type Tokens } from './users.ts';

const TAG = 'Authentication';
const MAX_LENGTH = 1_024;
const BODY_LIMIT = 16 * 1024;

const secret = z.string().max(MAX_LENGTH);

const sessionRequest = documented('SessionRequest', z.object({ username: secret, password: secret }), [
  { username: 'shop', password: 'correct horse battery staple' },
]);
const sessionAnswer = documented('SessionResponse', z.object({ token: z.string() }), [
  { token: 'Yb3mX0o2r7uT4n6LZcQ1e5sV8wKpJdHfGaRiNxBqMtU' },
]);

/** The three as form fields, or as the Node SDK has them: in the query, with an empty JSON object for a body. */
const tokenFields = {
  client_id: secret.nullish(),
  client_secret: secret.nullish(),
  grant_type: z.string().max(MAX_LENGTH).nullish(),
};
const tokenRequest = documented('TokenRequest', z.object(tokenFields), [
  { client_id: 'shop', client_secret: 'correct horse battery staple', grant_type: 'client_credentials' },
]);
const tokenAnswer = documented(
  'TokenResponse',
  z.object({ access_token: z.string(), expires_in: z.int(), token_type: z.literal('Bearer') }),
  [
    {
      access_token: 'Yb3mX0o2r7uT4n6LZcQ1e5sV8wKpJdHfGaRiNxBqMtU',
      expires_in: BEARER_MS / 1_000,
      token_type: 'Bearer',
    },
  ],
);

/** `/auth/1/*` (infobip-api.md 1.1): where users get and end sessions, and get tokens. */
export function loginRoutes(deps: { login: Login; tokens: Tokens }) {
  const { login, tokens } = deps;
  return async (scope: FastifyInstance): Promise<void> => {
    takeJson(scope);
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_request: unknown, body: string) => parseForm(body),
    );
    const app = scope.withTypeProvider<ZodTypeProvider>();

    /** @throws ServiceError unauthorized */
    async function issue(
      kind: 'session' | 'bearer',
      pair: { username: string; password: string },
      address: string,
    ): Promise<string> {
      const user = await login({ ...pair, address });
      const token = user && (await tokens.issue(kind, user.username));
      if (token === undefined) throw new ServiceError('unauthorized');
      return token;
    }

    app.route({
      method: 'POST',
      url: '/auth/1/session',
      bodyLimit: BODY_LIMIT,
      schema: {
        tags: [TAG],
        operationId: 'createSession',
        summary: 'Begin a session, which ends an hour after its last use',
        body: sessionRequest,
        response: { 200: sessionAnswer, ...errorAnswers(400, 401, 429, 500, 503) },
      },
      handler: async request => ({ token: await issue('session', request.body, request.ip) }),
    });

    app.route({
      method: 'DELETE',
      url: '/auth/1/session',
      bodyLimit: BODY_LIMIT,
      schema: {
        tags: [TAG],
        operationId: 'endSession',
        summary: 'End the session of the Authorization header',
        response: { 200: z.object({}), ...errorAnswers(401, 500, 503) },
      },
      handler: async request => {
        if (!(await tokens.endSession(request.headers.authorization))) throw new ServiceError('unauthorized');
        return {};
      },
    });

    app.route({
      method: 'POST',
      url: '/auth/1/oauth2/token',
      bodyLimit: BODY_LIMIT,
      schema: {
        tags: [TAG],
        operationId: 'createToken',
        summary: 'Get a Bearer token for a user’s name and password (OAuth2 client credentials)',
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        querystring: z.object(tokenFields),
        body: tokenRequest.nullish(),
        response: { 200: tokenAnswer, ...errorAnswers(400, 401, 429, 500, 503) },
      },
      handler: async request => {
        const { grant_type, ...pair } = tokenFieldsOf(request);
        if (grant_type !== 'client_credentials') throw fieldError('grant_type', 'must be client_credentials');
        const accessToken = await issue('bearer', pair, request.ip);
        return { access_token: accessToken, expires_in: BEARER_MS / 1_000, token_type: 'Bearer' as const };
      },
    });
  };
}

type TokenFields = z.output<typeof tokenRequest>;

/** The body before the query, and before both no client at all a Basic header (RFC 6749 2.3.1). */
function tokenFieldsOf(request: {
  body?: TokenFields | null | undefined;
  query: TokenFields;
  headers: { authorization?: string | undefined };
}): { username: string; password: string; grant_type: string | undefined } {
  const field = (name: keyof TokenFields): string | undefined =>
    request.body?.[name] ?? request.query[name] ?? undefined;
  const grant_type = field('grant_type');
  const username = field('client_id');
  const password = field('client_secret');
  const header = basicPair(request.headers.authorization);
  if (username === undefined && password === undefined && header) return { ...header, grant_type };
  if (username === undefined) throw fieldError('client_id', 'must not be null');
  if (password === undefined) throw fieldError('client_secret', 'must not be null');
  return { username, password, grant_type };
}

/** A field that comes twice is a list, which the schema refuses (RFC 6749 3.2). */
function parseForm(body: string): Record<string, string | string[]> {
  const form = new URLSearchParams(body);
  return Object.fromEntries(
    Object.keys(tokenFields)
      .filter(name => form.has(name))
      .map(name => {
        const values = form.getAll(name);
        return [name, values.length === 1 ? values[0]! : values];
      }),
  );
}
