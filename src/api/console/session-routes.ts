import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { ServiceError } from '../../errors.ts';
import { ADMINISTRATION, EVERYTHING } from '../auth/scopes.ts';
import { readBody } from './body.ts';
import type { Console, ConsoleApp, ConsoleCaller } from './context.ts';
import { cookieOf, sessionCookie } from './cookie.ts';

/** Sent by the page with everything that it asks: a form or a link of another site cannot. */
export const PAGE_HEADER = 'x-saypin-console';
/** Its value where the page asks by itself, which keeps nobody signed in. */
const BY_ITSELF = 'poll';
/** Its value where what is asked for may be missing: that is then no error. */
export const OPTIONAL = 'optional';

const signIn = z.strictObject({
  key: z
    .string()
    .trim()
    .regex(/^\S{1,200}$/, 'must be an API key'),
});

/**
 * Every request of the page but signing in needs a session. What changes something needs our own `Origin` and the page's
 * header as well: the cookie is SameSite=Strict already, and either would do.
 */
export function guardConsole(app: ConsoleApp, { sessions, publicUrl }: Console): void {
  app.decorateRequest('console', undefined);
  app.addHook('onRequest', async request => {
    if (request.method !== 'GET' && request.method !== 'HEAD') assertOwnPage(request, publicUrl);
    if (request.routeOptions.config.open === true) return;
    const id = cookieOf(request);
    request.console =
      id === undefined
        ? undefined
        : await sessions.resume(id, request.ip, request.headers[PAGE_HEADER] === BY_ITSELF);
    if (!request.console) throw new ServiceError('unauthorized');
    request.client = request.console.principal.name;
  });
}

/** The session of a guarded route. */
export function callerOf(request: FastifyRequest): ConsoleCaller {
  if (!request.console) throw new ServiceError('unauthorized');
  return request.console;
}

export function sessionRoutes(app: ConsoleApp, deps: Console): void {
  const { sessions, log, version, simulatorUrl, liveCalls } = deps;
  const about = ({ principal }: ConsoleCaller): object => ({
    name: principal.name,
    scopes: principal.scopes === undefined ? [EVERYTHING, ADMINISTRATION] : [...principal.scopes],
    version,
    liveDialogues: liveCalls !== undefined,
    ...(simulatorUrl !== undefined && { simulatorUrl }),
  });
  const secure = (request: FastifyRequest): boolean =>
    request.protocol === 'https' || deps.publicUrl.startsWith('https:');

  app.route({
    method: 'POST',
    url: '/console/session',
    config: { open: true },
    bodyLimit: 4_096,
    schema: { hide: true },
    handler: async (request, reply) => {
      const { key } = readBody(request, signIn);
      const caller = await sessions.begin(key, request.ip);
      if (!caller) {
        log.warn({ address: request.ip }, 'console: sign-in with a key that is none');
        throw new ServiceError('unauthorized');
      }
      // A browser that signs in anew leaves its old session behind.
      const before = cookieOf(request);
      if (before !== undefined) sessions.end(before);
      log.info({ client: caller.principal.name }, 'console: signed in');
      setCookie(reply, sessionCookie(caller.id, secure(request)));
      return await reply.code(201).send(about(caller));
    },
  });

  app.route({
    method: 'GET',
    url: '/console/session',
    // Nobody is no error: the page asks before anybody has signed in.
    config: { open: true },
    schema: { hide: true },
    handler: async (request, reply) => {
      const id = cookieOf(request);
      const caller = id === undefined ? undefined : await sessions.resume(id, request.ip);
      return caller ? about(caller) : await reply.code(204).send();
    },
  });

  app.route({
    method: 'DELETE',
    url: '/console/session',
    config: { open: true },
    schema: { hide: true },
    handler: async (request, reply) => {
      const id = cookieOf(request);
      if (id !== undefined) sessions.end(id);
      setCookie(reply, sessionCookie(undefined, secure(request)));
      return await reply.code(204).send();
    },
  });
}

function setCookie(reply: FastifyReply, cookie: string): void {
  reply.header('set-cookie', cookie);
}

function assertOwnPage(request: FastifyRequest, publicUrl: string): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const ours = origin !== undefined && (hostOf(origin) === request.host || origin === hostOrigin(publicUrl));
  const known = request.headers[PAGE_HEADER] !== undefined && (site === undefined || site === 'same-origin');
  if (!ours || !known) throw new ServiceError('forbidden', { reason: 'not-from-the-console' });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function hostOrigin(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
