import type { RandomBytes } from '../../domain/ids.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { AuthStore, KeyRecord, UserRecord } from '../../store/auth-store.ts';
import { hashApiKey } from './api-keys.ts';
import type { Passwords } from './passwords.ts';
import { EVERYTHING } from './scopes.ts';

/** What an operator does about who may call: over HTTP, or from the command line while no service runs. */
export interface Access {
  /** The key itself is in the answer and nowhere else. Without scopes it may do everything but administration. */
  createKey(request: { name: string; scopes?: readonly string[] }): Promise<KeyRecord & { key: string }>;
  listKeys(): Promise<readonly KeyRecord[]>;
  /** @throws ServiceError notFound */
  revokeKey(id: string): Promise<KeyRecord>;
  /** @throws ServiceError badRequest when the name is taken */
  addUser(request: { username: string; password: string; scopes?: readonly string[] }): Promise<UserRecord>;
  listUsers(): Promise<readonly UserRecord[]>;
  /** With their sessions and tokens. @throws ServiceError notFound */
  removeUser(username: string): Promise<UserRecord>;
}

const ID_BYTES = 8;
const KEY_BYTES = 32;

/** Over a store; `onRevoked` is called when a revocation is committed, before its promise resolves. */
export function createAccess(deps: {
  store: AuthStore;
  passwords: Passwords;
  random: RandomBytes;
  onRevoked?: () => void;
}): Access {
  const { store, passwords, random } = deps;
  return {
    async createKey({ name, scopes = [EVERYTHING] }) {
      const id = random(ID_BYTES).toString('hex');
      const key = newKey(random);
      const record = await store.createKey({ id, hash: hashApiKey(key), name, scopes: unique(scopes) });
      return { ...record, key };
    },
    listKeys: () => store.listKeys(),
    async revokeKey(id) {
      const record = await store.revokeKey(id);
      deps.onRevoked?.();
      if (!record) throw new ServiceError('notFound');
      return record;
    },
    async addUser({ username, password, scopes = [EVERYTHING] }) {
      const passwordHash = await passwords.hash(password);
      const user = await store.createUser({ username, passwordHash, scopes: unique(scopes) });
      if (user === 'taken') throw fieldError('username', 'is taken');
      return user;
    },
    listUsers: () => store.listUsers(),
    async removeUser(username) {
      const user = await store.removeUser(username);
      if (!user) throw new ServiceError('notFound');
      return user;
    },
  };
}

const unique = (scopes: readonly string[]): string[] => [...new Set(scopes)];

/** 256 bits in the shape of Infobip's: 32 hex, a dash, and 32 hex grouped as a UUID. */
function newKey(random: RandomBytes): string {
  const hex = random(KEY_BYTES).toString('hex');
  return hex.replace(/^(.{32})(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5-$6');
}
