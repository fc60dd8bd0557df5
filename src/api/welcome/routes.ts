import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { DEFAULT_PLAN } from '../../domain/plan.ts';
import type { Application, PinId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import { SlidingWindows, type WindowLimit } from '../auth/sliding-windows.ts';
import { assertEnabled } from '../verify/applications.ts';
import { check } from '../verify/check.ts';
import { inlineTemplate } from '../verify/create.ts';
import { planOfChannel } from '../verify/plan.ts';
import {
  WELCOME_APPLICATION_ID,
  WELCOME_CONFIGURATION,
  WELCOME_NUMBER,
  type WelcomeDeps,
} from './context.ts';

/** Of calls, and of checks: for everybody together, since nobody has a name here. */
const LIMIT: WindowLimit = { requests: 20, windowMs: 60_000 };
const BODY_LIMIT = 1_024;
/** Names under which no page of another machine can be reached, whatever its DNS says. */
const THIS_MACHINE: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const SPOKEN = 'Hello, your code is {{pin}}. To hear it again, press 1.';
/** A text has no keys. */
const WRITTEN = 'Hello, your code is {{pin}}.';

const callRequest = z.strictObject({ textFirst: z.boolean().optional() });
const callAnswer = z.object({ id: z.string() });
const checkRequest = z.strictObject({
  id: z.string().regex(/^[0-9A-F]{32}$/, 'must be the id of a call of this page'),
  pin: z.string().min(1).max(32),
});
const checkAnswer = z.object({
  verified: z.boolean(),
  attemptsLeft: z.int(),
  reason: z.string().optional(),
});

/**
 * What the first page asks. There is no sign-in: it rings one simulated phone and checks no PIN but those that it made itself,
 * for pages of this service only.
 */
export function welcomeRoutes(scope: FastifyInstance, deps: WelcomeDeps): void {
  const { verifications, store, clock, random } = deps;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const windows = new SlidingWindows({ clock, maxKeys: 2 });
  const count = (what: 'call' | 'check'): void => {
    const retryAfterMs = windows.take(what, LIMIT);
    if (retryAfterMs > 0) throw new ServiceError('tooManyRequests', { retryAfterMs });
  };
  app.addHook('onRequest', async request => assertOwnPage(request, deps.publicUrl));

  app.route({
    method: 'POST',
    url: '/welcome/call',
    bodyLimit: BODY_LIMIT,
    schema: { hide: true, body: callRequest, response: { 201: callAnswer } },
    handler: async (request, reply) => {
      count('call');
      const { textFirst = false } = request.body;
      const application = await welcomeApplication(deps);
      assertEnabled(application);
      const { pin } = await verifications.create({
        application,
        template: inlineTemplate(
          { to: WELCOME_NUMBER, text: textFirst ? WRITTEN : SPOKEN, language: 'en', repeatKey: '1' },
          application,
          { random, clock, defaultLanguage: 'en' },
        ),
        to: WELCOME_NUMBER,
        plan: textFirst ? DEFAULT_PLAN : planOfChannel('voice'),
        placeholders: {},
      });
      return await reply.code(201).send({ id: pin.pinId });
    },
  });

  app.route({
    method: 'POST',
    url: '/welcome/check',
    bodyLimit: BODY_LIMIT,
    schema: { hide: true, body: checkRequest, response: { 200: checkAnswer } },
    handler: async request => {
      count('check');
      const pinId = request.body.id as PinId;
      const known = await store.getPin(pinId);
      // Whoever has no key must learn nothing of other applications' PINs, and spend none of their attempts.
      if (known?.applicationId !== WELCOME_APPLICATION_ID) throw new ServiceError('notFound');
      return await check(deps, pinId, request.body.pin);
    },
  });
}

/** Made on first use; an operator can change it as any other. */
async function welcomeApplication({
  store,
  clock,
}: Pick<WelcomeDeps, 'store' | 'clock'>): Promise<Application> {
  const found = await store.getApplication(WELCOME_APPLICATION_ID);
  if (found) return found;
  const now = clock.now();
  const made: Application = {
    applicationId: WELCOME_APPLICATION_ID,
    name: 'Welcome',
    enabled: true,
    configuration: WELCOME_CONFIGURATION,
    createdAt: now,
    updatedAt: now,
  };
  await store.putApplication(made);
  return made;
}

/**
 * The `Origin` must be the host that was asked, and that host one of this machine's names or the service's public one: a page of
 * another site cannot say the first, and one whose name was made to lead here (DNS rebinding) not the second.
 */
function assertOwnPage(request: FastifyRequest, publicUrl: string): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const from = origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
  const ours =
    from !== undefined &&
    ((from.host === request.host && THIS_MACHINE.has(from.hostname)) ||
      from.origin === new URL(publicUrl).origin);
  if (!ours || (site !== undefined && site !== 'same-origin')) {
    throw new ServiceError('forbidden', { reason: 'not-from-the-first-page' });
  }
}
