import type { PinRecord } from '../../domain/types.ts';
import type { LimitHit, SendLimits } from '../store.ts';
import { windowKey, type Windows } from './windows.ts';

/** The two send limits: of an application, and of a number within it. */
export function createSendLimiter({ now, windows }: { now: () => number; windows: Windows }) {
  type Target = Pick<PinRecord, 'applicationId' | 'to'>;

  const targets = ({ applicationId, to }: Target, limits: SendLimits) => [
    { key: windowKey.application(applicationId), limit: limits.perApplication },
    { key: windowKey.number(applicationId, to), limit: limits.perNumber },
  ];

  return {
    /** Counts one send against both limits, or against neither; where both are hit, names the one that frees last. */
    admit(target: Target, limits: SendLimits): LimitHit | undefined {
      const [application = 0, number = 0] = windows.take(targets(target, limits), now());
      const retryAfterMs = Math.max(application, number);
      if (retryAfterMs === 0) return undefined;
      return { outcome: 'limited', limit: application > number ? 'application' : 'number', retryAfterMs };
    },

    /** Ms until both would let one more through; counts nothing. */
    allowedIn(target: Target, limits: SendLimits): number {
      const at = now();
      return Math.max(...targets(target, limits).map(({ key, limit }) => windows.wait(key, limit, at)));
    },
  };
}

export type SendLimiter = ReturnType<typeof createSendLimiter>;
