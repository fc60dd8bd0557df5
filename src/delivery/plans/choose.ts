import { canTake, MIN_LIFE_MS, type PlanChannel, type SkipReason } from '../../domain/plan.ts';
import { numberType } from '../../domain/phone.ts';
import type { ApplicationId, E164, PinId } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { NewRunEntry } from '../../store/plan-store.ts';
import type { VoiceDeliveryDeps } from '../context.ts';
import type { SendQuestion } from '../verifications.ts';
import type { Candidate } from './candidates.ts';

export interface Chosen extends Candidate {
  readonly carrier: string;
}

export interface Choice {
  /** Undefined: none of the candidates can be started. */
  readonly chosen: Chosen | undefined;
  readonly skipped: readonly Extract<NewRunEntry, { kind: 'skipped' }>[];
}

export interface ChoiceRequest {
  readonly pinId: PinId;
  readonly applicationId: ApplicationId;
  readonly to: E164;
  readonly candidates: readonly Candidate[];
  readonly trigger: SendQuestion['trigger'];
  /** Of the PIN, from now. */
  readonly lifeMs: number;
}

type Deps = Pick<VoiceDeliveryDeps, 'route' | 'carriers' | 'texts' | 'gate'>;

/** The first candidate that can be started, and why those before it cannot. */
export async function choose(request: ChoiceRequest, deps: Deps): Promise<Choice> {
  const skipped: Extract<NewRunEntry, { kind: 'skipped' }>[] = [];
  const skip = ({ position, step }: Candidate, reason: SkipReason, detail?: string): void => {
    const { channel } = step;
    skipped.push({
      kind: 'skipped',
      step: position,
      channel,
      reason,
      ...(detail !== undefined && { detail }),
    });
  };
  const { pinId, applicationId, to, trigger } = request;
  const type = numberType(to);
  for (const candidate of request.candidates) {
    const { channel, carrier: wanted } = candidate.step;
    const carrier = carrierOf(
      channel,
      { to, applicationId, ...(wanted !== undefined && { carrier: wanted }) },
      deps,
    );
    if (request.lifeMs < MIN_LIFE_MS) skip(candidate, 'too-late');
    else if (!canTake(channel, type)) skip(candidate, 'number-type', type);
    else if (carrier === undefined) skip(candidate, 'no-carrier', wanted);
    else {
      const answer = await deps.gate?.ask({ pinId, applicationId, to, channel, carrier, trigger });
      if (answer?.allow !== false) return { chosen: { ...candidate, carrier }, skipped };
      skip(candidate, 'denied', answer.reason);
    }
  }
  return { chosen: undefined, skipped };
}

/** Who would take it; undefined: nobody. */
export function carrierOf(
  channel: PlanChannel,
  routed: Parameters<VoiceDeliveryDeps['route']>[0],
  { route, carriers, texts }: Pick<VoiceDeliveryDeps, 'route' | 'carriers' | 'texts'>,
): string | undefined {
  const found = channel === 'voice' ? route(routed)?.carrier : texts?.route(routed)?.carrier;
  const known = channel === 'voice' ? carriers : texts?.carriers;
  return found !== undefined && known?.has(found) ? found : undefined;
}

/** Why not even the first step of a plan can be started. */
export function refusal({ skipped }: Choice): ServiceError {
  const denied = skipped.find(({ reason }) => reason === 'denied');
  if (denied) return new ServiceError('denied', { reason: denied.detail ?? 'denied' });
  const missing = skipped.find(({ reason }) => reason === 'no-carrier');
  if (missing?.detail !== undefined)
    return fieldError(
      `plan.steps[${missing.step}].carrier`,
      `no carrier "${missing.detail}" for ${missing.channel}`,
    );
  if (missing) return new ServiceError('unavailable');
  if (skipped.some(({ reason }) => reason === 'too-late'))
    return new ServiceError('conflict', { reason: 'too-late' });
  return fieldError('to', 'is a number that no step of the plan can reach');
}
