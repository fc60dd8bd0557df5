import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** Answers what is asked under /docs, without a socket. */
export interface DocsServer {
  get(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
    readonly rawPayload: Buffer;
  }>;
  close(): Promise<void>;
}

const SERVICE = 'Self-hosted one-time PINs by voice, on the wire of Infobip’s 2FA API.';

/** The page needs nothing but its own files; style-src: swagger-ui sets style attributes. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ICON = readFileSync(join(import.meta.dirname, 'console/web/icon.svg'));

/** There is one document: no field to ask for another. */
const PAGE_STYLE = `
  .swagger-ui .topbar .download-url-wrapper { display: none; }
  .swagger-ui .topbar-wrapper { flex-direction: row; justify-content: space-between; }
  .swagger-ui .topbar img { height: 30px; }
`;

/** A server of its own, which knows the routes of the other one but never runs them. */
export async function createDocsServer(options: {
  readonly routes: readonly RouteOptions[];
  readonly publicUrl: string;
  readonly version: string;
}): Promise<DocsServer> {
  const app = Fastify({ exposeHeadRoutes: false, routerOptions: { ignoreTrailingSlash: true } });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => value => JSON.stringify(value));
  await registerSwagger(app, options);
  for (const { method, url, schema, config } of options.routes) {
    app.route({ method, url, ...(schema && { schema }), ...(config && { config }), handler: () => '' });
  }
  await app.ready();
  return {
    get: async (url, headers) => await app.inject({ method: 'GET', url, headers }),
    close: async () => await app.close(),
  };
}

async function registerSwagger(
  app: FastifyInstance,
  options: { readonly publicUrl: string; readonly version: string },
): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Saypin', description: SERVICE, version: options.version },
      servers: [
        { url: '/', description: 'Where this document came from' },
        { url: options.publicUrl, description: 'The public address' },
      ],
      components: {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'The word `App`, a space, and an API key: `App 3f2a…`',
          },
          basic: { type: 'http', scheme: 'basic', description: 'A user’s name and password' },
          session: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'The word `IBSSO`, a space, and the token of `POST /auth/1/session`',
          },
          oauth2: {
            type: 'oauth2',
            description: 'A user’s name as client_id and password as client_secret',
            flows: { clientCredentials: { tokenUrl: '/auth/1/oauth2/token', scopes: {} } },
          },
        },
      },
    },
    hideUntagged: true,
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: document =>
      tidyComponents(createJsonSchemaTransformObject({ zodToJsonConfig })(document)),
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    logo: { type: 'image/svg+xml', content: ICON, href: '/', target: '_self' },
    theme: {
      title: 'Saypin API',
      favicon: [{ filename: 'icon.svg', rel: 'icon', sizes: 'any', type: 'image/svg+xml', content: ICON }],
      css: [{ filename: 'saypin.css', content: PAGE_STYLE }],
    },
    uiConfig: { deepLinking: true, persistAuthorization: false, tryItOutEnabled: true },
  });
}

/** From what zod says of a schema to what generators of clients need. */
const zodToJsonConfig: { override: z.core.ToJSONSchemaParams['override'] } = {
  override: ({ zodSchema, jsonSchema }) => {
    // Clients must live with fields that they do not know.
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    // That null is as good as absent is our tolerance, not part of the contract; an answer that has null says so.
    if (isNullish(zodSchema)) dropNull(jsonSchema);
    // Infobip's documents name the width; the bounds of it say nothing of the field's own.
    if (jsonSchema.maximum === MAX_INT32) setWidth(jsonSchema, 'int32');
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) setWidth(jsonSchema, 'int64');
    // Zod takes the examples from whatever has a transform in it; ours are written as a client sends them.
    const examples = z.globalRegistry.get(zodSchema)?.examples;
    if (Array.isArray(examples) && jsonSchema.$ref === undefined) jsonSchema.examples ??= examples;
  },
};

const MAX_INT32 = 2 ** 31 - 1;

/** What a request may leave out or send as null; fields of answers are nullable or optional, never both. */
function isNullish(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodNullable;
}

function dropNull(schema: z.core.JSONSchema.BaseSchema): void {
  const [inner] = schema.anyOf ?? [];
  if (typeof inner === 'object') {
    delete schema.anyOf;
    Object.assign(schema, inner);
  } else if (Array.isArray(schema.type)) {
    schema.type = schema.type.find((type: string) => type !== 'null');
  }
}

function setWidth(schema: z.core.JSONSchema.BaseSchema, format: 'int32' | 'int64'): void {
  delete schema.minimum;
  delete schema.maximum;
  schema.format = format;
}

/**
 * The zod provider lists every schema twice, as input and as output. Only those that are used stay, without the
 * `Input` at their end, so that generated clients have Infobip's own names.
 */
function tidyComponents<Document extends object>(document: Document): Document {
  const { components: parts } = document as { components?: { schemas?: Record<string, unknown> } };
  dropEmptyBodies(document);
  const schemas = parts?.schemas ?? {};
  const { components: _, ...rest } = document as Record<string, unknown>;
  const used = new Set<string>();
  const pending = [rest as unknown];
  while (pending.length > 0) {
    for (const [, name = ''] of JSON.stringify(pending.pop()).matchAll(REFERENCE)) {
      if (used.has(name)) continue;
      used.add(name);
      pending.push(schemas[name] ?? {});
    }
  }
  const renamed = new Map(
    [...used].map(name => {
      const plain = name.replace(/Input$/, '');
      return [name, plain === name || used.has(plain) ? name : plain];
    }),
  );
  const kept = Object.fromEntries([...used].toSorted().map(name => [renamed.get(name), schemas[name]]));
  const text = JSON.stringify({ ...document, components: { ...parts, schemas: kept } });
  return JSON.parse(
    text
      .replace(REFERENCE, (_match, name: string) => `"#/components/schemas/${renamed.get(name)}"`)
      .replaceAll('"Default Response"', '"Success"'),
  ) as Document;
}

/** The zod provider gives every answer a body, and a 204 has none. */
function dropEmptyBodies(document: object): void {
  const { paths = {} } = document as Paths;
  for (const operation of Object.values(paths).flatMap(methods => Object.values(methods))) {
    delete operation.responses?.['204']?.content;
  }
}

interface Paths {
  readonly paths?: Record<string, Record<string, { responses?: Record<string, { content?: unknown }> }>>;
}

const REFERENCE = /"#\/components\/schemas\/([A-Za-z0-9]+)"/g;
