import { z } from 'zod';

import type { Clock } from '../../clock.ts';
import { numberType } from '../../domain/phone.ts';
import type { E164 } from '../../domain/types.ts';
import { CarrierError } from '../../errors.ts';
import type { NumberContext, NumberLookup } from '../message-carrier.ts';
import { readJson } from '../read-json.ts';

const TIMEOUT_MS = 2_000;
/** An answer is less than 1 KB. */
const MAX_BYTES = 16 * 1024;

const network = z
  .object({
    networkName: z.string(),
    networkPrefix: z.string(),
    countryName: z.string(),
    countryPrefix: z.string(),
    networkId: z.number().optional(),
  })
  .nullable();

/** `GET /hlr/{number}` of the simulator (sip-sim/README.md). */
const answer = z.object({
  reachable: z.boolean().nullable(),
  mccMnc: z.string().nullable(),
  imsi: z.string().nullable(),
  servingMsc: z.string().nullable(),
  originalNetwork: network,
  ported: z.boolean(),
  portedNetwork: network,
  roaming: z.boolean(),
  roamingNetwork: network,
});

/** Asks the simulator's home location register. Asking changes nothing, so its failures may be retried. */
export function createSimulatorLookup(options: {
  baseUrl: string;
  fetch: typeof fetch;
  clock: Clock;
  timeoutMs?: number;
}): NumberLookup {
  const base = options.baseUrl.replace(/\/+$/, '');
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;

  return {
    name: 'simulator',

    async lookup(to, signal) {
      if (signal?.aborted) throw failed('timeout', 'was cancelled');
      const timeout = new AbortController();
      const timer = options.clock.after(timeoutMs, () => timeout.abort());
      try {
        const response = await options.fetch(`${base}/hlr/${encodeURIComponent(to)}`, {
          headers: { accept: 'application/json' },
          redirect: 'manual',
          signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
        });
        const body = await readJson(response, MAX_BYTES);
        if (response.status >= 500) throw failed('server', `answered ${response.status}`);
        if (response.status >= 400) throw failed('rejected', `answered ${response.status}`, false);
        return contextOf(to, response.status === 200 ? body : undefined);
      } catch (error) {
        if (error instanceof CarrierError) throw error;
        if (signal?.aborted) throw failed('timeout', 'was cancelled');
        if (timeout.signal.aborted) throw failed('timeout', `got no answer in ${timeoutMs} ms`);
        throw failed('unreachable', 'failed');
      } finally {
        timer.cancel();
      }
    },
  };
}

/** The cause is left out: it quotes the URL, which holds the number. */
function failed(reason: CarrierError['reason'], what: string, retryable = true): CarrierError {
  return new CarrierError(reason, { message: `lookup: the simulator ${what}`, retryable });
}

const REACHABLE = { true: 'reachable', false: 'not-reachable', null: 'unknown' } as const;

function contextOf(to: string, body: unknown): NumberContext {
  const parsed = answer.safeParse(body);
  if (!parsed.success) throw failed('protocol', 'gave no look-up answer', false);
  const { reachable, mccMnc, imsi, servingMsc, originalNetwork, portedNetwork, roamingNetwork } = parsed.data;
  return {
    to,
    reachable: REACHABLE[`${reachable}`],
    numberType: numberType((to.startsWith('+') ? to : `+${to}`) as E164),
    ...(mccMnc !== null && { mccMnc }),
    ...(imsi !== null && { imsi }),
    ...(servingMsc !== null && { servingMsc }),
    ...(originalNetwork && { originalNetwork }),
    ...(portedNetwork && { portedNetwork }),
    ...(roamingNetwork && { roamingNetwork }),
    ported: parsed.data.ported,
    roaming: parsed.data.roaming,
  };
}
