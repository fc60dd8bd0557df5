import type { FastifyInstance } from 'fastify';

import { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { Store } from '../store/store.ts';
import { errorAnswers } from './openapi.ts';

/** A readiness check writes to the disk: whoever asks oftener gets the last answer, so that asking costs nothing. */
const PING_EVERY_MS = 1_000;

const healthAnswer = z.object({ status: z.string() });

/**
 * `/health/live`: the process answers. `/health/ready`: a durable write went through within the last second; else 503.
 */
export function registerHealth(app: FastifyInstance, deps: { store: Store; clock: Clock }): void {
  let last: { at: number; result: Promise<void> } | undefined;

  function ping(): Promise<void> {
    const now = deps.clock.monotonic();
    if (!last || now - last.at >= PING_EVERY_MS) last = { at: now, result: deps.store.ping() };
    return last.result;
  }

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
      summary: 'The store takes writes',
      response: { 200: healthAnswer, ...errorAnswers(503) },
    },
    handler: async () => {
      await ping();
      return { status: 'ready' };
    },
  });
}
