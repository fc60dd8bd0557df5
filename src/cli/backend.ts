import type { z } from 'zod';

import type { KeyView, newKeyAnswer, UserView } from '../api/auth/access-schemas.ts';

export interface KeyOrder {
  readonly name: string;
  readonly scopes?: readonly string[];
}

export interface UserOrder {
  readonly username: string;
  readonly password: string;
  readonly scopes?: readonly string[];
}

/** Where the commands are carried out: by the running service, or on its store. @throws CliError (every verb) */
export interface Backend {
  createKey(order: KeyOrder): Promise<z.output<typeof newKeyAnswer>>;
  listKeys(): Promise<readonly KeyView[]>;
  revokeKey(id: string): Promise<KeyView>;
  addUser(order: UserOrder): Promise<UserView>;
  listUsers(): Promise<readonly UserView[]>;
  removeUser(username: string): Promise<UserView>;
  close(): Promise<void>;
}
