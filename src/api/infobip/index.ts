import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { ServiceError } from '../../errors.ts';
import { assertScope, type Authenticator } from '../auth.ts';
import { parseJsonBody } from '../json-body.ts';
import { applicationRoutes } from './applications.ts';
import type { InfobipDeps } from './context.ts';
import { emailPinRoutes } from './email-pins.ts';
import { pinRoutes } from './pins.ts';
import { templateRoutes } from './templates.ts';
import { verificationRoutes } from './verifications.ts';
import { verifyRoutes } from './verify.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any one of these lets a key in; the routes of the public API must name them. */
    scopes?: readonly string[];
  }
  interface FastifyRequest {
    /** Name of the key that a request came with, for the log. */
    client: string | undefined;
  }
}

export type { ApiSettings, InfobipDeps } from './context.ts';

/** Infobip's 2FA API (infobip-api.md 2) as a scope of its own: JSON only, and nothing without credentials. */
export function infobipApi(deps: InfobipDeps & { authenticate: Authenticator }) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      async (_request: FastifyRequest, body: string) => parseJsonBody(body),
    );

    scope.addHook('onRoute', route => {
      if (!route.config?.scopes?.length) throw new Error(`${route.url}: a route must name its scopes`);
      route.schema = { ...route.schema, security: [{ apiKey: [] }] };
    });
    // Before the body is read: who may not speak is not listened to.
    scope.addHook('onRequest', async request => {
      const principal = await deps.authenticate(request.headers.authorization);
      if (!principal) throw new ServiceError('unauthorized');
      request.client = principal.name;
      assertScope(principal, request.routeOptions.config.scopes ?? []);
    });

    const app = scope.withTypeProvider<ZodTypeProvider>();
    applicationRoutes(app, deps);
    templateRoutes(app, deps);
    pinRoutes(app, deps);
    emailPinRoutes(app, deps);
    verificationRoutes(app, deps);
    verifyRoutes(app, deps);
  };
}
