import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { classicEnvelope, retryAfterSeconds } from './error-handler.ts';
import { kindOf, type Overload } from './overload.ts';
import type { Visit } from './overload-gate.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { createSendLane, later, type NextTurn } from './send-lane.ts';

/**
 * Where sends are let in, in front of fastify. Two things are done here because nowhere else they would be cheap, or early enough
 * (faults.md F29). A refusal costs about what Node itself needs to read a request and to answer it; behind the router, its hooks
 * and the error handler it costs three times as much, and with four times too many requests a third of the processor went into
 * saying no. And sends begin a few at a time (send-lane.ts), so that those who verify do not wait for a crowd of them.
 */
export interface Doorstep {
  /** Answers a refusal itself. Sends are handed on in their turn, everything else at once. */
  meet(request: IncomingMessage, response: ServerResponse, handOn: () => void): void;
  /** Of a request that was let in here. */
  arrivalOf(request: IncomingMessage): Arrival | undefined;
}

export interface Arrival {
  /** Monotonic, ms. */
  readonly at: number;
  readonly visit: Visit;
}

/** Whatever else there is below the root (consoles, documents, webhooks, probes) is left to the hooks. */
const SENDING = /^\/(?:2fa|sms|tts|voice|v1)\//;

export function createDoorstep(deps: Overload & { clock: Clock; nextTurn?: NextTurn }): Doorstep {
  const { gate, metrics, clock, sendsPerTurn, nextTurn = later } = deps;
  const arrivals = new WeakMap<IncomingMessage, Arrival>();
  const lane = createSendLane({ clock, nextTurn, sendsPerTurn });
  let refusals: (() => void)[] = [];

  /** To write to a socket is most of what a refusal costs: whoever verifies does not wait for that either. */
  function refuseLater(refuse: () => void): void {
    refusals.push(refuse);
    if (refusals.length > 1) return;
    nextTurn(() => {
      const all = refusals;
      refusals = [];
      for (const one of all) one();
    }, true);
  }

  function meetSend(request: IncomingMessage, response: ServerResponse, path: string, handOn: () => void) {
    const at = clock.monotonic();
    const refuse = (error: ServiceError): void => {
      answer(response, path, error);
      metrics.request({ kind: 'send', status: error.status, ms: clock.monotonic() - at });
    };
    if (lane.full) {
      const refusal = gate.refusal('send', 'queue-full');
      refuseLater(() => refuse(refusal));
      return;
    }
    const visit = admitted(gate, refusal => refuseLater(() => refuse(refusal)));
    if (!visit) return;
    lane.enter({
      start() {
        // Nobody is there any more to tell the hooks of its end.
        if (response.destroyed) {
          visit.leave();
          return;
        }
        arrivals.set(request, { at, visit });
        handOn();
      },
      refuse() {
        visit.leave();
        refuse(gate.refusal('send', 'waited'));
      },
    });
  }

  return {
    meet(request, response, handOn) {
      const path = pathOf(request.url ?? '/');
      const sends = request.method === 'POST' && SENDING.test(path) && kindOf('POST', path) === 'send';
      if (sends) meetSend(request, response, path, handOn);
      else handOn();
    },
    arrivalOf: request => arrivals.get(request),
  };
}

function admitted(gate: Overload['gate'], refuse: (error: ServiceError) => void): Visit | undefined {
  try {
    return gate.admit('send', true);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    refuse(error);
    return undefined;
  }
}

/** In the envelope of the face. The body is left unread: Node throws it away, and the connection stays. */
function answer(response: ServerResponse, path: string, error: ServiceError): void {
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
