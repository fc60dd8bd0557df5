import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../../clock.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import { ServiceError } from '../../errors.ts';
import type { AuthStore, UserRecord } from '../../store/auth-store.ts';
import type { Passwords } from './passwords.ts';
import { SlidingWindows, type WindowLimit } from './sliding-windows.ts';

/** Wrong passwords, whether there is such a user or not. */
export const FAILURES_PER_USER: WindowLimit = { requests: 10, windowMs: 300_000 };
/** Of one IPv4 address or IPv6 /64, over all users. */
export const FAILURES_PER_ADDRESS: WindowLimit = { requests: 50, windowMs: 300_000 };

const MAX_COUNTED = 20_000;
const MAX_REMEMBERED = 1_000;
/** From its last use, after which a password is worth an scrypt again. */
const REMEMBERED_MS = 900_000;

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** The user, or undefined when there is none or the password is wrong. @throws ServiceError tooManyRequests */
export type Login = (credentials: Credentials) => Promise<UserRecord | undefined>;

/**
 * Passwords of users. A try is counted before it is compared and taken back when it was right, so that parallel
 * guesses get no further than others; a full window refuses right passwords too, or it would tell them. Clients send Basic
 * with every call: the last right password of a user is known again by a keyed digest, without scrypt and whatever
 * others guess; the same try in parallel is one try.
 */
export function createLogin(deps: {
  store: Pick<AuthStore, 'findUser'>;
  passwords: Passwords;
  clock: Clock;
  random: RandomBytes;
}): Login {
  const { store, passwords, clock } = deps;
  const secret = deps.random(32);
  const failures = new SlidingWindows({ clock, maxKeys: MAX_COUNTED });
  const right = new LRUCache<string, { digest: Buffer; until: number }>({ max: MAX_REMEMBERED });
  const running = new Map<string, Promise<boolean>>();

  function isKnown(username: string, digest: Buffer): boolean {
    const known = right.get(username);
    if (!known || clock.monotonic() >= known.until || !timingSafeEqual(known.digest, digest)) return false;
    known.until = clock.monotonic() + REMEMBERED_MS;
    return true;
  }

  async function compare(try_: Credentials, passwordHash: string | undefined): Promise<boolean> {
    const counted = [
      { key: `address:${networkOf(try_.address)}`, limit: FAILURES_PER_ADDRESS },
      { key: `user:${createHash('sha256').update(try_.username).digest('hex')}`, limit: FAILURES_PER_USER },
    ];
    const taken: string[] = [];
    const takeBack = (): void => taken.forEach(key => failures.refund(key));
    for (const { key, limit } of counted) {
      const retryAfterMs = failures.take(key, limit);
      if (retryAfterMs > 0) {
        takeBack();
        throw new ServiceError('tooManyRequests', { retryAfterMs });
      }
      taken.push(key);
    }
    try {
      const equal = await passwords.verify(try_.password, passwordHash);
      if (equal) takeBack();
      return equal;
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  return async try_ => {
    const { username, password } = try_;
    const user = await store.findUser(username);
    // Of the stored hash too: a new password, or another user of that name, is not known.
    const text = JSON.stringify([username, password, user?.passwordHash]);
    const digest = createHmac('sha256', secret).update(text).digest();
    if (!user || !isKnown(username, digest)) {
      const id = digest.toString('hex');
      const verdict = running.get(id) ?? compare(try_, user?.passwordHash);
      running.set(id, verdict);
      try {
        if (!(await verdict) || !user) return undefined;
      } finally {
        running.delete(id);
      }
      right.set(username, { digest, until: clock.monotonic() + REMEMBERED_MS });
    }
    const { passwordHash: _, ...record } = user;
    return record;
  };
}

/** An IPv6 customer has a /64 at least. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
}
