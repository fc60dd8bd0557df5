import { createClient, SaypinError } from '../client/index.ts';
import { CliError } from './cli-error.ts';
import { apiKeyFor, localAddress } from './connect.ts';
import { isServiceAt } from './service-backend.ts';
import { sleep, type Terminal } from './terminal.ts';

/** Where the running service is, and the key that it is asked with. @throws CliError unreachable, notAllowed */
export async function findService(
  url: string | undefined,
  { environment }: Terminal,
): Promise<{ url: string; apiKey: string }> {
  const address = url ?? localAddress(environment);
  if (!(await isServiceAt(address))) {
    throw new CliError(
      'unreachable',
      `nothing listens at ${address}: start the service, or say with --url or PORT where it is`,
    );
  }
  return { url: address, apiKey: apiKeyFor(address, environment['DATA_DIR'] || 'data', environment) };
}

/** The verify API of the running service. @throws CliError */
export async function clientOf(url: string | undefined, terminal: Terminal) {
  const service = await findService(url, terminal);
  return createClient({
    baseUrl: service.url,
    apiKey: service.apiKey,
    // To another host the key would go along.
    fetch: async (input, init) => await fetch(input, { ...init, redirect: 'error' }),
    sleep: async ms => await sleep(terminal, ms),
  });
}

/** In the words of the command line. */
export function refusedBy(error: unknown): unknown {
  if (!(error instanceof SaypinError)) return error;
  const { status, retryAfterSeconds } = error;
  const fields = error.errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  if (status === 0) return new CliError('unreachable', 'the service does not answer');
  if (status === 400) return new CliError('usage', fields || error.message);
  if (status === 401)
    return new CliError('notAllowed', 'the service does not know this API key: set API_KEY');
  if (status === 403) return new CliError('notAllowed', error.message);
  if (status === 404)
    return new CliError('notFound', 'the service knows no such verification or application');
  const wait = retryAfterSeconds === undefined ? '' : `; try again in ${retryAfterSeconds} s`;
  return new CliError('failed', `${error.message}${wait}`);
}
