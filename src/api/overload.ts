import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Doorstep } from './doorstep.ts';
import {
  OverloadGate,
  type GateLimits,
  type GuardedKind,
  type ShedReason,
  type Visit,
} from './overload-gate.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request of this route is when there is too much to do; absent: by its path (`kindOf`). */
    kind?: GuardedKind;
  }
}

/** `probe`: health and metrics, which are answered whatever goes on. */
export type RequestKind = GuardedKind | 'probe';

export interface Overload {
  readonly gate: OverloadGate;
  readonly metrics: Pick<Metrics, 'request'>;
  /** Absent: `SENDS_PER_TURN` (send-lane.ts). */
  readonly sendsPerTurn?: number | undefined;
}

/** A service that refuses must say so, and not once a request. */
const LOG_EVERY_MS = 5_000;

/** The gate of a service, which counts and logs what it refuses. */
export function createOverload(deps: {
  clock: Clock;
  log: Logger;
  metrics: Pick<Metrics, 'request' | 'shed'>;
  waitingMs: () => number;
  limits?: Partial<GateLimits>;
  sendsPerTurn?: number;
}): Overload {
  const { clock, log, metrics, waitingMs, limits, sendsPerTurn } = deps;
  let refused: Record<string, number> = {};
  let timer: Timer | undefined;

  function onShed({ kind, reason }: { kind: GuardedKind; reason: ShedReason }): void {
    metrics.shed({ kind, reason });
    const name = `${kind} ${reason}`;
    refused[name] = (refused[name] ?? 0) + 1;
    if (timer) return;
    log.warn({ kind, reason, waitingMs: Math.round(waitingMs()) }, 'too much to do: refusing requests');
    timer = clock.after(LOG_EVERY_MS, () => {
      timer = undefined;
      log.warn({ refused }, 'requests refused in the last seconds');
      refused = {};
    });
  }

  const gate = new OverloadGate({ clock, waitingMs, limits, onShed });
  return { gate, metrics, sendsPerTurn };
}

/**
 * Puts the gate in front of every route that is added to `app` afterwards. The door is first of all hooks: a refusal costs
 * neither authentication nor the body. A place is taken only when the body is there and its sender is known, so that slow
 * and nameless senders hold none.
 */
export function guardAgainstOverload(
  app: FastifyInstance,
  deps: Overload & { clock: Clock; doorstep: Pick<Doorstep, 'arrivalOf'> },
): void {
  const { gate, metrics, clock, doorstep } = deps;
  const started = new WeakMap<FastifyRequest, number>();
  const visits = new WeakMap<FastifyRequest, Visit>();

  app.addHook('onRequest', async (request, reply) => {
    const arrival = doorstep.arrivalOf(request.raw);
    started.set(request, arrival?.at ?? clock.monotonic());
    if (request.is404) {
      arrival?.visit.leave();
      return;
    }
    const kind = kindOfRequest(request);
    if (kind === 'probe') return;
    if (!isUpgrade(request)) {
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      const visit = arrival?.visit ?? gate.admit(kind, changes);
      visits.set(request, visit);
      // Both: a caller who goes away leaves no `finish`.
      reply.raw.once('finish', () => visit.leave());
      reply.raw.once('close', () => visit.leave());
      return;
    }
    // Refused before the socket server knows of it: nobody else would end it.
    reply.raw.once('finish', () => request.raw.socket.destroy());
    const closed = gate.openSocket();
    request.raw.socket.once('close', closed);
  });

  app.addHook('preValidation', async request => {
    await visits.get(request)?.enter();
  });

  app.addHook('onResponse', async (request, reply) => {
    const begin = started.get(request);
    if (begin === undefined) return;
    const ms = clock.monotonic() - begin;
    metrics.request({ kind: kindOfRequest(request), status: reply.statusCode, ms });
  });
}

/** What a request of a route is. Whatever is not known to be more urgent is a `send`. */
export function kindOf(method: string, route: string | undefined): RequestKind {
  if (route === undefined) return 'send';
  if (route === '/metrics' || route.startsWith('/health/')) return 'probe';
  if (route.startsWith('/carrier-webhooks/') || route.startsWith('/media/')) return 'carrier';
  if (method === 'POST' && /\/(verify|check)$/.test(route)) return 'verify';
  return 'send';
}

function kindOfRequest(request: FastifyRequest): RequestKind {
  const { config, url } = request.routeOptions;
  return config.kind ?? kindOf(request.method, url);
}

function isUpgrade(request: FastifyRequest): boolean {
  return request.headers.upgrade !== undefined && request.routeOptions.url?.startsWith('/media/') === true;
}
