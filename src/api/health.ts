import type { FastifyInstance } from 'fastify';

import { z } from 'zod';

import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import { classicEnvelope } from './error-handler.ts';
import { errorAnswer } from './openapi.ts';

/** A readiness check writes to the store: whoever asks oftener gets the last answer, so that asking costs nothing. */
const PING_EVERY_MS = 1_000;
const PING_TIMEOUT_MS = 1_000;
/** The timer loop asks at least twice a second. */
const TIMERS_SILENT_MS = 5_000;
/** Far beyond what overload brings about: a process that is taken out of a pool for being busy makes the others busier. */
const LAG_MS = 2_000;
const MAX_TEXT = 200;

export type HealthPart = 'starting' | 'draining' | 'store' | 'timers' | 'event-loop';

/** Why the service is not ready. */
export interface HealthReason {
  readonly part: HealthPart;
  readonly text: string;
}

/** What whoever watches the service should know, though it is ready. */
export interface HealthNote {
  readonly part: 'carrier';
  readonly text: string;
}

export interface Health {
  /** Everything runs: until then the service is not ready. */
  started(): void;
  /** It is about to stop: from now on it is not ready. */
  drain(): void;
  /** Empty: ready. Never rejects. */
  reasons(): Promise<readonly HealthReason[]>;
  notes(): readonly HealthNote[];
}

export interface HealthDeps {
  readonly store: Pick<Store, 'ping'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Since the timer loop last got an answer of the store; absent: nobody watches it. */
  readonly timersAskedMsAgo?: () => number | undefined;
  /** Of the event loop. */
  readonly lagMs?: () => number;
  readonly notes?: () => readonly HealthNote[];
}

/** Whether this process should be given work. It fails closed: what cannot be found out is a reason against it. */
export function createHealth(deps: HealthDeps): Health {
  const { store, clock, log, timersAskedMsAgo, lagMs } = deps;
  let startedAt: number | undefined;
  let draining = false;
  let last: { at: number; reason: Promise<HealthReason | undefined> } | undefined;
  let wasReady: boolean | undefined;

  function pinged(): Promise<HealthReason | undefined> {
    const now = clock.monotonic();
    if (!last || now - last.at >= PING_EVERY_MS) last = { at: now, reason: ping() };
    return last.reason;
  }

  async function ping(): Promise<HealthReason | undefined> {
    const silent: HealthReason = { part: 'store', text: `no answer within ${PING_TIMEOUT_MS} ms` };
    return await new Promise(resolve => {
      const timer = clock.after(PING_TIMEOUT_MS, () => resolve(silent));
      const end = (reason: HealthReason | undefined): void => {
        timer.cancel();
        resolve(reason);
      };
      store.ping().then(
        () => end(undefined),
        (error: unknown) => end({ part: 'store', text: textOf(error) }),
      );
    });
  }

  function timers(since: number): HealthReason | undefined {
    if (!timersAskedMsAgo) return undefined;
    const ms = timersAskedMsAgo() ?? clock.monotonic() - since;
    return ms > TIMERS_SILENT_MS ? { part: 'timers', text: `not asked for ${Math.round(ms)} ms` } : undefined;
  }

  function loop(): HealthReason | undefined {
    const ms = lagMs?.() ?? 0;
    return ms > LAG_MS ? { part: 'event-loop', text: `${Math.round(ms)} ms late` } : undefined;
  }

  async function find(): Promise<readonly HealthReason[]> {
    // While it stops, the store may be closed at any moment: there is nothing to ask it.
    if (draining) return [{ part: 'draining', text: 'the service is stopping' }];
    if (startedAt === undefined) return [{ part: 'starting', text: 'the service is starting' }];
    const found = [await pinged(), timers(startedAt), loop()];
    return found.filter(reason => reason !== undefined);
  }

  return {
    started() {
      startedAt = clock.monotonic();
    },
    notes: () => deps.notes?.() ?? [],
    drain() {
      draining = true;
    },
    async reasons() {
      const reasons = await find();
      const ready = reasons.length === 0;
      if (ready !== wasReady && wasReady !== undefined) {
        if (ready) log.info('ready again');
        else log.warn({ reasons }, 'not ready');
      }
      wasReady = ready;
      return reasons;
    },
  };
}

const healthAnswer = z.object({ status: z.string() });

const note = z.object({ part: z.string(), text: z.string() });
const readyAnswer = healthAnswer.extend({ notes: z.array(note).optional() });

const unreadyAnswer = errorAnswer.extend({
  status: z.string(),
  reasons: z.array(note),
});

/**
 * `/health/live`: the process answers. `/health/ready`: it should be given work; else 503 with the reasons, beside the error that
 * every other route would answer.
 */
export function registerHealth(app: FastifyInstance, health: Pick<Health, 'reasons' | 'notes'>): void {
  app.route({
    method: 'GET',
    url: '/health/live',
    schema: { tags: ['Health'], summary: 'The process answers', response: { 200: healthAnswer } },
    handler: async () => ({ status: 'live' }),
  });
  app.route({
    method: 'GET',
    url: '/health/ready',
    schema: {
      tags: ['Health'],
      summary: 'The store takes writes, timers run, and the service is not about to stop',
      response: { 200: readyAnswer, 503: unreadyAnswer },
    },
    handler: async (_request, reply) => {
      const reasons = await health.reasons();
      const notes = health.notes();
      if (reasons.length === 0) return { status: 'ready', ...(notes.length > 0 && { notes: [...notes] }) };
      const error = classicEnvelope(new ServiceError('unavailable'));
      return reply
        .code(503)
        .header('retry-after', 1)
        .send({ status: 'unready', reasons, ...error });
    },
  });
}

/** What a store says of itself, without what it may say of its address or of anybody: whoever asks has no key. */
function textOf(error: unknown): string {
  const cause = error instanceof ServiceError ? (error.cause ?? error) : error;
  const [line = ''] = (cause instanceof Error ? cause.message : 'failed').split('\n', 1);
  return line
    .replace(/\w+:\/\/\S+/g, '(address)')
    .replace(/\d{6,}/g, '(number)')
    .slice(0, MAX_TEXT);
}
