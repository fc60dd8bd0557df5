import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';

import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';

import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Authenticator } from './auth.ts';
import { createDoorstep, type Doorstep } from './doorstep.ts';
import { answerClientError, classicEnvelope, createErrorHandler } from './error-handler.ts';
import { createHealth, registerHealth, type Health } from './health.ts';
import { infobipApi, type InfobipDeps } from './infobip/index.ts';
import { rememberPaths } from './known-paths.ts';
import { registerMetrics, type MetricsRoute } from './metrics.ts';
import { registerOpenApi } from './openapi.ts';
import { guardAgainstOverload, type Overload } from './overload.ts';
import { logRequests } from './request-log.ts';
import { zodValidator } from './validation.ts';

export interface ServerDeps extends InfobipDeps {
  readonly authenticate: Authenticator;
  readonly log: Logger;
  /** Under which the world reaches us; for the OpenAPI document. */
  readonly publicUrl: string;
  readonly version: string;
  /** Absent: ready as soon as the store is. */
  readonly health?: Health;
  /** Absent: everything is let in. */
  readonly overload?: Overload;
  /** Absent: there is no /metrics. */
  readonly metrics?: MetricsRoute;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed (login throttles count by address). */
  readonly trustProxy?: readonly string[];
  /**
   * Further faces (carrier webhooks and their sockets), called with this server before its own routes, so that the hooks
   * of a socket server cover every upgrade. A face with body parsers or an error handler of its own opens a scope.
   */
  readonly plugins?: readonly FastifyPluginAsync[];
}

/** security.md "Surfaces"; Node's and fastify's own are far looser. */
const BODY_LIMIT = 256 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for connections that are over their time. */
const TIMEOUT_CHECK_MS = 1_000;
/** Over the 60 s that common load balancers keep an idle connection, so that they close it and not we. */
const KEEP_ALIVE_MS = 72_000;
const MAX_HEADER_BYTES = 16 * 1024;
const JSON_TYPE = 'application/json';
/** Our ids and media tokens have at most 64 characters. */
const MAX_PARAM_LENGTH = 128;

/**
 * The HTTP server with every public face. Call `listen` or `inject` on what it returns; `close` refuses new
 * requests with 503 and waits for the running ones.
 */
export async function createServer(deps: ServerDeps): Promise<FastifyInstance> {
  const handleError = createErrorHandler({ log: deps.log, render: classicEnvelope });
  const doorstep = deps.overload && createDoorstep({ ...deps.overload, clock: deps.clock });
  const app: FastifyInstance = Fastify({
    serverFactory: handle => listener(doorstep, handle),
    bodyLimit: BODY_LIMIT,
    trustProxy: deps.trustProxy ? [...deps.trustProxy] : false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => randomUUID(),
    // Closing answers in our envelope, below.
    return503OnClosing: false,
    // Named here, fastify does not load its own (Ajv): 45 ms of each start. The types know that one alone.
    schemaController: {
      compilersFactory: {
        buildValidator: () => zodValidator as never,
        buildSerializer: () => serializerCompiler as never,
      },
    },
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
    clientErrorHandler: (error, socket) => answerClientError(error, socket),
  });
  // Every face brings the parsers of the bodies that it takes.
  app.removeAllContentTypeParsers();
  app.setValidatorCompiler(zodValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);

  const methodsOf = rememberPaths(app);
  function answerNotFound(request: FastifyRequest, reply: FastifyReply): never {
    const methods = methodsOf(request.url);
    if (methods.length === 0 || methods.includes(request.method)) throw new ServiceError('notFound');
    reply.header('allow', methods.join(', '));
    throw new ServiceError('methodNotAllowed');
  }
  app.setNotFoundHandler(answerNotFound);

  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.decorateRequest('client', undefined);
  app.addHook('onRequest', async () => {
    if (closing) throw new ServiceError('unavailable');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    // As Infobip writes it; JSON has no charset (RFC 8259 11).
    if (String(reply.getHeader('content-type')).startsWith('application/json')) reply.type(JSON_TYPE);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  logRequests(app, { ...deps, cameAt: request => doorstep?.arrivalOf(request)?.at });
  if (deps.overload && doorstep) {
    guardAgainstOverload(app, { ...deps.overload, clock: deps.clock, doorstep });
  }

  await registerOpenApi(app, deps);
  registerHealth(app, deps.health ?? readyWithStore(deps));
  if (deps.metrics) registerMetrics(app, { ...deps.metrics, clock: deps.clock });
  for (const plugin of deps.plugins ?? []) await plugin(app, {});
  // Before its body is parsed for nobody; after the hook by which a socket server knows a refused upgrade, to end it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) answerNotFound(request, reply);
  });
  await app.register(infobipApi(deps));
  await app.ready();
  return app;
}

/** Node's server, and what happens to a request before fastify looks at it. */
function listener(doorstep: Doorstep | undefined, handle: RequestListener): Server {
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  if (!doorstep) return createHttpServer(options, handle);
  return createHttpServer(options, (request, response) => {
    doorstep.meet(request, response, () => handle(request, response));
  });
}

function readyWithStore({ store, clock, log }: ServerDeps): Health {
  const health = createHealth({ store, clock, log });
  health.started();
  return health;
}
