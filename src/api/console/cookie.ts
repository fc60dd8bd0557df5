import type { FastifyRequest } from 'fastify';

const NAME = 'saypin-console';
const ID = /^[A-Za-z0-9_-]{43}$/;

/** The session's id of a request; undefined for anything that was never one. */
export function cookieOf(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2);
    if (key === NAME && ID.test(value)) return value;
  }
  return undefined;
}

/** A `Set-Cookie` for the browser's session; without an id, one that takes it away. */
export function sessionCookie(id: string | undefined, secure: boolean): string {
  const parts = [`${NAME}=${id ?? ''}`, 'Path=/console', 'HttpOnly', 'SameSite=Strict'];
  if (id === undefined) parts.push('Max-Age=0');
  if (secure) parts.push('Secure');
  return parts.join('; ');
}
