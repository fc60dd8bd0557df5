import type { RandomBytes } from '../../domain/ids.ts';
import type { AuthStore, TokenName, UserRecord } from '../../store/auth-store.ts';
import { hashApiKey } from './api-keys.ts';
import type { Login } from './login.ts';
import { credentials, type Authenticator, type Principal } from './principal.ts';

/** The three schemes by which users come in. */

const TOKEN_BYTES = 32;
/** infobip-api.md 1.1, from the last use. */
export const SESSION_MS = 3_600_000;
/** From the making; the answer says so as `expires_in`. */
export const BEARER_MS = 3_600_000;

/** `Authorization: Basic base64(user:pass)` (RFC 7617, in UTF-8). */
export function createBasicAuthenticator(login: Login): Authenticator {
  return async (authorization, caller) => {
    const pair = basicPair(authorization);
    if (!pair) return undefined;
    const user = await login({ ...pair, address: caller?.address ?? '' });
    return user && principalOf(user);
  };
}

/** The two halves of a Basic header; the first colon divides them. */
export function basicPair(
  authorization: string | undefined,
): { username: string; password: string } | undefined {
  const encoded = credentials(authorization, 'basic');
  if (encoded === undefined || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

export interface Tokens {
  /** A new token, known only to whoever gets it; undefined when the user is gone. */
  issue(kind: TokenName['kind'], username: string): Promise<string | undefined>;
  /** Ends the session of an `Authorization: IBSSO <token>`. False when there is none. */
  endSession(authorization: string | undefined): Promise<boolean>;
}

export function createTokens(deps: { store: AuthStore; random: RandomBytes }): Tokens {
  const { store, random } = deps;
  return {
    async issue(kind, username) {
      const token = random(TOKEN_BYTES).toString('base64url');
      const lifetimeMs = kind === 'session' ? SESSION_MS : BEARER_MS;
      const made = await store.createToken({ kind, hash: hashApiKey(token), username, lifetimeMs });
      return made ? token : undefined;
    },
    async endSession(authorization) {
      const token = credentials(authorization, 'ibsso');
      return token !== undefined && (await store.endToken({ kind: 'session', hash: hashApiKey(token) }));
    },
  };
}

/** `IBSSO <token>` and `Bearer <token>`. A token has the scopes that its user has now. */
export function createTokenAuthenticator(store: Pick<AuthStore, 'useToken'>): Authenticator {
  return async authorization => {
    const session = credentials(authorization, 'ibsso');
    const token = session ?? credentials(authorization, 'bearer');
    if (token === undefined) return undefined;
    const kind = session === undefined ? 'bearer' : 'session';
    const user = await store.useToken({ kind, hash: hashApiKey(token) });
    return user && principalOf(user);
  };
}

function principalOf({ username, scopes }: UserRecord): Principal {
  return { account: `user:${username}`, name: username, scopes: new Set(scopes) };
}
