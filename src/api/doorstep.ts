import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { classicEnvelope, retryAfterSeconds } from './error-handler.ts';
import { kindOf, type Overload } from './overload.ts';
import type { Visit } from './overload-gate.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/**
 * Where sends are refused while more of them come than can be done: in front of fastify. There a refusal costs about what
 * Node itself needs to read a request and to answer it; behind the router, its hooks and the error handler it costs three times
 * as much, and with four times too many requests a third of the processor went into saying no (faults.md F29).
 */
export interface Doorstep {
  /** True: it was refused, and answered. */
  turnAway(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whom the gate has let in here already. */
  visitOf(request: IncomingMessage): Visit | undefined;
}

/** Whatever else there is below the root (consoles, documents, webhooks, probes) is left to the hooks. */
const SENDING = /^\/(?:2fa|sms|tts|voice|v1)\//;

export function createDoorstep({ gate, metrics, clock }: Overload & { clock: Clock }): Doorstep {
  const visits = new WeakMap<IncomingMessage, Visit>();
  return {
    turnAway(request, response) {
      if (!gate.shedding || request.method !== 'POST') return false;
      const path = pathOf(request.url ?? '/');
      if (!SENDING.test(path) || kindOf('POST', path) !== 'send') return false;
      const began = clock.monotonic();
      try {
        visits.set(request, gate.admit('send', true));
        return false;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        refuse(response, path, error);
        metrics.request({ kind: 'send', status: error.status, ms: clock.monotonic() - began });
        return true;
      }
    },
    visitOf: request => visits.get(request),
  };
}

/** In the envelope of the face. The body is left unread: Node throws it away, and the connection stays. */
function refuse(response: ServerResponse, path: string, error: ServiceError): void {
  const own = path.startsWith('/v1/');
  const body = JSON.stringify(own ? problemOf(error, randomUUID()) : classicEnvelope(error));
  response.writeHead(error.status, [
    'content-type',
    own ? PROBLEM_TYPE : 'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'retry-after',
    String(retryAfterSeconds(error)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ]);
  response.end(body);
}

/** Without query and closing slash, as the router takes it. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
