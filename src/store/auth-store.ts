/**
 * Who may call: API keys, users and the tokens that users were given. Secrets come here as hashes only. As everywhere
 * in the port each verb is atomic, durable when its promise resolves, and runs on the store's clock.
 */
export interface AuthStore {
  createKey(key: NewKey): Promise<KeyRecord>;
  /** Oldest first, revoked ones too. */
  listKeys(): Promise<readonly KeyRecord[]>;
  /** By the SHA-256 of the key; undefined when it is unknown or revoked. */
  findKey(hash: string): Promise<KeyRecord | undefined>;
  /** For good. A second time changes nothing and answers the same; undefined for an unknown id. */
  revokeKey(id: string): Promise<KeyRecord | undefined>;
  /** Remembers that the key was used just now. */
  touchKey(id: string): Promise<void>;

  /** `taken`: there is a user of that name. */
  createUser(user: NewUser): Promise<UserRecord | 'taken'>;
  /** Oldest first. */
  listUsers(): Promise<readonly UserRecord[]>;
  findUser(username: string): Promise<(UserRecord & { readonly passwordHash: string }) | undefined>;
  /** With every token of the user. Undefined when there is no such user. */
  removeUser(username: string): Promise<UserRecord | undefined>;

  /** False when there is no such user. Of one kind a user keeps the newest `MAX_TOKENS` tokens. */
  createToken(token: NewToken): Promise<boolean>;
  /**
   * Whose token it is; undefined when it is unknown or over. Using a `session` moves its end: it lasts at least its
   * lifetime, and at most a 60th more, from its last use.
   */
  useToken(token: TokenName): Promise<UserRecord | undefined>;
  /** False when there was none to end. */
  endToken(token: TokenName): Promise<boolean>;
}

/** Tokens of one kind that a user can have at a time; a further one ends the oldest. */
export const MAX_TOKENS = 1_000;

export interface NewKey {
  readonly id: string;
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** ms since the epoch, as all times here. */
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
}

export interface NewUser {
  readonly username: string;
  readonly passwordHash: string;
  readonly scopes: readonly string[];
}

export interface UserRecord {
  readonly username: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
}

export interface TokenName {
  readonly kind: 'session' | 'bearer';
  /** SHA-256 of the token, hex. */
  readonly hash: string;
}

export interface NewToken extends TokenName {
  readonly username: string;
  /** A session's is counted from its last use, a bearer token's from now. */
  readonly lifetimeMs: number;
}
