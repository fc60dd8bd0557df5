import { z } from 'zod';

import type { KeyRecord, UserRecord } from '../../store/auth-store.ts';
import { documented } from '../openapi.ts';
import { GRANTABLE } from './scopes.ts';

/** Of the administration API, which is ours: strict in what it takes, so that a misspelt `scopes` grants nothing. */

const scopes = z
  .array(z.enum(GRANTABLE as [string, ...string[]]))
  .min(1)
  .max(GRANTABLE.length);

export const keyRequest = documented(
  'CreateKeyRequest',
  z.strictObject({ name: z.string().trim().min(1).max(100), scopes: scopes.optional() }),
  [{ name: 'web shop', scopes: ['2fa:pin:send'] }],
);

/** No colon: Basic ends the name with one (RFC 7617 2). */
const username = z
  .string()
  .regex(/^[A-Za-z0-9._@+-]{1,64}$/, 'must have 1 to 64 letters, digits or the signs . _ @ + -');

/** ASVS 2.1.1 and 2.1.2. */
export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 128;

export const userRequest = documented(
  'CreateUserRequest',
  z.strictObject({
    username,
    password: z
      .string()
      .min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
      .max(MAX_PASSWORD_LENGTH),
    scopes: scopes.optional(),
  }),
  [{ username: 'shop', password: 'correct horse battery staple', scopes: ['2fa:manage'] }],
);

export const idParams = z.object({ id: z.string() });
export const usernameParams = z.object({ username: z.string() });

const key = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
const KEY_EXAMPLE = {
  id: '3f0c9a1be2d47586',
  name: 'web shop',
  scopes: ['2fa:pin:send'],
  createdAt: '2026-11-21T09:00:00.000Z',
  lastUsedAt: null,
  revokedAt: null,
};
export const keyAnswer = documented('Key', key, [KEY_EXAMPLE]);
export const keyList = z.object({ keys: z.array(keyAnswer) });
export const newKeyAnswer = documented('NewKey', key.extend({ key: z.string() }), [
  {
    ...KEY_EXAMPLE,
    key: '00112233445566778899aabbccddeeff-00112233-4455-6677-8899-aabbccddeeff',
  },
]);

export const userAnswer = documented(
  'User',
  z.object({ username: z.string(), scopes: z.array(z.string()), createdAt: z.iso.datetime() }),
  [{ username: 'shop', scopes: ['2fa:manage'], createdAt: '2026-11-21T09:00:00.000Z' }],
);
export const userList = z.object({ users: z.array(userAnswer) });

export type KeyView = z.output<typeof keyAnswer>;
export type UserView = z.output<typeof userAnswer>;

export function keyView({ id, name, scopes, createdAt, lastUsedAt, revokedAt }: KeyRecord): KeyView {
  return {
    id,
    name,
    scopes: [...scopes],
    createdAt: iso(createdAt),
    lastUsedAt: lastUsedAt === undefined ? null : iso(lastUsedAt),
    revokedAt: revokedAt === undefined ? null : iso(revokedAt),
  };
}

export function userView({ username, scopes, createdAt }: UserRecord): UserView {
  return { username, scopes: [...scopes], createdAt: iso(createdAt) };
}

const iso = (at: number): string => new Date(at).toISOString();
