import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { takeOwnership, type OwnerLock } from './owner-lock.ts';
import { APPLICATION_ID, migrate, MIGRATIONS, pragma } from './schema.ts';
import { resultCode } from './sqlite-error.ts';

const BUSY = 5;
/** Above this, checking every page would hold up the start; SQLite still checks each page that it reads. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

/** Why the store was not opened, in a line for the operator. Nothing was changed. */
export class StoreOpenError extends Error {
  constructor(path: string, reason: string, cause?: unknown) {
    super(`cannot open the store ${path}: ${reason.replaceAll(/\s+/g, ' ')}`, { cause });
    this.name = 'StoreOpenError';
  }
}

export interface OpenDatabase {
  readonly db: DatabaseSync;
  /** True when there was no file before. */
  readonly created: boolean;
  close(): void;
}

/**
 * Opens or creates the file, mode 0600, with the pragmas that durability and erasure need. An existing file that is
 * damaged, foreign, of a newer schema, in use or without its log is refused, never replaced (faults.md F32).
 * @throws StoreOpenError
 */
export function openDatabase(options: { path: string; busyTimeoutMs: number }): OpenDatabase {
  const { path, busyTimeoutMs } = options;
  if (path === ':memory:') return openInMemory();
  let lock: OwnerLock | undefined;
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    lock = takeOwnership(`${path}.lock`, busyTimeoutMs);
    const created = !existsSync(path);
    if (created) createFile(path);
    else checkFile(path, lock.uncleanBefore);
    chmodSync(path, 0o600);
    db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    checkContent(db, path);
    db.exec('PRAGMA journal_mode = WAL');
    configure(db);
    migrate(db);
    // The first write makes the log; only from then on would its absence mean a loss.
    db.exec('UPDATE decoy SET tries = tries + 1 WHERE id = 2');
    lock.markOpen();
    return { db, created, close: closer(db, lock) };
  } catch (error) {
    if (db?.isOpen) db.close();
    lock?.release();
    throw error instanceof StoreOpenError ? error : new StoreOpenError(path, reasonOf(error), error);
  }
}

function openInMemory(): OpenDatabase {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
  configure(db);
  migrate(db);
  return { db, created: true, close: () => db.close() };
}

function configure(db: DatabaseSync): void {
  // secure_delete: an erased seed is overwritten, not only unlinked. temp_store: nothing of ours in /tmp.
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
    PRAGMA journal_size_limit = 67108864;
  `);
}

function closer(db: DatabaseSync, lock: OwnerLock): () => void {
  return () => {
    lock.markClosed();
    db.close();
    lock.release();
  };
}

/**
 * A new file gets its schema under another name and is moved into place when it is whole, so that a file under the
 * real name is never empty unless something went wrong.
 */
function createFile(path: string): void {
  if (existsSync(`${path}-wal`)) {
    throw new StoreOpenError(
      path,
      `the file is gone but its log ${path}-wal is there: restore both, or remove the log`,
    );
  }
  const draft = `${path}.new`;
  for (const left of [draft, `${draft}-journal`]) rmSync(left, { force: true });
  closeSync(openSync(draft, 'wx', 0o600));
  const db = new DatabaseSync(draft);
  try {
    db.exec('PRAGMA synchronous = FULL');
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    migrate(db);
  } finally {
    db.close();
  }
  renameSync(draft, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/** What can be told from outside, before SQLite touches anything. */
function checkFile(path: string, uncleanBefore: boolean): void {
  const info = statSync(path);
  if (!info.isFile()) throw new StoreOpenError(path, 'it is not a file');
  const log = existsSync(`${path}-wal`);
  const header = readStart(path, 100);
  if (header.length < 100 || header.toString('latin1', 0, 15) !== 'SQLite format 3') {
    throw new StoreOpenError(
      path,
      `it is empty, cut short or overwritten (${info.size} bytes): restore a backup`,
    );
  }
  // Bytes 16..17 page size (1: 65536), 28..31 size in pages: https://sqlite.org/fileformat.html. With a log the header
  // in the file may be behind it.
  const pageSize = header.readUInt16BE(16);
  if (!log && info.size < header.readUInt32BE(28) * (pageSize === 1 ? 65_536 : pageSize)) {
    throw new StoreOpenError(path, `it is cut short (${info.size} bytes): restore a backup`);
  }
  if (log) checkLog(path);
  if (uncleanBefore && !log) {
    throw new StoreOpenError(
      path,
      `it was not closed in order and its log ${path}-wal, with the last commits, is missing: restore it, ` +
        `or delete ${path}.lock to go on without them`,
    );
  }
}

/**
 * SQLite takes a log without its magic number for an empty one, and its commits for none. An empty log, or one whose
 * first write never reached the disk, holds no commit that was acknowledged.
 */
function checkLog(path: string): void {
  const start = readStart(`${path}-wal`, 4);
  if (start.length < 4) return;
  const magic = start.readUInt32BE(0);
  if (magic !== 0 && magic !== 0x377f0682 && magic !== 0x377f0683) {
    throw new StoreOpenError(
      path,
      `its log ${path}-wal is damaged: restore both, or remove the log to go on without`,
    );
  }
}

function readStart(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(bytes);
    return start.subarray(0, readSync(file, start, 0, bytes, 0));
  } finally {
    closeSync(file);
  }
}

function checkContent(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new StoreOpenError(path, 'it is an SQLite file, but not one of ours');
  }
  const version = pragma(db, 'user_version');
  if (version > MIGRATIONS.length) {
    throw new StoreOpenError(
      path,
      `its schema version ${version} is newer than this program's ${MIGRATIONS.length}: use a newer program`,
    );
  }
  if (version < 1) throw new StoreOpenError(path, 'it has no schema: restore a backup');
  if (pragma(db, 'page_count') * pragma(db, 'page_size') > MAX_CHECKED_BYTES) return;
  const verdict = Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (verdict !== 'ok') {
    throw new StoreOpenError(path, `it is damaged (${String(verdict)}): restore a backup`);
  }
}

function reasonOf(error: unknown): string {
  if (resultCode(error) === BUSY) return 'another process has it open';
  return error instanceof Error ? error.message : String(error);
}
