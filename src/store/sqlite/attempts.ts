import { timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import type { CallRef, PinId, PinRecord } from '../../domain/types.ts';
import type { AttemptPin, AttemptResult } from '../store.ts';
import type { Outbox } from './outbox.ts';
import { pinFromRow } from './rows.ts';
import { windowKey, type Windows } from './windows.ts';

interface Deps {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly windows: Windows;
  readonly outbox: Outbox;
  /** The calls of a PIN that are not over. */
  readonly liveCalls: (pinId: PinId) => readonly CallRef[];
}

const DIGEST_BYTES = 32;
const NOTHING = Buffer.alloc(DIGEST_BYTES);

/**
 * Verification, in the order that tells a stranger least:
 * 1. unknown: the same writes on decoy rows, so that time does not tell a pinId that exists from one that does not;
 * 2. the verify limit, before anything of the PIN's state shows: one may not ask faster than one may try;
 * 3. what ended the PIN, in the order in which it can have ended (used, exhausted, superseded or cancelled, expired), so that the
 *    answer does not change as time goes by;
 * 4. the cap over all PINs of the number;
 * 5. count the attempt and the failure, and only then compare: a crash in between has spent the attempt. A right PIN
 *    takes the failures back, never the attempt (I2 of faults.md: no more comparisons than attempts).
 */
export function createAttempts({ db, now, windows, outbox, liveCalls }: Deps) {
  const find = db.prepare('SELECT * FROM pin WHERE pin_id = ?');
  const decoy = db.prepare('UPDATE decoy SET tries = tries + 1, touched_at = ? WHERE id = 1');
  const erase = db.prepare('UPDATE pin SET seed = NULL WHERE pin_id = ?');
  const count = db.prepare(`
    UPDATE pin SET attempts_used = attempts_used + 1, comparisons = comparisons + 1
    WHERE pin_id = ? AND attempts_used < attempts_allowed`);
  const verify = db.prepare(`
    UPDATE pin SET state = 'verified', verified_at = COALESCE(verified_at, $now), last_verified_at = $now
    WHERE pin_id = $pin`);

  function unknown(request: AttemptPin, at: number): AttemptResult {
    const key = 'decoy';
    windows.wait(key, request.verifyLimit, at);
    windows.clear(key);
    windows.add(key, request.verifyLimit, at);
    decoy.run(at);
    same(undefined, request.candidate);
    return { outcome: 'unknown' };
  }

  /** Counts before it compares; the only place that does either. */
  function compare(request: AttemptPin, pin: PinRecord, at: number): AttemptResult {
    const { to } = pin;
    const failures = windowKey.failure(pin.applicationId, to);
    if (count.run(pin.pinId).changes !== 1) return { outcome: 'exhausted', to, attemptsRemaining: 0 };
    if (request.failureCap) windows.add(failures, request.failureCap, at);
    const attemptsRemaining = pin.attemptsAllowed - pin.attemptsUsed - 1;
    const right = same(request.expected, request.candidate);
    const first = pin.verifiedAt === undefined;
    if (attemptsRemaining === 0 || (right && !pin.allowMultiple)) erase.run(pin.pinId);
    if (!right) {
      // A PIN that was verified before has not come to a bad end.
      if (attemptsRemaining === 0 && first) outbox.emit(request.exhaustedEvents ?? []);
      return { outcome: 'wrong', to, attemptsRemaining };
    }
    windows.clear(failures);
    verify.run({ $now: at, $pin: pin.pinId });
    if (first) outbox.emit(request.events);
    return { outcome: 'verified', to, attemptsRemaining, live: liveCalls(pin.pinId) };
  }

  return function attempt(request: AttemptPin): AttemptResult {
    const at = now();
    const row = find.get(request.pinId);
    if (!row) return unknown(request, at);
    const pin = pinFromRow(row);

    const key = windowKey.verify(pin.applicationId, pin.to);
    const [retryAfterMs = 0] = windows.take([{ key, limit: request.verifyLimit }], at);
    if (retryAfterMs > 0) return { outcome: 'limited', retryAfterMs };

    const attemptsRemaining = pin.attemptsAllowed - pin.attemptsUsed;
    const end = endOf(pin, at);
    if (end) {
      if (pin.seed) erase.run(pin.pinId);
      return { outcome: end, to: pin.to, attemptsRemaining: end === 'used' ? 0 : attemptsRemaining };
    }
    const { failureCap } = request;
    const failures = windowKey.failure(pin.applicationId, pin.to);
    if (failureCap && windows.wait(failures, failureCap, at) > 0) {
      return { outcome: 'capped', to: pin.to, attemptsRemaining };
    }
    return compare(request, pin, at);
  };
}

type End = 'used' | 'exhausted' | 'superseded' | 'cancelled' | 'expired';

function endOf(pin: PinRecord, at: number): End | undefined {
  if (pin.state === 'verified' && !pin.allowMultiple) return 'used';
  if (pin.attemptsUsed >= pin.attemptsAllowed) return 'exhausted';
  if (pin.state === 'superseded' || pin.state === 'cancelled') return pin.state;
  return pin.expiresAt <= at ? 'expired' : undefined;
}

/** Constant time over two digests of 32 bytes; anything else is compared too, and is never the same. */
function same(expected: Buffer | undefined, candidate: Buffer): boolean {
  const whole = expected?.length === DIGEST_BYTES && candidate.length === DIGEST_BYTES;
  const [left, right] = whole ? [expected, candidate] : [NOTHING, NOTHING];
  return timingSafeEqual(left, right) && whole;
}
