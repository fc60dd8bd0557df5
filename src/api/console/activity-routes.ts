import { z } from 'zod';

import { assertScope } from '../auth.ts';
import { createActivity, RANGES, type Range } from './activity.ts';
import { readQuery } from './body.ts';
import { SEE, type Console, type ConsoleApp } from './context.ts';
import { callerOf } from './session-routes.ts';

const rangeQuery = z.strictObject({
  range: z.enum(Object.keys(RANGES) as [Range, ...Range[]]).default('day'),
});

/** Counters of this process that the limits page shows: name, and the label that says why. */
const COUNTERS = {
  saypin_sends_limited_total: 'limit',
  saypin_verify_attempts_total: 'outcome',
  saypin_requests_shed_total: 'reason',
} as const;
type Counter = keyof typeof COUNTERS;
const METRICS_EVERY_MS = 1_000;

/** What happened, counted. */
export function activityRoutes(app: ConsoleApp, deps: Console): void {
  const { clock, metrics } = deps;
  const activity = createActivity(deps);
  let page: { at: number; text: Promise<string> } | undefined;

  /** A page of metrics asks the store: whoever asks oftener gets the last one. */
  async function metricsPage(): Promise<string> {
    const now = clock.monotonic();
    if (metrics && (!page || now - page.at >= METRICS_EVERY_MS)) page = { at: now, text: metrics.text() };
    return (await page?.text) ?? '';
  }

  app.route({
    method: 'GET',
    url: '/console/api/activity',
    schema: { hide: true },
    handler: async request => {
      assertScope(callerOf(request).principal, SEE);
      return await activity(readQuery(request, rangeQuery).range);
    },
  });

  app.route({
    method: 'GET',
    url: '/console/api/carriers',
    schema: { hide: true },
    handler: async request => {
      assertScope(callerOf(request).principal, SEE);
      return { carriers: deps.carriers() };
    },
  });

  app.route({
    method: 'GET',
    url: '/console/api/counters',
    schema: { hide: true },
    handler: async request => {
      assertScope(callerOf(request).principal, SEE);
      return { counters: countersIn(await metricsPage()) };
    },
  });
}

/** `saypin_sends_limited_total{limit="number"} 3` → `{ saypin_sends_limited_total: { number: 3 } }`. */
export function countersIn(page: string): Partial<Record<Counter, Record<string, number>>> {
  const found: Partial<Record<Counter, Record<string, number>>> = {};
  for (const [, name = '', labels = '', value] of page.matchAll(/^(\w+)\{([^}]*)\} (\d+)$/gm)) {
    if (!Object.hasOwn(COUNTERS, name)) continue;
    const counter = name as Counter;
    const word = new RegExp(`\\b${COUNTERS[counter]}="([^"]*)"`).exec(labels)?.[1] ?? 'other';
    const counts = (found[counter] ??= {});
    counts[word] = (counts[word] ?? 0) + Number(value);
  }
  return found;
}
