import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { z } from 'zod';

import type { DocsServer } from './docs-server.ts';

/** The OpenAPI document at /docs/json, made of the very schemas that check requests, and its page at /docs. */

/** Gives a schema its name and examples in the document. */
export function documented<Schema extends z.ZodType>(
  id: string,
  schema: Schema,
  examples: readonly unknown[],
): Schema {
  z.globalRegistry.add(schema, { id, examples: [...examples] });
  return schema;
}

export const errorAnswer = documented(
  'ApiException',
  z.object({
    requestError: z.object({
      serviceException: z.object({
        messageId: z.string(),
        text: z.string(),
        validationErrors: z.record(z.string(), z.array(z.string())).optional(),
      }),
    }),
  }),
  [
    {
      requestError: {
        serviceException: {
          messageId: 'BAD_REQUEST',
          text: 'Bad request',
          validationErrors: { messageText: ['must contain {{pin}}'] },
        },
      },
    },
  ],
);

const ERROR_DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'Bad request; `validationErrors` names the fields.',
  401: 'Missing or unknown credentials.',
  403: 'The key lacks the scope, or the application is disabled.',
  404: 'Not found.',
  429: 'A limit was reached; `Retry-After` says for how many seconds.',
  500: 'Something went wrong.',
  503: 'The store or the carrier is unavailable; nothing was done.',
};

/** The error answers of an operation, for its `response` schema. */
export function errorAnswers(...statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map(status => [
      status,
      {
        description: ERROR_DESCRIPTIONS[status] ?? 'Error',
        content: { 'application/json': { schema: errorAnswer } },
      },
    ]),
  );
}

/** What the server of the page goes by. */
const ASKED_WITH = ['if-modified-since', 'if-none-match', 'range'] as const;
/** Of the answers, what is of a connection. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

/**
 * Register before the routes that it is to describe; routes with `schema.hide` or without a schema stay out. What makes the document
 * and the page of them is loaded when somebody first asks: few instances are asked, and it would be a tenth of each start.
 */
export async function registerOpenApi(
  app: FastifyInstance,
  options: { publicUrl: string; version: string },
): Promise<void> {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', route => {
    if (route.schema && route.schema.hide !== true && route.method !== 'HEAD') routes.push(route);
  });
  let loading: Promise<DocsServer> | undefined;
  const load = async (): Promise<DocsServer> => {
    const { createDocsServer } = await import('./docs-server.ts');
    return await createDocsServer({ routes, ...options });
  };
  app.addHook('onClose', async () => {
    const docs = await loading;
    await docs?.close();
  });

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    loading ??= load();
    const docs = await loading;
    const asked = Object.fromEntries(
      ASKED_WITH.flatMap(name => {
        const value = request.headers[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const { statusCode, headers, rawPayload } = await docs.get(request.url, asked);
    if (statusCode === 404) return reply.callNotFound();
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !OF_CONNECTION.has(name)) reply.header(name, value);
    }
    return await reply.code(statusCode).send(rawPayload.length > 0 ? rawPayload : undefined);
  };
  for (const url of ['/docs', '/docs/*']) app.get(url, { schema: { hide: true } }, answer);
}
