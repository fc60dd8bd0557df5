/** Who calls, and what it may do: infobip-api.md 1. */
export { createApiKeyAuthenticator, hashApiKey, type ApiKey } from './auth/api-keys.ts';
export { createAuth, type Auth } from './auth/auth.ts';
export { guardRoutes } from './auth/guard.ts';
export { assertScope, firstOf, type Authenticator, type Caller, type Principal } from './auth/principal.ts';
export { REQUEST_LIMITS, type RequestLimit } from './auth/request-limits.ts';
