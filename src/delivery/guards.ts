import type { CallRef } from '../domain/types.ts';
import type { NewTimer } from '../store/store.ts';

/**
 * The two durable timers of a call. The dial guard notices that nobody knows whether the carrier has the call; the
 * call guard notices that its end never came (faults.md F18). A later one replaces an earlier one under the same id.
 */
export const DIAL_GUARD = 'dial-guard';
export const CALL_GUARD = 'call-guard';

export const DIAL_GUARD_MS = 5_000;
const SLACK_MS = 60_000;

export const dialGuardId = (ref: CallRef): string => `dial-${ref}`;
export const callGuardId = (ref: CallRef): string => `call-${ref}`;

export function dialGuard(ref: CallRef): NewTimer {
  return { id: dialGuardId(ref), kind: DIAL_GUARD, inMs: DIAL_GUARD_MS, data: { ref } };
}

/**
 * For a call whose first request failed unclearly, with a plan that is about to go on: the second dial is claimed with the failure,
 * and made (claimed anew) only where the plan did not go on.
 */
export function reservedDialGuard(ref: CallRef): NewTimer {
  const guard = dialGuard(ref);
  return { ...guard, data: { ...guard.data, reserved: 1 } };
}

/** Until the phone must have been answered or given up: ring timeout + 60 s. */
export function ringGuard(ref: CallRef, ringTimeoutSeconds: number): NewTimer {
  return {
    id: callGuardId(ref),
    kind: CALL_GUARD,
    inMs: ringTimeoutSeconds * 1000 + SLACK_MS,
    data: { ref, phase: 'ring' },
  };
}

/** Until an answered call must be over: the carrier's own limit + 60 s. */
export function talkGuard(ref: CallRef, maxDurationSeconds: number): NewTimer {
  return {
    id: callGuardId(ref),
    kind: CALL_GUARD,
    inMs: maxDurationSeconds * 1000 + SLACK_MS,
    data: { ref, phase: 'talk' },
  };
}
