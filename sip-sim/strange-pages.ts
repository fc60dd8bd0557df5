import type { FastifyReply, FastifyRequest } from 'fastify';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/**
 * Keeps web pages of other sites away from a simulator on this machine: recordings hold PINs. A page reaches it by a
 * cross-site request, or by a name of its own that it points here (DNS rebinding); the browser's headers tell both.
 */
export function refuseStrangePages(
  host: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    const crossSite = request.headers['sec-fetch-site'] === 'cross-site';
    const rebound = LOOPBACK.test(host) && !LOOPBACK.test(request.hostname);
    if (!crossSite && !rebound) return undefined;
    return await reply.code(403).send({ error: 'forbidden', message: 'only for this machine' });
  };
}
