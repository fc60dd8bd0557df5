import { createHash, timingSafeEqual } from 'node:crypto';

import { ServiceError } from '../errors.ts';

/** Who calls, and what it may do: `undefined` scopes mean everything. */
export interface Principal {
  readonly name: string;
  readonly scopes: ReadonlySet<string> | undefined;
}

/**
 * Judges one `Authorization` header: undefined when the credentials are not ours. Further schemes (Basic, IBSSO,
 * Bearer: infobip-api.md 1.1) are further authenticators, tried in turn by `firstOf`.
 */
export type Authenticator = (authorization: string | undefined) => Promise<Principal | undefined>;

export interface ApiKey {
  /** SHA-256 of the key in hex, as `hashApiKey` makes it. Keys have 256 random bits: a slow hash would add nothing. */
  readonly hash: string;
  /** For the log. */
  readonly name: string;
  /** Absent: all. */
  readonly scopes?: readonly string[];
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/**
 * `Authorization: App <key>`. Every stored hash is compared, each in constant time, so that neither the position nor
 * a common prefix of a key shows in the time taken.
 */
export function createApiKeyAuthenticator(options: { keys: readonly ApiKey[] }): Authenticator {
  const keys = options.keys.map(({ hash, name, scopes }) => {
    if (!/^[0-9a-f]{64}$/i.test(hash))
      throw new Error(`API key ${name}: hash must be 64 hex digits (SHA-256)`);
    const principal: Principal = { name, scopes: scopes && new Set(scopes) };
    return { hash: Buffer.from(hash, 'hex'), principal };
  });
  return async authorization => {
    const key = credentials(authorization, 'app');
    if (key === undefined) return undefined;
    const offered = createHash('sha256').update(key, 'utf8').digest();
    let found: Principal | undefined;
    for (const candidate of keys) {
      if (timingSafeEqual(candidate.hash, offered)) found = candidate.principal;
    }
    return found;
  };
}

/** The first authenticator that knows the credentials decides. */
export function firstOf(authenticators: readonly Authenticator[]): Authenticator {
  return async authorization => {
    for (const authenticate of authenticators) {
      const principal = await authenticate(authorization);
      if (principal) return principal;
    }
    return undefined;
  };
}

/** A call needs any one of the operation's scopes (infobip-api.md 1.1). @throws ServiceError forbidden */
export function assertScope(principal: Principal, anyOf: readonly string[]): void {
  if (principal.scopes === undefined || anyOf.some(scope => principal.scopes?.has(scope))) return;
  throw new ServiceError('forbidden');
}

/** What follows the scheme, whose case does not matter (RFC 9110 11.1). */
function credentials(authorization: string | undefined, scheme: string): string | undefined {
  const match = /^([A-Za-z0-9-]+) +(\S+) *$/.exec(authorization ?? '');
  return match?.[1]?.toLowerCase() === scheme ? match[2] : undefined;
}
