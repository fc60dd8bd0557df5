import { createHash, timingSafeEqual } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import { background, type Logger } from '../../log.ts';
import type { AuthStore, KeyRecord } from '../../store/auth-store.ts';
import { credentials, type Authenticator, type Principal } from './principal.ts';

export interface ApiKey {
  /** SHA-256 of the key in hex, as `hashApiKey` makes it. Keys have 256 random bits: a slow hash would add nothing. */
  readonly hash: string;
  /** For the log. */
  readonly name: string;
  /** Absent: all. */
  readonly scopes?: readonly string[];
}

/** SHA-256 in hex: also of tokens, which are as random as keys. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

/**
 * `Authorization: App <key>` with keys of the configuration. Every hash is compared, each in constant time, so that
 * neither the position nor a common prefix of a key shows in the time taken.
 */
export function createApiKeyAuthenticator(options: { keys: readonly ApiKey[] }): Authenticator {
  const keys = options.keys.map(({ hash, name, scopes }) => {
    if (!/^[0-9a-f]{64}$/i.test(hash))
      throw new Error(`API key ${name}: hash must be 64 hex digits (SHA-256)`);
    const principal: Principal = { account: `configured:${name}`, name, scopes: scopes && new Set(scopes) };
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

/** How long another process's revocation may go unnoticed; our own is noticed at once. */
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 1_000;
/** `lastUsedAt` is that coarse, so that a call costs no write. */
const TOUCH_EVERY_MS = 60_000;

export interface StoredKeys {
  readonly authenticate: Authenticator;
  /** Forgets what is remembered of the key: call it once its revocation is committed. */
  forget(): void;
}

/**
 * `Authorization: App <key>` with keys of the store. The look-up is by the key's hash: what its time could tell is
 * something of a SHA-256 that nobody can aim at.
 */
export function createStoredKeys(deps: {
  store: Pick<AuthStore, 'findKey' | 'touchKey'>;
  clock: Clock;
  log: Logger;
}): StoredKeys {
  const { store, clock, log } = deps;
  const live = new LRUCache<string, { principal: Principal; until: number }>({ max: MAX_REMEMBERED });
  const touched = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  let generation = 0;

  function touch(id: string): void {
    const last = touched.get(id);
    if (last !== undefined && clock.monotonic() - last < TOUCH_EVERY_MS) return;
    touched.set(id, clock.monotonic());
    background(log, "noting a key's use", store.touchKey(id));
  }

  return {
    async authenticate(authorization) {
      const key = credentials(authorization, 'app');
      if (key === undefined) return undefined;
      const hash = hashApiKey(key);
      const known = live.get(hash);
      if (known && clock.monotonic() < known.until) return known.principal;
      const asked = generation;
      const until = clock.monotonic() + REMEMBERED_MS;
      const record = await store.findKey(hash);
      if (!record) return void live.delete(hash);
      const principal = principalOf(record);
      touch(record.id);
      // An answer from before a revocation is good for the call that asked, and for no other.
      if (asked === generation) live.set(hash, { principal, until });
      return principal;
    },
    forget() {
      generation++;
      live.clear();
    },
  };
}

function principalOf({ id, name, scopes }: KeyRecord): Principal {
  return { account: `key:${id}`, name, scopes: new Set(scopes) };
}
