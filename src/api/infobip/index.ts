import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { guardRoutes, type Authenticator } from '../auth.ts';
import { takeJson } from '../json-body.ts';
import { applicationRoutes } from './applications.ts';
import type { InfobipDeps } from './context.ts';
import { emailPinRoutes } from './email-pins.ts';
import { pinRoutes } from './pins.ts';
import { templateRoutes } from './templates.ts';
import { verificationRoutes } from './verifications.ts';
import { verifyRoutes } from './verify.ts';

export type { ApiSettings, InfobipDeps } from './context.ts';

/**
 * Infobip's API as a scope of its own: JSON only, and nothing without credentials. 2FA (infobip-api.md 2) is here; voice
 * messages, SMS and lookups come in as `faces`.
 */
export function infobipApi(deps: InfobipDeps & { authenticate: Authenticator }) {
  return async (scope: FastifyInstance): Promise<void> => {
    takeJson(scope);

    const { authenticate, clock, settings } = deps;
    guardRoutes(scope, { authenticate, clock, requestLimits: settings.requestLimits });

    const app = scope.withTypeProvider<ZodTypeProvider>();
    applicationRoutes(app, deps);
    templateRoutes(app, deps);
    pinRoutes(app, deps);
    emailPinRoutes(app, deps);
    verificationRoutes(app, deps);
    verifyRoutes(app, deps);
    for (const face of deps.faces ?? []) await scope.register(face);
  };
}
