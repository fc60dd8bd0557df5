import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import { ServiceError } from '../../errors.ts';
import type { Authenticator } from '../auth.ts';
import { SlidingWindows } from '../auth/sliding-windows.ts';
import type { ConsoleCaller } from './context.ts';

export const IDLE_MS = 30 * 60_000;
/** Whoever is busy all day signs in again the next morning. */
export const LONGEST_MS = 12 * 3_600_000;
/** Wrong keys of one IPv4 address or IPv6 /64. */
export const FAILURES = { requests: 20, windowMs: 300_000 } as const;

const MAX_SESSIONS = 1_000;
const MAX_COUNTED = 20_000;
const ID_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Who is signed in. */
export interface Sessions {
  /** @throws ServiceError tooManyRequests after too many wrong keys from that address */
  begin(key: string, address: string): Promise<ConsoleCaller | undefined>;
  /** The caller of a cookie; undefined: over, or its key was revoked. `idle`: nobody did anything, and its idle time goes on. */
  resume(id: string, address: string, idle?: boolean): Promise<ConsoleCaller | undefined>;
  end(id: string): void;
}

interface Kept {
  /** The key, sealed with the session's id, of which only a hash is kept: this memory alone opens nothing. */
  readonly sealed: Buffer;
  readonly begunAt: number;
  seenAt: number;
}

/**
 * Sessions in memory, gone with the process. Each request authenticates anew with the key that the session was begun with,
 * so that a revoked key ends its sessions at once.
 */
export function createSessions(deps: {
  authenticate: Authenticator;
  clock: Clock;
  random: RandomBytes;
}): Sessions {
  const { authenticate, clock, random } = deps;
  const kept = new LRUCache<string, Kept>({ max: MAX_SESSIONS });
  const failures = new SlidingWindows({ clock, maxKeys: MAX_COUNTED });

  return {
    async begin(key, address) {
      const authorization = `App ${key}`;
      const network = networkOf(address);
      // Counted before it is looked at and taken back when it was right, so that parallel guesses get no further.
      const retryAfterMs = failures.take(network, FAILURES);
      if (retryAfterMs > 0) throw new ServiceError('tooManyRequests', { retryAfterMs });
      let principal: ConsoleCaller['principal'] | undefined;
      try {
        principal = await authenticate(authorization, { address });
      } catch (error) {
        failures.refund(network);
        throw error;
      }
      if (!principal) return undefined;
      failures.refund(network);
      const id = random(ID_BYTES).toString('base64url');
      const now = clock.monotonic();
      kept.set(hashOf(id), { sealed: seal(id, authorization, random), begunAt: now, seenAt: now });
      return { id, authorization, principal };
    },
    async resume(id, address, idle = false) {
      const hash = hashOf(id);
      const session = kept.get(hash);
      if (!session) return undefined;
      const now = clock.monotonic();
      if (now - session.seenAt >= IDLE_MS || now - session.begunAt >= LONGEST_MS) {
        kept.delete(hash);
        return undefined;
      }
      const authorization = unseal(id, session.sealed);
      const principal = await authenticate(authorization, { address });
      if (!principal) {
        kept.delete(hash);
        return undefined;
      }
      if (!idle) session.seenAt = now;
      return { id, authorization, principal };
    },
    end: id => void kept.delete(hashOf(id)),
  };
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('hex');

const keyOf = (id: string): Buffer => Buffer.from(hkdfSync('sha256', id, '', 'saypin console session', 32));

function seal(id: string, text: string, random: RandomBytes): Buffer {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(id), nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function unseal(id: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(id), sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return (
    decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  );
}

/** An IPv6 customer has a /64 at least. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
}
