import type { FastifyInstance } from 'fastify';

import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { Logger } from '../../log.ts';
import type { AuthStore } from '../../store/auth-store.ts';
import { accessRoutes } from './access-routes.ts';
import { createAccess } from './access.ts';
import { createApiKeyAuthenticator, createStoredKeys } from './api-keys.ts';
import { loginRoutes } from './login-routes.ts';
import { createLogin } from './login.ts';
import { createPasswords, type ScryptCost } from './passwords.ts';
import { firstOf, type Authenticator } from './principal.ts';
import { createBasicAuthenticator, createTokenAuthenticator, createTokens } from './users.ts';

export interface Auth {
  /** All four schemes of infobip-api.md 1.1. */
  readonly authenticate: Authenticator;
  /** `/auth/1/*`, `/v1/keys` and `/v1/users`: one of the server's `plugins`. */
  readonly routes: (app: FastifyInstance) => Promise<void>;
}

/** Authentication over a store; `builtInKeyHash` is that of the key which may do everything and is not in the store. */
export function createAuth(deps: {
  store: AuthStore;
  builtInKeyHash: string;
  clock: Clock;
  random: RandomBytes;
  log: Logger;
  scryptCost?: ScryptCost;
}): Auth {
  const { store, clock, random, log } = deps;
  const passwords = createPasswords({ random, ...(deps.scryptCost && { cost: deps.scryptCost }) });
  const keys = createStoredKeys({ store, clock, log });
  const login = createLogin({ store, passwords, clock, random });
  const tokens = createTokens({ store, random });
  const access = createAccess({ store, passwords, random, onRevoked: () => keys.forget() });
  const authenticate = firstOf([
    createApiKeyAuthenticator({ keys: [{ name: 'default', hash: deps.builtInKeyHash }] }),
    keys.authenticate,
    createTokenAuthenticator(store),
    createBasicAuthenticator(login),
  ]);
  return {
    authenticate,
    async routes(app) {
      await app.register(loginRoutes({ login, tokens }));
      await app.register(accessRoutes({ access, authenticate, clock, log }));
    },
  };
}
