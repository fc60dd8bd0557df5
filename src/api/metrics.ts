import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import type { MetricsPage } from '../metrics/metrics.ts';

export interface MetricsRoute {
  readonly page: MetricsPage;
  /** Who asks must bring it as a bearer token; absent: anybody who reaches HOST may ask. */
  readonly token?: string;
}

/** A page asks the store and costs milliseconds: whoever asks oftener gets the last one. */
const PAGE_EVERY_MS = 1_000;

/** `GET /metrics`, in Prometheus' text format. */
export function registerMetrics(app: FastifyInstance, deps: MetricsRoute & { clock: Clock }): void {
  const { page, token, clock } = deps;
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  let last: { at: number; text: Promise<string> } | undefined;

  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    handler: async (request, reply) => {
      if (expected && !timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
        throw new ServiceError('unauthorized');
      }
      const now = clock.monotonic();
      if (!last || now - last.at >= PAGE_EVERY_MS) last = { at: now, text: page.text() };
      return reply.type(page.contentType).send(await last.text);
    },
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
