import { ServiceError } from '../../errors.ts';
import { ADMINISTRATION, EVERYTHING } from './scopes.ts';

/** Who calls, and what it may do: `undefined` scopes mean everything, administration included. */
export interface Principal {
  /** By which requests are counted: one for a key, one for a user, however the user comes in. */
  readonly account: string;
  /** For the log. */
  readonly name: string;
  readonly scopes: ReadonlySet<string> | undefined;
}

/** What is known of a caller beside the credentials. */
export interface Caller {
  /** IP address, as text. */
  readonly address: string;
}

/**
 * Judges one `Authorization` header: undefined when the credentials are not ours. One per scheme (infobip-api.md 1.1),
 * tried in turn by `firstOf`.
 * @throws ServiceError tooManyRequests after too many failures, unavailable
 */
export type Authenticator = (
  authorization: string | undefined,
  caller?: Caller,
) => Promise<Principal | undefined>;

/** The first authenticator that knows the credentials decides. */
export function firstOf(authenticators: readonly Authenticator[]): Authenticator {
  return async (authorization, caller) => {
    for (const authenticate of authenticators) {
      const principal = await authenticate(authorization, caller);
      if (principal) return principal;
    }
    return undefined;
  };
}

/** A call needs any one of the operation's scopes (infobip-api.md 1.1). @throws ServiceError forbidden */
export function assertScope(principal: Principal, anyOf: readonly string[]): void {
  const { scopes } = principal;
  if (scopes === undefined || anyOf.some(scope => scopes.has(scope))) return;
  if (scopes.has(EVERYTHING) && anyOf.some(scope => scope !== ADMINISTRATION)) return;
  throw new ServiceError('forbidden');
}

/** What follows the scheme, whose case does not matter (RFC 9110 11.1). */
export function credentials(authorization: string | undefined, scheme: string): string | undefined {
  const match = /^([A-Za-z0-9-]+) +(\S+) *$/.exec(authorization ?? '');
  return match?.[1]?.toLowerCase() === scheme ? match[2] : undefined;
}
