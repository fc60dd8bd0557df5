import type { FastifyReply, FastifyRequest } from 'fastify';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;
/** The list of phones, and phones. */
const PAGE = /^\/(phones\/[^/?]+)?(\?|$)/;

/**
 * Keeps web pages of other sites away from a simulator on this machine: recordings hold PINs. A page reaches it by a
 * cross-site request, or by a name of its own that it points here (DNS rebinding); the browser's headers tell both. A
 * websocket has no same-origin rule to protect it, so its origin must be this one. Following a link to one of our own pages
 * tells the other site nothing, and is let pass.
 */
export function refuseStrangePages(
  host: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    const { headers } = request;
    const link =
      headers['sec-fetch-dest'] === 'document' &&
      headers.accept?.includes('text/html') === true &&
      request.method === 'GET' &&
      PAGE.test(request.url);
    const crossSite = headers['sec-fetch-site'] === 'cross-site' && !link;
    const otherOrigin =
      headers.upgrade !== undefined &&
      headers.origin !== undefined &&
      headers.origin !== `http://${headers.host}`;
    const rebound = LOOPBACK.test(host) && !LOOPBACK.test(request.hostname);
    if (!crossSite && !rebound && !otherOrigin) return undefined;
    return await reply.code(403).send({ error: 'forbidden', message: 'only for this machine' });
  };
}
