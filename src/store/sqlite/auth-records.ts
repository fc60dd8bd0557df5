import type { DatabaseSync } from 'node:sqlite';

import {
  MAX_TOKENS,
  type KeyRecord,
  type NewKey,
  type NewToken,
  type NewUser,
  type TokenName,
  type UserRecord,
} from '../auth-store.ts';
import { integer, optionalInteger, text, type Row } from './rows.ts';

/** A session's end moves only when it gains that part of its lifetime, so that not every call costs a write. */
const SESSION_GRAIN = 60;

/** API keys, users and their tokens. */
export function createAuthRecords(db: DatabaseSync, now: () => number) {
  const insertKey = db.prepare(
    'INSERT INTO api_key (id, key_hash, name, scopes, created_at) VALUES ($id, $hash, $name, $scopes, $now)',
  );
  const allKeys = db.prepare('SELECT * FROM api_key ORDER BY created_at, seq');
  const keyOfId = db.prepare('SELECT * FROM api_key WHERE id = ?');
  const liveKey = db.prepare('SELECT * FROM api_key WHERE key_hash = ? AND revoked_at IS NULL');
  const revoke = db.prepare('UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const touch = db.prepare('UPDATE api_key SET last_used_at = $now WHERE id = $id');

  const insertUser = db.prepare(`
    INSERT INTO auth_user (username, password_hash, scopes, created_at) VALUES ($name, $hash, $scopes, $now)
    ON CONFLICT (username) DO NOTHING`);
  const allUsers = db.prepare('SELECT * FROM auth_user ORDER BY created_at, seq');
  const userOfName = db.prepare('SELECT * FROM auth_user WHERE username = ?');
  const deleteUser = db.prepare('DELETE FROM auth_user WHERE username = ? RETURNING *');

  const insertToken = db.prepare(`
    INSERT INTO auth_token (kind, token_hash, username, lifetime_ms, armed_at, expires_at)
    VALUES ($kind, $hash, $name, $lifetime, $now, $now + $lifetime)`);
  const trimTokens = db.prepare(`
    DELETE FROM auth_token WHERE username = $name AND kind = $kind AND (expires_at <= $now OR seq NOT IN
      (SELECT seq FROM auth_token WHERE username = $name AND kind = $kind ORDER BY seq DESC LIMIT ${MAX_TOKENS}))`);
  const liveToken = db.prepare(`
    SELECT auth_user.*, kind, lifetime_ms, expires_at FROM auth_token JOIN auth_user USING (username)
    WHERE token_hash = $hash AND kind = $kind AND expires_at > $now`);
  const extendToken = db.prepare(`
    UPDATE auth_token SET armed_at = $now, expires_at = $now + $lasting
    WHERE token_hash = $hash AND kind = $kind AND expires_at > $now`);
  const deleteToken = db.prepare(
    'DELETE FROM auth_token WHERE token_hash = $hash AND kind = $kind RETURNING expires_at',
  );

  return {
    createKey(key: NewKey): KeyRecord {
      const { id, hash, name, scopes } = key;
      const at = now();
      insertKey.run({ $id: id, $hash: hash, $name: name, $scopes: JSON.stringify(scopes), $now: at });
      return { id, name, scopes, createdAt: at, lastUsedAt: undefined, revokedAt: undefined };
    },
    listKeys: (): KeyRecord[] => allKeys.all().map(keyFromRow),
    findKey(hash: string): KeyRecord | undefined {
      const row = liveKey.get(hash);
      return row && keyFromRow(row);
    },
    revokeKey(id: string): KeyRecord | undefined {
      revoke.run(now(), id);
      const row = keyOfId.get(id);
      return row && keyFromRow(row);
    },
    touchKey: (id: string): void => void touch.run({ $now: now(), $id: id }),

    createUser(user: NewUser): UserRecord | 'taken' {
      const { username, passwordHash, scopes } = user;
      const at = now();
      const { changes } = insertUser.run({
        $name: username,
        $hash: passwordHash,
        $scopes: JSON.stringify(scopes),
        $now: at,
      });
      return changes === 0 ? 'taken' : { username, scopes, createdAt: at };
    },
    listUsers: (): UserRecord[] => allUsers.all().map(userFromRow),
    findUser(username: string): (UserRecord & { passwordHash: string }) | undefined {
      const row = userOfName.get(username);
      return row && { ...userFromRow(row), passwordHash: text(row['password_hash']) };
    },
    removeUser(username: string): UserRecord | undefined {
      const row = deleteUser.get(username);
      return row && userFromRow(row);
    },

    createToken({ kind, hash, username, lifetimeMs }: NewToken): boolean {
      if (!userOfName.get(username)) return false;
      const at = now();
      insertToken.run({ $kind: kind, $hash: hash, $name: username, $lifetime: lifetimeMs, $now: at });
      trimTokens.run({ $kind: kind, $name: username, $now: at });
      return true;
    },
    /** `extendByMs`: the end is due to be moved. */
    findToken({ kind, hash }: TokenName): { user: UserRecord; extendByMs: number | undefined } | undefined {
      const at = now();
      const row = liveToken.get({ $kind: kind, $hash: hash, $now: at });
      if (!row) return undefined;
      const lifetime = integer(row['lifetime_ms']);
      const stale = kind === 'session' && integer(row['expires_at']) - at < lifetime;
      return {
        user: userFromRow(row),
        extendByMs: stale ? lifetime + Math.floor(lifetime / SESSION_GRAIN) : undefined,
      };
    },
    /** False when the token ended in the meantime. */
    extendToken: ({ kind, hash }: TokenName, lasting: number): boolean =>
      extendToken.run({ $kind: kind, $hash: hash, $lasting: lasting, $now: now() }).changes > 0,
    endToken({ kind, hash }: TokenName): boolean {
      const row = deleteToken.get({ $kind: kind, $hash: hash });
      return row !== undefined && integer(row['expires_at']) > now();
    },
  };
}

function keyFromRow(row: Row): KeyRecord {
  return {
    id: text(row['id']),
    name: text(row['name']),
    scopes: JSON.parse(text(row['scopes'])) as string[],
    createdAt: integer(row['created_at']),
    lastUsedAt: optionalInteger(row['last_used_at']),
    revokedAt: optionalInteger(row['revoked_at']),
  };
}

function userFromRow(row: Row): UserRecord {
  return {
    username: text(row['username']),
    scopes: JSON.parse(text(row['scopes'])) as string[],
    createdAt: integer(row['created_at']),
  };
}
