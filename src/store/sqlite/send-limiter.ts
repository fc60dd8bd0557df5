import type { PinRecord } from '../../domain/types.ts';
import type { LimitHit, SendLimits } from '../store.ts';
import { windowKey, type Windows } from './windows.ts';

/** The two send limits: of an application, and of a number within it. */
export function createSendLimiter({ now, windows }: { now: () => number; windows: Windows }) {
  type Target = Pick<PinRecord, 'applicationId' | 'to'>;

  function waits({ applicationId, to }: Target, limits: SendLimits, at: number) {
    return {
      application: windows.wait(windowKey.application(applicationId), limits.perApplication, at),
      number: windows.wait(windowKey.number(applicationId, to), limits.perNumber, at),
    };
  }

  return {
    /** Counts one send against both limits, or against neither; where both are hit, names the one that frees last. */
    admit(target: Target, limits: SendLimits): LimitHit | undefined {
      const at = now();
      const { application, number } = waits(target, limits, at);
      const retryAfterMs = Math.max(application, number);
      if (retryAfterMs > 0) {
        return { outcome: 'limited', limit: application > number ? 'application' : 'number', retryAfterMs };
      }
      windows.add(windowKey.application(target.applicationId), limits.perApplication, at);
      windows.add(windowKey.number(target.applicationId, target.to), limits.perNumber, at);
      return undefined;
    },

    /** Ms until both would let one more through; counts nothing. */
    allowedIn(target: Target, limits: SendLimits): number {
      const { application, number } = waits(target, limits, now());
      return Math.max(application, number);
    },
  };
}

export type SendLimiter = ReturnType<typeof createSendLimiter>;
