/// <reference types="@fastify/swagger" />
import type { Socket } from 'node:net';

import fastifyWebsocket from '@fastify/websocket';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';

import type { RawWebhook, WebhookReply } from '../../carriers/carrier.ts';
import type { PinMessaging, VoiceDelivery, WebhookKind } from '../../delivery/delivery.ts';
import type { CallRef } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { Logger } from '../../log.ts';

/** Longest webhook body, and longest media frame, in bytes (security.md, "Surfaces"). */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_FRAME_BYTES = 256 * 1024;
/** An upgrade that is neither a socket nor refused by then is cut off: http's own timeouts end at the upgrade. */
const UPGRADE_TIMEOUT_MS = 10_000;

const KINDS: ReadonlySet<string> = new Set<WebhookKind>(['answer', 'status', 'digits', 'machine']);

/** Undefined: not a text of theirs. */
export type TextWebhooks = Pick<PinMessaging, 'handleTextWebhook'>;

export interface CarrierWebhooksDeps {
  readonly delivery: Pick<VoiceDelivery, 'handleWebhook' | 'admitMedia'>;
  /** Whose texts status reports may be about, asked in turn until one knows the reference. */
  readonly texts?: readonly TextWebhooks[];
  /** As carriers reach us, `https://host[:port][/prefix]`: what their signatures are over. */
  readonly publicUrl: string;
  /** Names of the configured carriers. */
  readonly carriers: readonly string[];
  readonly log: Logger;
}

/**
 * What carriers call: `/carrier-webhooks/:carrier/:ref/:kind` (GET or POST; kind `text` is about texts, the rest about calls) and the media sockets
 * `/media/:carrier/:token`. No API key: the carrier's signature, checked by delivery over the raw body and the public
 * URL, is the authentication.
 */
export const carrierWebhooks = Object.assign(register, {
  // Not encapsulated, so that the socket server's hooks cover the app (what fastify-plugin does).
  [Symbol.for('skip-override')]: true,
});

async function register(app: FastifyInstance, deps: CarrierWebhooksDeps): Promise<void> {
  if (!app.hasDecorator('websocketServer')) {
    await app.register(fastifyWebsocket, {
      options: { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false },
      errorHandler: (error, socket) => {
        deps.log.debug({ err: error }, 'media socket failed');
        socket.terminate();
      },
    });
  }
  // ws lifts this timeout when it takes the socket over.
  app.server.on('upgrade', (_request, socket: Socket) => {
    socket.setTimeout(UPGRADE_TIMEOUT_MS, () => socket.destroy());
  });
  const publicUrl = deps.publicUrl.replace(/\/+$/, '');
  const routes = { ...deps, publicUrl };
  // A context of its own: raw bodies and plain errors stay in here.
  await app.register(async scope => {
    keepRawBodies(scope);
    scope.addHook('onRequest', async (request, reply) => {
      // An absolute URL in the request line: legal, but not what any carrier sends or signs.
      if (!request.originalUrl.startsWith('/')) return short(reply, 400);
      // A webhook asks for no socket; the socket server would open one only to close it.
      const isMedia = request.originalUrl.startsWith('/media/');
      return request.ws && !isMedia ? short(reply, 404) : undefined;
    });
    scope.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply, deps.log));
    webhookRoute(scope, routes);
    mediaRoute(scope, routes);
  });
}

