import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

const FOLDER = join(import.meta.dirname, 'migrations');

/** 'SAYP' as PRAGMA application_id: tells our files from other SQLite files. */
export const APPLICATION_ID = 0x53415950;

/**
 * One file a version, applied in the order of their numbers and never edited once released. PRAGMA user_version is the number
 * applied. Times are ms since the epoch; JSON where the store itself never looks inside.
 */
export const MIGRATIONS: readonly string[] = readdirSync(FOLDER)
  .filter(name => name.endsWith('.sql'))
  .toSorted()
  .map(name => readFileSync(join(FOLDER, name), 'utf8'));

/** Brings the schema up to `migrations.length`, one transaction a version. @throws Error for a newer schema */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = pragma(db, 'user_version');
  if (version > migrations.length) {
    throw new Error(`its schema version ${version} is newer than this program's ${migrations.length}`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A pragma's integer value. */
export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
