import { createHash } from 'node:crypto';

import type { IdempotencyClaim, IdempotencyName, PlanStore } from '../plan-store.ts';
import type { Reply, ScriptRunner } from './script.ts';

type Idempotency = Pick<PlanStore, 'openIdempotency' | 'closeIdempotency' | 'dropIdempotency'>;

/** `Idempotency-Key`s: who does the work, and what was answered. Each lies in the shard of its own name and ends by itself. */
export function createIdempotency({ scripts }: { scripts: ScriptRunner }): Idempotency {
  const open = scripts.mutation('idempotency-open');
  const close = scripts.mutation('idempotency-close');
  const drop = scripts.mutation('idempotency-drop');

  return {
    async openIdempotency({ fingerprint, subject, leaseMs, keepMs, ...name }): Promise<IdempotencyClaim> {
      const { shard, key } = placeOf(name);
      const args = [key, fingerprint, subject, Math.ceil(leaseMs), Math.ceil(keepMs)];
      const [outcome, first, second] = (await open({ shard, args })) as readonly Reply[];
      switch (outcome) {
        case 'yours':
          return { outcome, subject: String(first), resumed: second === 1 };
        case 'done':
          return { outcome, status: Number(first), body: String(second) };
        case 'mismatch':
          return { outcome };
        default:
          return { outcome: 'busy' };
      }
    },

    async closeIdempotency({ subject, status, body, ...name }) {
      const { shard, key } = placeOf(name);
      await close({ shard, args: [key, subject, status, body] });
    },

    async dropIdempotency({ subject, ...name }) {
      const { shard, key } = placeOf(name);
      await drop({ shard, args: [key, subject] });
    },
  };
}

/** An account's name may be anything: it is hashed with the key, which is a hash of fixed length. */
function placeOf({ account, keyHash }: IdempotencyName): { shard: string; key: string } {
  const key = createHash('sha256').update(`${keyHash} ${account}`).digest('hex');
  return { shard: key.charAt(0), key };
}
