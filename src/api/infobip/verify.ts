import type { z } from 'zod';

import { destinationText } from '../../domain/email.ts';
import type { PinId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import { errorAnswers } from '../openapi.ts';
import { SEND, TAG, type InfobipApp, type InfobipDeps } from './context.ts';
import { VERIFY_ANSWERS } from './decisions.ts';
import { pinParams, verifyAnswer, verifyRequest } from './schemas.ts';

/** infobip-api.md 2.7: HTTP 200 for every pinId that is known, whatever becomes of the attempt. */
export function verifyRoutes(app: InfobipApp, deps: InfobipDeps): void {
  app.route({
    method: 'POST',
    url: '/2fa/2/pin/:pinId/verify',
    config: { scopes: SEND },
    schema: {
      tags: [TAG],
      operationId: 'verifyTfaPhoneNumber',
      summary: 'Verify a PIN',
      params: pinParams,
      body: verifyRequest,
      response: { 200: verifyAnswer, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
    },
    handler: async request => await verify(deps, request.params.pinId as PinId, request.body.pin),
  });
}

async function verify(
  deps: InfobipDeps,
  pinId: PinId,
  candidate: string,
): Promise<z.output<typeof verifyAnswer>> {
  const result = await deps.delivery.verify({ pinId, candidate });
  const answer = VERIFY_ANSWERS[result.outcome];
  if ('error' in answer) {
    throw new ServiceError(answer.error, {
      retryAfterMs: 'retryAfterMs' in result ? result.retryAfterMs : undefined,
    });
  }
  if (!('to' in result)) throw new Error(`no number in the outcome ${result.outcome}`);
  return {
    pinId,
    msisdn: destinationText(result.to),
    verified: answer.verified,
    attemptsRemaining: answer.remaining === 'none' ? 0 : result.attemptsRemaining,
    pinError: answer.pinError,
  };
}
