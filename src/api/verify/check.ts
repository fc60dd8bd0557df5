import type { Verifications } from '../../delivery/verifications.ts';
import { verificationState } from '../../domain/plan.ts';
import type { PinId, PinRecord } from '../../domain/types.ts';
import { overLimit, ServiceError } from '../../errors.ts';
import type { AttemptResult, Store } from '../../store/store.ts';
import { problemAnswers } from '../problem.ts';
import { SEND, TAG, type VerifyApp, type VerifyDeps } from './context.ts';
import { checkAnswer, checkRequest, verificationParams, type CheckBody } from './schemas.ts';
import { iso } from './timeline.ts';

/** `POST /v1/verifications/{id}/check`. */
export function checkRoutes(app: VerifyApp, deps: VerifyDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/verifications/:pinId/check',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'checkVerification',
      summary: 'Check a PIN; each check that is compared costs one attempt',
      params: verificationParams,
      body: checkRequest,
      response: { 200: checkAnswer, ...problemAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => await check(deps, request.params.pinId as PinId, request.body.pin),
  });
}

/** The same reads and the same write for an id that nobody knows: its 404 takes as long as a wrong PIN. */
export async function check(
  {
    verifications,
    store,
  }: { verifications: Pick<Verifications, 'check'>; store: Pick<Store, 'getPin' | 'now'> },
  pinId: PinId,
  candidate: string,
): Promise<CheckBody> {
  const result = await verifications.check({ pinId, candidate });
  const [pin, now] = await Promise.all([store.getPin(pinId), store.now()]);
  if (result.outcome === 'limited') throw overLimit(result);
  if (result.outcome === 'unknown' || !pin) throw new ServiceError('notFound');
  return checkBody(result, pin, now);
}

type Judged = Exclude<AttemptResult, { outcome: 'limited' | 'unknown' }>;

/** @param pin as it is now: a check at the same time may have gone before or after this one */
export function checkBody(result: Judged, pin: PinRecord, now: number): CheckBody {
  const { outcome } = result;
  const state = verificationState(pin, now);
  const open = state === 'pending' && outcome !== 'capped';
  return {
    id: pin.pinId,
    verified: outcome === 'verified',
    state,
    attemptsLeft: open ? result.attemptsRemaining : 0,
    expiresAt: iso(pin.expiresAt),
    ...(pin.verifiedAt !== undefined && { verifiedAt: iso(pin.verifiedAt) }),
    ...(outcome !== 'verified' && { reason: outcome }),
  };
}
