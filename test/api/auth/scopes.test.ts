import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { GRANTABLE } from '../../../src/api/auth/scopes.ts';
import { allFaces, AuthServer, type KeyAnswer } from './rig.ts';

/** Open on purpose: nobody is asked who they are, or the carrier's signature, the token or the password tells. */
const OPEN =
  /^(GET|HEAD) \/health\/(live|ready)$|^(GET|HEAD) \/docs|^(POST|DELETE) \/auth\/1\/|^\w+ \/(carrier-webhooks|media)\//;

interface Route {
  readonly method: string;
  readonly url: string;
  readonly scopes: readonly string[];
  readonly rate: string | undefined;
}

let server: AuthServer;
const routes: Route[] = [];
/** A key for each scope, and for all of them but those of one route. */
const keys = new Map<string, KeyAnswer>();
beforeAll(async () => {
  server = await AuthServer.start({
    faces: allFaces,
    server: {
      plugins: [
        async app => {
          app.addHook('onRoute', (route: RouteOptions) => {
            for (const method of [route.method].flat())
              routes.push({
                method,
                url: route.url,
                scopes: route.config?.scopes ?? [],
                rate: route.config?.rate?.name,
              });
          });
        },
      ],
    },
  });
});
afterAll(async () => await server.close());

async function keyWith(scopes: readonly string[]): Promise<string> {
  const name = scopes.join(' ');
  const made = keys.get(name) ?? (await server.createKey(name.slice(0, 100), scopes));
  keys.set(name, made);
  return `App ${made.key}`;
}

async function status({ method, url }: Route, authorization: string): Promise<number> {
  const response = await server.api.app.inject({
    method: method as 'GET',
    url: url.replaceAll(/:\w+/g, 'NONE'),
    headers: { authorization },
  });
  return response.statusCode;
}

describe('every route', () => {
  it('is open on purpose, or names scopes that can be granted', () => {
    expect(routes.length).toBeGreaterThan(60);
    for (const { method, url, scopes } of routes) {
      const route = `${method} ${url}`;
      if (OPEN.test(route)) expect(scopes, route).toStrictEqual([]);
      else expect(scopes.length, route).toBeGreaterThan(0);
      for (const scope of scopes) expect(GRANTABLE, route).toContain(scope);
    }
  });

  it('keeps out strangers, and keys that have every scope but its own', async () => {
    for (const route of routes.filter(({ scopes }) => scopes.length > 0)) {
      const others = GRANTABLE.filter(scope => scope !== '*' && !route.scopes.includes(scope));
      const what = `${route.method} ${route.url}`;
      expect(await status(route, await keyWith(others)), what).toBe(403);
      expect(await status(route, 'App stranger'), what).toBe(401);
      expect(await status(route, ''), what).toBe(401);
    }
  });

  it('lets in keys that have any one of its scopes', async () => {
    for (const route of routes.filter(({ scopes }) => scopes.length > 0)) {
      for (const scope of route.scopes) {
        const answer = await status(route, await keyWith([scope]));
        expect([401, 403, 429], `${route.method} ${route.url} with ${scope}: ${answer}`).not.toContain(
          answer,
        );
      }
    }
  });

  it('lets in keys for everything, administration excepted', async () => {
    for (const route of routes.filter(({ scopes }) => scopes.length > 0)) {
      const answer = await status(route, await keyWith(['*']));
      const what = `${route.method} ${route.url}: ${answer}`;
      if (route.scopes.includes('keys:manage')) expect(answer, what).toBe(403);
      else expect([401, 403], what).not.toContain(answer);
    }
  });

  it('has the request limit that infobip-api.md 1.4 gives it, and no other', () => {
    const limited = routes.filter(({ method, rate }) => method !== 'HEAD' && rate !== undefined);
    expect(limited.map(({ method, url, rate }) => `${rate}: ${method} ${url}`).toSorted()).toStrictEqual([
      'create application: POST /2fa/2/applications',
      'create email template: POST /2fa/2/applications/:appId/email/messages',
      'get application: GET /2fa/2/applications/:appId',
      'list applications: GET /2fa/2/applications',
      'number logs: GET /number/1/logs',
      'send voice messages: POST /tts/3/advanced',
      'send voice messages: POST /tts/3/multi',
      'send voice messages: POST /tts/3/single',
      'sms logs: GET /sms/1/logs',
      'sms logs: GET /sms/3/logs',
      'update application: PUT /2fa/2/applications/:appId',
      'update email template: PUT /2fa/2/applications/:appId/email/messages/:msgId',
      'voice logs: GET /tts/3/logs',
    ]);
  });
});
