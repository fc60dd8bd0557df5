import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';

import type { z } from 'zod';

import { keyRequest, keyView, userRequest, userView } from '../api/auth/access-schemas.ts';
import { createAccess } from '../api/auth/access.ts';
import { createPasswords } from '../api/auth/passwords.ts';
import { InvalidRequest, zodValidator } from '../api/validation.ts';
import { systemClock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { openSqliteStore, StoreOpenError } from '../store/sqlite/index.ts';
import type { Backend } from './backend.ts';
import { CliError } from './cli-error.ts';
import { noSuch, refusal } from './refusals.ts';

/**
 * The store of a service that does not run. One that is not there is not made: it would be that of a misspelt folder.
 * @throws CliError unreachable
 */
export async function storeBackend(options: { path: string; url: string }): Promise<Backend> {
  const { path, url } = options;
  if (!existsSync(path)) {
    throw new CliError(
      'unreachable',
      `no service answers at ${url}, and there is no store at ${path}: start the service, or say where it is ` +
        'with --url, PORT or DATA_DIR',
    );
  }
  const store = await openSqliteStore({ path, clock: systemClock }).catch((error: unknown) => {
    if (!(error instanceof StoreOpenError)) throw error;
    throw new CliError('unreachable', `no service answers at ${url}, and ${error.message}`);
  });
  const access = createAccess({
    store,
    random: randomBytes,
    passwords: createPasswords({ random: randomBytes }),
  });

  return {
    async createKey(order) {
      const { key, ...record } = await access.createKey(check(keyRequest, order));
      return { ...keyView(record), key };
    },
    listKeys: async () => (await access.listKeys()).map(keyView),
    revokeKey: async id => keyView(await found(access.revokeKey(id), noSuch('key', id))),
    addUser: async order => userView(await found(access.addUser(check(userRequest, order)))),
    listUsers: async () => (await access.listUsers()).map(userView),
    removeUser: async username =>
      userView(await found(access.removeUser(username), noSuch('user', username))),
    close: async () => await store.close(),
  };
}

/** As the service checks the same order. */
function check<Schema extends z.ZodType>(schema: Schema, order: unknown): z.output<Schema> {
  const result = zodValidator({ schema, method: 'POST', url: '', httpPart: 'body' })(order);
  const { value, error } = result as { value?: z.output<Schema>; error?: unknown };
  if (error instanceof InvalidRequest) throw refusal(error.fields);
  return value as z.output<Schema>;
}

async function found<Result>(work: Promise<Result>, missing?: CliError): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.id === 'notFound' && missing) throw missing;
    throw error.fields ? refusal(error.fields) : new CliError('failed', error.message);
  }
}
