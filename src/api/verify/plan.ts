import {
  MIN_LIFE_MS,
  silenceMs,
  type DeliveryPlan,
  type NextRule,
  type PlanChannel,
} from '../../domain/plan.ts';
import { ServiceError } from '../../errors.ts';
import type { DeliveryPlanBody } from './schemas.ts';

/** Delivery plans between the wire, which has seconds, and the domain, which has milliseconds. */

/** Also of the last step: when it fails, the verification is undeliverable. */
const ON_FAILURE: NextRule = { onFailure: true };

type NextBody = NonNullable<DeliveryPlanBody['steps'][number]['next']>;

export function planOf({ steps }: DeliveryPlanBody): DeliveryPlan {
  return {
    steps: steps.map(({ channel, carrier, next }) => ({
      channel,
      ...(carrier !== undefined && { carrier }),
      next: nextOf(next),
    })),
  };
}

/** This channel and no other. */
export function planOfChannel(channel: PlanChannel): DeliveryPlan {
  return { steps: [{ channel, next: ON_FAILURE }] };
}

function nextOf(next: NextBody | undefined): NextRule {
  if (!next) return ON_FAILURE;
  const { onFailure = true, noReportAfterSeconds, notVerifiedAfterSeconds } = next;
  return {
    onFailure,
    ...(noReportAfterSeconds !== undefined && { noReportAfterMs: toMs(noReportAfterSeconds) }),
    ...(notVerifiedAfterSeconds !== undefined && { notVerifiedAfterMs: toMs(notVerifiedAfterSeconds) }),
  };
}

/** `planOf` takes it back as it was, but for the rule of the last step, behind which there is nothing. */
export function planBody({ steps }: DeliveryPlan): DeliveryPlanBody {
  return {
    steps: steps.map(({ channel, carrier, next }, index) => ({
      channel,
      ...(carrier !== undefined && { carrier }),
      ...(index < steps.length - 1 && { next: nextBody(next) }),
    })),
  };
}

function nextBody({ onFailure, noReportAfterMs, notVerifiedAfterMs }: NextRule): NextBody {
  return {
    onFailure,
    ...(noReportAfterMs !== undefined && { noReportAfterSeconds: noReportAfterMs / 1_000 }),
    ...(notVerifiedAfterMs !== undefined && { notVerifiedAfterSeconds: notVerifiedAfterMs / 1_000 }),
  };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1_000);
}

/**
 * Refuses a wait that never takes effect: even where each step before it is left as early as silence allows, it ends when
 * the PIN has less than `MIN_LIFE_MS` to live. What a failure starts has no wait, and is not judged.
 * @throws ServiceError badRequest, naming the fields and both figures
 */
export function assertWithinLife({ steps }: DeliveryPlan, ttlMs: number): void {
  const errors: Record<string, string[]> = {};
  let startMs = 0;
  for (const [index, { next }] of steps.slice(0, -1).entries()) {
    for (const name of ['noReportAfter', 'notVerifiedAfter'] as const) {
      const dueMs = startMs + (next[`${name}Ms`] ?? 0);
      if (dueMs <= ttlMs - MIN_LIFE_MS || next[`${name}Ms`] === undefined) continue;
      errors[`steps[${index}].next.${name}Seconds`] = [
        `starts the next step ${dueMs / 1_000} s after the first one at the earliest, but the application’s PINs live for ` +
          `${ttlMs / 1_000} s, of which a step needs ${MIN_LIFE_MS / 1_000}`,
      ];
    }
    startMs += silenceMs(next) ?? 0;
  }
  if (Object.keys(errors).length > 0) throw new ServiceError('badRequest', { fields: errors });
}
