import { shardOf } from '../../domain/ids.ts';
import { MAX_TOKENS, type AuthStore, type KeyRecord, type UserRecord } from '../auth-store.ts';
import type { Argument, Reply, ScriptRunner } from './script.ts';

/** Few and small: they share one shard, so that a user goes with all tokens at once. */
const SHARD = shardOf('auth');
/** A session's end moves only when it gains that part of its lifetime, so that not every call costs a write. */
const SESSION_GRAIN = 60;
const SWEEP_CHUNK = 500;

/** API keys, users and their tokens. */
export function createRedisAuth({ scripts }: { scripts: ScriptRunner }): AuthStore {
  const read = (name: string) => {
    const script = scripts.query(name);
    return (...args: readonly Argument[]) => script(SHARD, args);
  };
  const write = (name: string) => {
    const script = scripts.mutation(name);
    return (...args: readonly Argument[]) => script({ shard: SHARD, args });
  };
  const createKey = write('auth-key-create');
  const findKey = read('auth-key-find');
  const listKeys = read('auth-key-list');
  const markKey = write('auth-key-mark');
  const createUser = write('auth-user-create');
  const findUser = read('auth-user-find');
  const listUsers = read('auth-user-list');
  const removeUser = write('auth-user-remove');
  const createToken = write('auth-token-create');
  const findToken = read('auth-token-find');
  const extendToken = write('auth-token-extend');
  const endToken = write('auth-token-end');

  return {
    async createKey({ id, hash, name, scopes }) {
      const createdAt = Number(await createKey(id, hash, name, JSON.stringify(scopes)));
      return { id, name, scopes, createdAt, lastUsedAt: undefined, revokedAt: undefined };
    },
    listKeys: async () => ((await listKeys()) as readonly Reply[]).map(keyOf),
    async findKey(hash) {
      const found = await findKey(hash);
      return found === null ? undefined : keyOf(found);
    },
    async revokeKey(id) {
      const found = await markKey(id, 'r');
      return found === null ? undefined : keyOf(found);
    },
    async touchKey(id) {
      await markKey(id, 'u');
    },

    async createUser({ username, passwordHash, scopes }) {
      const createdAt = Number(await createUser(username, passwordHash, JSON.stringify(scopes)));
      return createdAt === 0 ? 'taken' : { username, scopes, createdAt };
    },
    listUsers: async () => ((await listUsers()) as readonly Reply[]).map(userOf),
    async findUser(username) {
      const found = await findUser(username);
      return found === null
        ? undefined
        : { ...userOf(found), passwordHash: String((found as readonly Reply[])[3]) };
    },
    async removeUser(username) {
      const found = (await removeUser(username)) as readonly Reply[];
      return found.length === 0 ? undefined : userOf(found);
    },

    async createToken({ kind, hash, username, lifetimeMs }) {
      return (await createToken(kind, hash, username, lifetimeMs, MAX_TOKENS)) === 1;
    },
    async useToken({ kind, hash }) {
      const found = (await findToken(kind, hash)) as readonly Reply[] | null;
      if (!found) return undefined;
      const [user = null, left, lasts] = found;
      const lifetime = Number(lasts);
      if (kind === 'session' && Number(left) < lifetime) {
        const extended = await extendToken(kind, hash, lifetime + Math.floor(lifetime / SESSION_GRAIN));
        if (extended !== 1) return undefined;
      }
      return userOf(user);
    },
    endToken: async ({ kind, hash }) => (await endToken(kind, hash)) === 1,
  };
}

/** The store's sweep of tokens that are over: how many it deleted. */
export function createTokenSweep({ scripts }: { scripts: ScriptRunner }): () => Promise<number> {
  const sweep = scripts.mutation('auth-token-sweep');
  return async () => {
    for (let total = 0; ;) {
      const ended = Number(await sweep({ shard: SHARD, args: [SWEEP_CHUNK] }));
      total += ended;
      if (ended < SWEEP_CHUNK) return total;
    }
  };
}

function keyOf(reply: Reply): KeyRecord {
  const [id, name, scopes, createdAt, lastUsedAt, revokedAt] = reply as readonly Reply[];
  return {
    id: String(id),
    name: String(name),
    scopes: JSON.parse(String(scopes)) as string[],
    createdAt: Number(createdAt),
    lastUsedAt: lastUsedAt === '' ? undefined : Number(lastUsedAt),
    revokedAt: revokedAt === '' ? undefined : Number(revokedAt),
  };
}

function userOf(reply: Reply): UserRecord {
  const [username, scopes, createdAt] = reply as readonly Reply[];
  return {
    username: String(username),
    scopes: JSON.parse(String(scopes)) as string[],
    createdAt: Number(createdAt),
  };
}
