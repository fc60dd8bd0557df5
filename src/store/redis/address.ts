import { RedisOpenError } from './store-open-error.ts';

interface Common {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Where Redis is. */
export type RedisAddress =
  | (Common & { readonly kind: 'single'; readonly db: number })
  | (Common & { readonly kind: 'sentinel'; readonly db: number; readonly master: string })
  | (Common & { readonly kind: 'cluster' });

const URL_FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;
const HOST_FORM = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;
const FORMS =
  'redis://[user:password@]host[:6379][/db], redis+sentinel://host[:26379],host/name[/db] or redis+cluster://host[:6379],host; ' +
  'rediss… for TLS';

/**
 * `redis://`, `redis+sentinel://` and `redis+cluster://`, each with an `s` behind `redis` for TLS; user and password in
 * percent-encoding. Behind Sentinels they are the server's, the Sentinels themselves are asked without.
 * @throws RedisOpenError, which never repeats the URL: it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, form, credentials, hosts, path = ''] = URL_FORM.exec(url) ?? [];
  if (!scheme || !hosts) throw new RedisOpenError(`REDIS_URL must be ${FORMS}`);
  const nodes = hosts.split(',').map(host => parseHost(host, form === 'sentinel' ? 26_379 : 6379));
  const common = { nodes, tls: scheme === 'rediss', ...parseCredentials(credentials) };
  const parts = path.split('/').filter(Boolean);
  if (form === 'cluster') {
    if (parts.length > 0)
      throw new RedisOpenError('a cluster has no database number or name: leave out the path');
    return { kind: 'cluster', ...common };
  }
  if (form === 'sentinel') {
    const [master, db] = parts;
    if (!master || parts.length > 2) {
      throw new RedisOpenError(`with Sentinels the path names the master: ${FORMS}`);
    }
    return { kind: 'sentinel', ...common, master: decodeURIComponent(master), db: parseDb(db) };
  }
  if (nodes.length > 1 || parts.length > 1) throw new RedisOpenError(`REDIS_URL must be ${FORMS}`);
  return { kind: 'single', ...common, db: parseDb(parts[0]) };
}

/** For the log and for errors: hosts, no password. */
export function describeAddress({ nodes, kind }: RedisAddress): string {
  const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  return kind === 'single' ? hosts : `${kind} ${hosts}`;
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const [, v6, name, port] = HOST_FORM.exec(text) ?? [];
  const host = v6 ?? name;
  const number = port === undefined ? defaultPort : Number(port);
  if (!host || number < 1 || number > 65_535) throw new RedisOpenError(`REDIS_URL must be ${FORMS}`);
  return { host, port: number };
}

function parseCredentials(text: string | undefined): Pick<Common, 'username' | 'password'> {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? undefined : decode(text.slice(colon + 1));
  return { username: username === '' ? undefined : username, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisOpenError('user and password in REDIS_URL must be percent-encoded');
  }
}

function parseDb(text: string | undefined): number {
  const db = Number(text ?? 0);
  if (!Number.isInteger(db) || db < 0)
    throw new RedisOpenError('the database in REDIS_URL must be a whole number');
  return db;
}
