import type { DatabaseSync } from 'node:sqlite';

import type { Logger } from '../../log.ts';
import type { Writer } from './writer.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly writer: Writer;
  readonly log: Pick<Logger, 'warn'> | undefined;
}

/** Rows a transaction, so that a sweep never keeps live calls waiting. */
const CHUNK = 500;

/** Erasure and retention, a chunk at a time. */
export function createSweep({ db, now, writer, log }: Deps) {
  const eraseSeeds = db.prepare(`
    UPDATE pin SET seed = NULL WHERE seq IN
      (SELECT seq FROM pin WHERE seed IS NOT NULL AND expires_at <= ? LIMIT ${CHUNK})`);
  // Deliveries and their tokens go with the PIN, once none of them is younger than the retention.
  const deletePins = db.prepare(`
    DELETE FROM pin WHERE seq IN
      (SELECT seq FROM pin WHERE expires_at <= $before AND NOT EXISTS
        (SELECT 1 FROM delivery WHERE delivery.pin_id = pin.pin_id AND delivery.updated_at > $before) AND NOT EXISTS
        (SELECT 1 FROM pin_message WHERE pin_message.pin_id = pin.pin_id AND pin_message.updated_at > $before) LIMIT ${CHUNK})`);
  const deleteWindows = db.prepare(`
    DELETE FROM window_event WHERE (window_key, seq) IN
      (SELECT window_key, seq FROM window_event WHERE until <= ? LIMIT ${CHUNK})`);
  const deleteTokens = db.prepare(`
    DELETE FROM media_token WHERE token_hash IN
      (SELECT token_hash FROM media_token WHERE expires_at <= ? LIMIT ${CHUNK})`);
  const deleteAuthTokens = db.prepare(`
    DELETE FROM auth_token WHERE seq IN (SELECT seq FROM auth_token WHERE expires_at <= ? LIMIT ${CHUNK})`);
  const deleteIdempotency = db.prepare(`
    DELETE FROM idempotency WHERE (account, key_hash) IN
      (SELECT account, key_hash FROM idempotency WHERE expires_at <= ? LIMIT ${CHUNK})`);

  async function inChunks(step: () => number | bigint): Promise<number> {
    let total = 0;
    for (;;) {
      const changes = Number(await writer.write(step));
      total += changes;
      if (changes < CHUNK) return total;
    }
  }

  return async function sweep({ retentionMs }: { retentionMs: number }) {
    const seedsErased = await inChunks(() => eraseSeeds.run(now()).changes);
    const rowsDeleted =
      (await inChunks(() => deletePins.run({ $before: now() - retentionMs }).changes)) +
      (await inChunks(() => deleteWindows.run(now()).changes)) +
      (await inChunks(() => deleteTokens.run(now()).changes)) +
      (await inChunks(() => deleteAuthTokens.run(now()).changes)) +
      (await inChunks(() => deleteIdempotency.run(now()).changes));
    emptyLog(db, log);
    return { seedsErased, rowsDeleted };
  };
}

/** Erased seeds live on in old frames of the write-ahead log until it is copied into the file and cut. */
function emptyLog(db: DatabaseSync, log: Pick<Logger, 'warn'> | undefined): void {
  // A reader elsewhere may hold the log; the next sweep tries again, and nobody waits for it here.
  const timeout = Number(Object.values(db.prepare('PRAGMA busy_timeout').get() ?? {})[0]);
  db.exec('PRAGMA busy_timeout = 0');
  try {
    db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  } catch (error) {
    log?.warn({ err: error }, 'the write-ahead log could not be emptied');
  } finally {
    db.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
}