function webhookRoute(scope: FastifyInstance, deps: CarrierWebhooksDeps): void {
  const carriers = new Set(deps.carriers);
  scope.route<{ Params: { carrier: string; ref: string; kind: string } }>({
    method: ['GET', 'POST'],
    url: '/carrier-webhooks/:carrier/:ref/:kind',
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoute: false,
    logLevel: 'error', // the path holds the call's reference
    schema: { hide: true },
    handler: async (request, reply) => {
      const { carrier, ref, kind } = request.params;
      const known = kind === 'text' || isKind(kind);
      if (!carriers.has(carrier) || !isCallRef(ref) || !known) return short(reply, 404);
      const raw = rawRequest(request, deps.publicUrl);
      if (kind === 'text') {
        const answer = await textWebhook(deps.texts ?? [], { carrier, ref, raw });
        return answer ? reply.code(answer.status).send(answer.body ?? '') : short(reply, 404);
      }
      const query = queryOf(request.originalUrl);
      const answer = await deps.delivery.handleWebhook({ carrier, ref, kind, raw, query });
      if (answer.contentType !== undefined) reply.header('content-type', answer.contentType);
      return reply.code(answer.status).send(answer.body ?? '');
    },
  });
}

async function textWebhook(
  handlers: readonly TextWebhooks[],
  request: Parameters<TextWebhooks['handleTextWebhook']>[0],
): Promise<WebhookReply | undefined> {
  for (const handler of handlers) {
    const answer = await handler.handleTextWebhook(request);
    if (answer) return answer;
  }
  return undefined;
}

function mediaRoute(scope: FastifyInstance, deps: CarrierWebhooksDeps): void {
  const carriers = new Set(deps.carriers);
  const socketUrl = deps.publicUrl.replace(/^http/, 'ws');
  const admitted = new WeakMap<FastifyRequest, (socket: WebSocket) => void>();
  scope.route<{ Params: { carrier: string; token: string } }>({
    method: 'GET',
    url: '/media/:carrier/:token',
    exposeHeadRoute: false,
    logLevel: 'error', // the path holds the token
    schema: { hide: true },
    // Before the 101: a refused upgrade never becomes a socket.
    preValidation: async (request, reply) => {
      const { carrier, token } = request.params;
      if (!carriers.has(carrier)) return short(reply, 404);
      // A broken handshake must not use up the token.
      if (!isHandshake(request)) return short(reply, 400);
      const takeOver = await deps.delivery.admitMedia({
        carrier,
        token,
        raw: rawRequest(request, socketUrl),
      });
      if (!takeOver) return short(reply, 403);
      admitted.set(request, takeOver);
      return undefined;
    },
    handler: (_request, reply) => short(reply, 404),
    wsHandler: (socket, request) => {
      const takeOver = admitted.get(request);
      if (takeOver) takeOver(socket);
      else socket.terminate();
    },
  });
}

/** Any body, as it came: the signature is over its bytes. */
function keepRawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

function rawRequest(request: FastifyRequest, base: string): RawWebhook {
  return {
    method: request.method,
    url: base + request.originalUrl,
    headers: request.headers,
    rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

/** The first value of each name. */
function queryOf(url: string): Readonly<Record<string, string>> {
  const start = url.indexOf('?');
  if (start === -1) return {};
  return Object.fromEntries([...new URLSearchParams(url.slice(start + 1))].toReversed());
}

function isCallRef(text: string): text is CallRef {
  return /^[0-9a-f]{32}$/.test(text);
}

function isKind(text: string): text is WebhookKind {
  return KINDS.has(text);
}

/** What ws will ask for after us (RFC 6455 4.2.1). */
function isHandshake(request: FastifyRequest): boolean {
  const { headers, ws } = request;
  const version = headers['sec-websocket-version'];
  const key = headers['sec-websocket-key'] ?? '';
  return ws && (version === '13' || version === '8') && /^[+/0-9A-Za-z]{22}==$/.test(key);
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  413: 'Too large',
  503: 'Unavailable',
};

/** A constant body that tells a stranger nothing. */
function short(reply: FastifyReply, status: number): FastifyReply {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(PHRASES[status] ?? 'Error');
}

function answerError(error: FastifyError | ServiceError, reply: FastifyReply, log: Logger): FastifyReply {
  const status = error instanceof ServiceError ? error.status : (error.statusCode ?? 500);
  if (status >= 500) log.error({ err: error }, 'a carrier webhook failed');
  return short(reply, status);
}
