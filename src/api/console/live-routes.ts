import type { ServerResponse } from 'node:http';

import type { Timer } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';
import { assertScope } from '../auth.ts';
import { cookieOf } from './cookie.ts';
import { SEE, type Console, type ConsoleApp } from './context.ts';
import type { LiveCallView } from './live-calls.ts';
import { callerOf } from './session-routes.ts';

const MOST_STREAMS = 50;
/** Under the minute after which proxies close what is silent; each one looks whether the session still holds. */
const HEARTBEAT_MS = 15_000;
/** A reader who is slower than this is cut off, and its browser comes again. */
const MOST_BUFFERED = 256 * 1024;

/** Live calls as server-sent events: `calls` with all of them at first, then `call` for each change. */
export function liveRoutes(app: ConsoleApp, deps: Console): void {
  const { liveCalls, clock, sessions } = deps;
  const streams = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

  app.route({
    method: 'GET',
    url: '/console/api/live',
    // Its answer does not end: the few places of sends are not for it.
    config: { kind: 'carrier' },
    schema: { hide: true },
    handler: async (request, reply) => {
      assertScope(callerOf(request).principal, SEE);
      if (!liveCalls) throw new ServiceError('notFound');
      if (streams.size >= MOST_STREAMS) throw new ServiceError('tooManyRequests', { retryAfterMs: 5_000 });
      const id = cookieOf(request) ?? '';
      reply.hijack();
      const { raw } = reply;
      streams.add(raw);
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-accel-buffering': 'no',
      });
      const tell = (type: string, data: unknown): void => {
        if (raw.writableLength > MOST_BUFFERED) raw.destroy();
        else raw.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
      };
      const stop = liveCalls.onChange((call: LiveCallView) => tell('call', call));
      let timer: Timer;
      const beat = (): void => {
        timer = clock.after(HEARTBEAT_MS, () => {
          raw.write(': \n\n');
          sessions.resume(id, request.ip, true).then(
            caller => (caller ? beat() : raw.end()),
            () => raw.end(),
          );
        });
      };
      beat();
      raw.once('close', () => {
        streams.delete(raw);
        stop();
        timer.cancel();
      });
      tell('calls', { calls: liveCalls.list() });
    },
  });
}
