/**
 * The service as `src/main.ts` starts it, with a kill -9 of itself at a named step: `FAULT_AT=before:store.advanceRun`,
 * `after:calls.placeCall`, … , the `FAULT_HIT`th time that it comes by (1). Nothing of this is in the service itself.
 */
import type { Around } from '../../src/app.ts';
import { useCompileCache } from '../../src/compile-cache.ts';

const keep = useCompileCache();
const { startApp } = await import('../../src/app.ts');
const { systemClock } = await import('../../src/clock.ts');
const { loadConfig } = await import('../../src/config.ts');
const { createLogger } = await import('../../src/log.ts');
keep();

type Method = (...values: unknown[]) => Promise<unknown>;

const config = loadConfig(process.env);
const log = createLogger(config.logLevel);
const app = await startApp(config, { clock: systemClock, log, around: around(process.env.FAULT_AT) });
process.stdout.write(`faulty service is ready: ${app.url}\n`);
process.on('SIGTERM', () => {
  void app.close().then(() => process.exit(0));
});

function around(step: string | undefined): Around {
  const [when, part, method] = /^(before|after):(store|calls|texts)\.(\w+)$/.exec(step ?? '')?.slice(1) ?? [];
  if (when === undefined || method === undefined) return {};
  let hits = 0;
  const strike = (values: readonly unknown[], result?: unknown): void => {
    const more = hitsIn(method, values[0], result);
    hits += more;
    if (more > 0 && hits >= Number(process.env.FAULT_HIT ?? 1)) process.kill(process.pid, 'SIGKILL');
  };
  const faulty = <Part extends object>(target: Part): Part =>
    new Proxy(target, {
      get(inner, name): unknown {
        const value: unknown = Reflect.get(inner, name, inner);
        if (typeof value !== 'function') return value;
        const bound = (value as Method).bind(inner);
        if (name !== method) return bound;
        return async (...values: unknown[]) => {
          if (when === 'before') strike(values);
          const result = await bound(...values);
          if (when === 'after') strike(values, result);
          return result;
        };
      },
    });
  const each = <Carrier extends object>(carriers: ReadonlyMap<string, Carrier>) =>
    new Map([...carriers].map(([name, carrier]) => [name, faulty(carrier)]));
  if (part === 'store') return { store: faulty };
  return part === 'calls' ? { calls: each } : { texts: each };
}

/** Verbs that do several things: only what belongs to a fallback counts, and each of several timers or events. */
function hitsIn(method: string, request: unknown, result: unknown): number {
  const { to } = (request ?? {}) as { to?: string };
  if (method === 'claimTimers')
    return (result as { kind: string }[]).filter(({ kind }) => kind === 'plan').length;
  if (method === 'publishEvents') return (request as { sources: unknown[] }).sources.length;
  if (method === 'stepPinMessage') return to === 'ended' ? 1 : 0;
  if (method === 'transition') return to === 'initiated' ? 1 : 0;
  if (method === 'completeTimer') return String(request).startsWith('plan-') ? 1 : 0;
  return 1;
}
