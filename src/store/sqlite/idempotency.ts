import type { DatabaseSync } from 'node:sqlite';

import type { IdempotencyClaim, IdempotencyName, PlanStore } from '../plan-store.ts';
import { integer, text } from './rows.ts';

type Open = Parameters<PlanStore['openIdempotency']>[0];
type Close = Parameters<PlanStore['closeIdempotency']>[0];

/** `Idempotency-Key`s: who does the work, and what was answered. */
export function createIdempotency(db: DatabaseSync, now: () => number) {
  const find = db.prepare('SELECT * FROM idempotency WHERE account = ? AND key_hash = ? AND expires_at > ?');
  const claim = db.prepare(`
    INSERT OR REPLACE INTO idempotency (account, key_hash, fingerprint, subject, armed_at, lease_until, expires_at)
    VALUES ($account, $key, $fingerprint, $subject, $now, $now + $lease, $now + $keep)`);
  const extend = db.prepare('UPDATE idempotency SET lease_until = ? WHERE account = ? AND key_hash = ?');
  const close = db.prepare(`
    UPDATE idempotency SET status = $status, body = $body
    WHERE account = $account AND key_hash = $key AND subject = $subject AND status IS NULL`);
  // An answer that was given stays: it may have been read by another request already.
  const drop = db.prepare(`
    DELETE FROM idempotency
    WHERE account = $account AND key_hash = $key AND subject = $subject AND status IS NULL`);

  return {
    open({ account, keyHash, fingerprint, subject, leaseMs, keepMs }: Open): IdempotencyClaim {
      const at = now();
      const row = find.get(account, keyHash, at);
      if (!row) {
        claim.run({
          $account: account,
          $key: keyHash,
          $fingerprint: fingerprint,
          $subject: subject,
          $now: at,
          $lease: Math.ceil(leaseMs),
          $keep: Math.ceil(keepMs),
        });
        return { outcome: 'yours', subject, resumed: false };
      }
      if (text(row['fingerprint']) !== fingerprint) return { outcome: 'mismatch' };
      if (row['status'] !== null) {
        return { outcome: 'done', status: integer(row['status']), body: text(row['body']) };
      }
      if (integer(row['lease_until']) > at) return { outcome: 'busy' };
      extend.run(at + Math.ceil(leaseMs), account, keyHash);
      return { outcome: 'yours', subject: text(row['subject']), resumed: true };
    },

    close({ account, keyHash, subject, status, body }: Close): void {
      close.run({ $account: account, $key: keyHash, $subject: subject, $status: status, $body: body });
    },

    drop({ account, keyHash, subject }: IdempotencyName & { subject: string }): void {
      drop.run({ $account: account, $key: keyHash, $subject: subject });
    },
  };
}
