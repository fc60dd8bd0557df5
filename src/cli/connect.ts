import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Backend } from './backend.ts';
import { CliError } from './cli-error.ts';
import { isServiceAt, serviceBackend } from './service-backend.ts';
import { storeBackend } from './store-backend.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The service at `url`, or where the environment has it, as the service itself reads it; where nothing listens there,
 * its store.
 * @throws CliError
 */
export async function connect(url: string | undefined, environment: Environment): Promise<Backend> {
  const dataDir = environment['DATA_DIR'] || 'data';
  const address = url ?? localAddress(environment);
  if (await isServiceAt(address)) {
    return serviceBackend({ url: address, apiKey: apiKeyFor(address, dataDir, environment) });
  }
  if (url !== undefined) throw new CliError('unreachable', `nothing listens at ${url}`);
  return await storeBackend({ path: join(dataDir, 'saypin.db'), url: address });
}

/** Where this machine's configuration has the service. */
export function localAddress(environment: Environment): string {
  const host = environment['HOST'] || '127.0.0.1';
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${everywhere ? '127.0.0.1' : name}:${environment['PORT'] || '8080'}`;
}

/** The key file is this machine's: it goes nowhere else. @throws CliError notAllowed */
export function apiKeyFor(url: string, dataDir: string, environment: Environment): string {
  if (environment['API_KEY']) return environment['API_KEY'];
  const file = join(dataDir, 'api-key');
  if (
    url !== localAddress(environment) &&
    !/^(127(\.\d+){3}|\[::1\]|localhost)$/.test(new URL(url).hostname)
  ) {
    throw new CliError('notAllowed', `set API_KEY to a key of ${url}`);
  }
  try {
    const key = readFileSync(file, 'utf8').trim();
    if (key !== '') return key;
  } catch {
    // Said below.
  }
  throw new CliError(
    'notAllowed',
    `set API_KEY, or DATA_DIR to the service's folder: no key can be read in ${file}`,
  );
}
