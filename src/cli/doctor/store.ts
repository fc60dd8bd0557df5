import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../../clock.ts';
import { describeAddress, parseRedisUrl } from '../../store/redis/address.ts';
import { connectRedis, mastersOf, whenReady } from '../../store/redis/connection.ts';
import { checkServer } from '../../store/redis/server-check.ts';
import { RedisOpenError } from '../../store/redis/store-open-error.ts';
import { takeOwnership } from '../../store/sqlite/owner-lock.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../store/sqlite/schema.ts';
import { resultCode } from '../../store/sqlite/sqlite-error.ts';
import { splitAdvice, type Findings } from './finding.ts';
import type { Witness } from './machine.ts';

const BUSY = 5;
const HEADER_BYTES = 100;
const CONNECT_WITHIN_MS = 1_500;

/**
 * The embedded store, looked at from outside: nothing is opened, so that nothing is migrated and nobody's lease is cleared.
 * `running`: a service answers here, and has it.
 */
export function checkSqlite(dataDir: string, running: boolean, findings: Findings): void {
  const path = join(dataDir, 'saypin.db');
  if (!existsSync(path)) {
    if (existsSync(`${path}-wal`)) {
      findings.error(
        `${path} is gone, and its log ${path}-wal is there`,
        'restore both from a backup, or remove the log to begin anew',
      );
    } else findings.ok(`${path} will be made at the first start`);
    return;
  }
  const fix = `restore ${path} from a backup, or set DATA_DIR to the folder of the store`;
  const header = readHeader(path);
  // Bytes 0, 60 and 68: https://sqlite.org/fileformat.html
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 15) !== 'SQLite format 3') {
    findings.error(`${path} is empty, cut short or overwritten`, fix);
    return;
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) {
    findings.error(`${path} is an SQLite file, but none of Saypin`, fix);
    return;
  }
  const version = header.readUInt32BE(60);
  if (version > MIGRATIONS.length) {
    findings.error(
      `the schema of ${path} is version ${version}, newer than this program's ${MIGRATIONS.length}`,
      'use the version of Saypin that wrote it or a newer one, or restore the backup from before the update',
    );
  } else if (version < MIGRATIONS.length) {
    findings.ok(`${path}: schema ${version}, brought to ${MIGRATIONS.length} at the next start`);
  } else findings.ok(`${path}: schema ${version}`);
  if (!running) checkLock(path, findings);
}

function checkLock(path: string, findings: Findings): void {
  const lock = `${path}.lock`;
  if (!existsSync(lock)) return;
  try {
    takeOwnership(lock, 0).release();
  } catch (error) {
    if (resultCode(error) === BUSY) {
      findings.error(
        `another process has ${path} open, and no service answers here`,
        `find it with \`fuser ${lock}\` and stop it, or set PORT to where it listens; many nodes need REDIS_URL`,
      );
    } else findings.error(`${lock}: ${(error as Error).message}`, 'let the user of the service own it');
  }
}

function readHeader(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(HEADER_BYTES);
    return start.subarray(0, readSync(file, start, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** Redis: in reach, fit to hold the store, and what its clock says. */
export async function checkRedis(
  url: string,
  deps: { clock: Clock; findings: Findings },
): Promise<readonly Witness[]> {
  const { clock, findings } = deps;
  const otherwise = 'start Redis, or correct REDIS_URL: host, port, user and password';
  let address: ReturnType<typeof parseRedisUrl>;
  try {
    address = parseRedisUrl(url);
  } catch (error) {
    findings.error(textOf(error), 'correct REDIS_URL; its forms are in docs/SCALING.md');
    return [];
  }
  const where = `Redis at ${describeAddress(address)}`;
  const connection = connectRedis(address, undefined);
  const { client } = connection;
  try {
    await whenReady(client, CONNECT_WITHIN_MS);
    const witnesses: Witness[] = [];
    for (const server of mastersOf(client)) {
      const { version, appendfsync } = await checkServer(server, { cluster: address.kind === 'cluster' });
      findings.ok(`${where}: version ${version}, noeviction, append-only file`);
      if (appendfsync === 'everysec') {
        findings.ok(
          `${where}: if it is killed, sends of the last second or two may be lost (appendfsync everysec)`,
        );
      }
      const started = clock.monotonic();
      const [seconds = 0, micros = 0] = (await server.time()).map(Number);
      const middle = clock.now() - (clock.monotonic() - started) / 2;
      witnesses.push({ who: where, offsetMs: seconds * 1_000 + micros / 1_000 - middle });
    }
    return witnesses;
  } catch (error) {
    const [text, fix] = splitAdvice(textOf(error), otherwise);
    findings.error(text.startsWith('the server') ? text : `${where}: ${text}`, fix);
    return [];
  } finally {
    connection.abandon();
  }
}

/** Never with the URL: it may hold a password. */
function textOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'failed';
  return error instanceof RedisOpenError ? message.replace('cannot use the Redis store: ', '') : message;
}
