import { z } from 'zod';

import type { Clock } from '../../clock.ts';
import { assertNever } from '../../errors.ts';
import type { NumberLookup } from '../message-carrier.ts';
import { cachedLookup } from './cached.ts';
import { createOfflineLookup } from './offline.ts';
import { createSimulatorLookup } from './simulator.ts';

/** Where number contexts come from: the numbering plans on board, or a simulator's home location register. */
export const lookupConfig = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('offline') }),
  z.strictObject({
    type: z.literal('simulator'),
    baseUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    timeoutMs: z.number().int().min(100).max(60_000).default(2_000),
    /** How long an answer is remembered; 0 asks every time. */
    cacheSeconds: z.number().int().min(0).max(86_400).default(600),
  }),
]);

export type LookupConfig = z.output<typeof lookupConfig>;
/** As an operator writes it, defaults left out. */
export type LookupConfigInput = z.input<typeof lookupConfig>;

/** The lookup that the configuration asks for, cached where it costs something. */
export function createLookup(
  config: LookupConfig,
  deps: { fetch: typeof fetch; clock: Clock },
): NumberLookup {
  switch (config.type) {
    case 'offline':
      return createOfflineLookup();
    case 'simulator': {
      const { baseUrl, timeoutMs, cacheSeconds } = config;
      const lookup = createSimulatorLookup({ ...deps, baseUrl, timeoutMs });
      return cacheSeconds === 0
        ? lookup
        : cachedLookup(lookup, { clock: deps.clock, ttlMs: cacheSeconds * 1_000 });
    }
    default:
      return assertNever(config);
  }
}
