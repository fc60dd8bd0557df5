import type { Redis } from 'ioredis';

import { RedisOpenError } from './store-open-error.ts';

/** What `INFO` says, which managed services allow where they forbid `CONFIG`. */
type Facts = ReadonlyMap<string, string>;

export interface CheckedServer {
  readonly version: string;
  /** `always` or `everysec`; undefined: the server does not say. */
  readonly appendfsync: string | undefined;
}

/**
 * Whether a server may hold the store (faults.md F8): new enough, keeps what it is given, writable, and where the keys of
 * one script may lie together. A cluster is asked for by the form of the URL.
 * @throws RedisOpenError with the reason and what to do
 */
export async function checkServer(server: Redis, expected: { cluster: boolean }): Promise<CheckedServer> {
  const facts = parseInfo(await server.info());
  const where = `the server ${server.options.host ?? ''}:${server.options.port ?? ''}`;
  const refuse = (reason: string): never => {
    throw new RedisOpenError(`${where} ${reason}`);
  };
  const version = facts.get('redis_version') ?? '0';
  if (Number.parseInt(version, 10) < 7) refuse(`is version ${version}: use Redis 7 or Valkey`);
  if (facts.get('loading') === '1') refuse('is still reading its data: wait until it is done');
  if (facts.get('role') !== 'master') refuse('is a read-only replica: give the address of its master');
  const clustered = facts.get('cluster_enabled') === '1';
  if (clustered && !expected.cluster) {
    refuse('belongs to a cluster: write REDIS_URL as redis+cluster://…');
  }
  if (!clustered && expected.cluster) {
    refuse('belongs to no cluster: write REDIS_URL as redis://…');
  }
  const policy = facts.get('maxmemory_policy') ?? 'unknown';
  if (policy !== 'noeviction') {
    refuse(
      `may throw PINs and limits away when it is full (maxmemory-policy ${policy}): set it to noeviction`,
    );
  }
  if (facts.get('aof_enabled') !== '1') {
    refuse(
      'would lose the last minutes when it stops (appendonly no): set appendonly yes and appendfsync everysec',
    );
  }
  if ((facts.get('aof_last_write_status') ?? 'ok') !== 'ok') {
    refuse('cannot write its append-only file: look at its disk');
  }
  const appendfsync = await syncPolicy(server);
  if (appendfsync === 'no') {
    refuse('leaves it to chance when data reaches the disk (appendfsync no): set it to everysec or always');
  }
  return { version, appendfsync };
}

async function syncPolicy(server: Redis): Promise<string | undefined> {
  try {
    const [, value] = await server.config('GET', 'appendfsync');
    return value;
  } catch {
    return undefined;
  }
}

function parseInfo(text: string): Facts {
  return new Map(
    text.split('\r\n').flatMap(line => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
}
