import type { FastifyReply, FastifyRequest } from 'fastify';

import type { EventLog, SimEvent } from './events.ts';

const MAX_UNREAD = 4 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;

/**
 * Server-sent events: first the kept ones newer than `Last-Event-ID` (header, or the query's `lastEventId`), then all
 * that follow. A reader who falls megabytes behind is cut off and can come back with its last id.
 */
export function streamEvents(
  events: EventLog,
  request: FastifyRequest<{ Querystring: { lastEventId?: string } }>,
  reply: FastifyReply,
): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'keep-alive',
  });
  raw.write(': saypin simulator\n\n');
  const send = (event: SimEvent): void => {
    if (raw.writableLength > MAX_UNREAD) raw.destroy();
    else
      raw.write(
        `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify({ at: event.at, ...event.data })}\n\n`,
      );
  };
  const last = Number(request.headers['last-event-id'] ?? request.query.lastEventId ?? NaN);
  if (Number.isSafeInteger(last)) for (const event of events.since(last)) send(event);
  const leave = events.listen(send);
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
  raw.on('close', () => {
    leave();
    clearInterval(heartbeat);
  });
  raw.on('error', () => raw.destroy());
}
