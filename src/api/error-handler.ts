import type { Socket } from 'node:net';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { ServiceError, type ErrorId } from '../errors.ts';
import type { Logger } from '../log.ts';
import { InvalidRequest } from './validation.ts';

/** What a caller is told to wait where the cause knows no better, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/**
 * Infobip's classic envelope. Exactly these keys: their Java client refuses an error with one more
 * (infobip-api.md 0.7).
 */
export interface ClassicEnvelope {
  requestError: {
    serviceException: { messageId: string; text: string; validationErrors?: Record<string, string[]> };
  };
}

export function classicEnvelope(error: ServiceError): ClassicEnvelope {
  const serviceException: ClassicEnvelope['requestError']['serviceException'] = {
    messageId: error.code,
    text: error.message,
  };
  if (error.fields && Object.keys(error.fields).length > 0) {
    serviceException.validationErrors = Object.fromEntries(
      Object.entries(error.fields).map(([field, messages]) => [field, [...messages]]),
    );
  }
  return { requestError: { serviceException } };
}

/** Rows of the table for errors that fastify throws by itself; the rest go by their status. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorId>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payloadTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMediaType',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformedBody',
  FST_ERR_MAX_PARAM_LENGTH: 'notFound',
  FST_ERR_BAD_URL: 'notFound',
};

const BY_STATUS: Readonly<Record<number, ErrorId>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  405: 'methodNotAllowed',
  413: 'payloadTooLarge',
  415: 'unsupportedMediaType',
  429: 'tooManyRequests',
  503: 'unavailable',
};

/** Any thrown thing as a row of the table; what the table does not know is `internal`, its cause kept for the log. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof InvalidRequest) return new ServiceError('badRequest', { fields: error.fields });
  const { code = '', statusCode = 500 } = (error ?? {}) as Partial<FastifyError>;
  const id = FRAMEWORK_ERRORS[code] ?? BY_STATUS[statusCode];
  if (id) return new ServiceError(id, { cause: error });
  return new ServiceError(statusCode >= 400 && statusCode < 500 ? 'badRequest' : 'internal', {
    cause: error,
  });
}

/**
 * The one place where an error becomes an answer. Causes of 5xx go to the log, never to the caller. `render` is the
 * envelope of a face; a plugin whose face has another one sets its own handler made by this function.
 */
export function createErrorHandler(options: { log: Logger; render: (error: ServiceError) => object }) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = toServiceError(thrown);
    if (error.status >= 500 && !isShed(error)) {
      const cause = thrown instanceof ServiceError ? (thrown.cause ?? thrown) : thrown;
      options.log.error({ err: cause, reqId: request.id, status: error.status }, 'request failed');
    }
    if (error.status === 429 || error.status === 503) reply.header('retry-after', retryAfterSeconds(error));
    if (error.status === 401) reply.header('www-authenticate', 'App');
    // The error may come from the serializer of the route's answer, which an envelope does not fit.
    reply.code(error.status).type('application/json').serializer(JSON.stringify).send(options.render(error));
  };
}

/** Refused by the gate (overload.ts), which counts and sums up: no line each, when there is too much to do already. */
export function isShed({ reason }: ServiceError): boolean {
  return reason === 'overloaded' || reason === 'draining';
}

/** Whole seconds, rounded up: who waits that long is not refused again. */
export function retryAfterSeconds(error: ServiceError): number {
  if (error.retryAfterMs === undefined) return DEFAULT_RETRY_AFTER_SECONDS;
  return Math.max(1, Math.ceil(error.retryAfterMs / 1_000));
}

/** Answers what never became a request: bytes that are no HTTP, headers too long or too slow. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(classicEnvelope(new ServiceError('badRequest')));
  socket.end(
    `HTTP/1.1 ${CLIENT_ERROR_STATUS[error.code ?? ''] ?? '400 Bad Request'}\r\n` +
      'Content-Type: application/json\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const CLIENT_ERROR_STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};
