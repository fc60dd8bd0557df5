import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import { guardRoutes } from '../../auth.ts';
import { errorAnswers } from '../../openapi.ts';
import { advancedAnswer } from './answer-schemas.ts';
import { SEND, TAG, type SmsQueryDeps } from './context.ts';
import { credentialQuery } from './send-schemas.ts';
import { submit } from './sends.ts';
import { fromQuery } from './submit.ts';
import { advancedView } from './views.ts';

/**
 * `GET /sms/1/text/query` (infobip-api.md 5.2): a text and, in older clients, a name and a password in the query, which
 * count as Basic credentials where no header brings others. A scope of its own beside `infobipApi`, which would turn a
 * request without a header away.
 */
export function legacyQueryApi(deps: SmsQueryDeps): FastifyPluginAsync {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.addHook('onRequest', async request => {
      request.raw.headers.authorization ??= basicOf(request.query);
    });
    guardRoutes(scope, deps);

    scope.withTypeProvider<ZodTypeProvider>().route({
      method: 'GET',
      url: '/sms/1/text/query',
      // HEAD would send the text, too.
      exposeHeadRoute: false,
      config: { scopes: SEND },
      schema: {
        tags: [TAG],
        operationId: 'sendSmsMessageOverQueryParametersDeprecated',
        summary: 'Send a text by a link that brings its credentials along',
        deprecated: true,
        querystring: credentialQuery,
        response: { 200: advancedAnswer, ...errorAnswers(400, 401, 403, 429, 500, 503) },
      },
      handler: async request => {
        const { query } = request;
        const sent = await submit(deps, fromQuery(query, 'sms2', deps.clock.now()));
        return advancedView(sent, query.includeSmsCountInResponse ?? false);
      },
    });
  };
}

function basicOf(query: unknown): string | undefined {
  const { username, password } = (query ?? {}) as { username?: unknown; password?: unknown };
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  // The name ends at the first colon (RFC 7617 2).
  if (username === '' || username.includes(':')) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
