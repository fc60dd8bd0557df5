import type { z } from 'zod';

import { destinationText } from '../../domain/email.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import { attemptDigests, derivePin, newPinMaterial, type Keyring } from '../../domain/pin.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import { DEFAULT_CONFIGURATION } from '../../domain/limits.ts';
import type { Application, ApplicationId, E164, PinId, PinRecord } from '../../domain/types.ts';
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

/**
 * Derives the right PIN, and leaves counting, comparing and consuming to one atomic write of the store. An unknown
 * pinId does the same reads, derivation and write over a decoy, so that its 404 takes as long as a wrong PIN.
 */
async function verify(
  deps: InfobipDeps,
  pinId: PinId,
  candidate: string,
): Promise<z.output<typeof verifyAnswer>> {
  const { store, keyring, security, random, clock } = deps;
  const pin = (await store.getPin(pinId)) ?? decoyPin({ keyring, random, now: clock.now() });
  const application = (await store.getApplication(pin.applicationId)) ?? DECOY_APPLICATION;
  const { verifyLimit, failureCap } = effectiveSettings(application, security);
  const digests = attemptDigests({ expectedPin: derivePin(keyring, pin), candidate, random });
  const result = await store.attemptPin({
    opId: random(16).toString('hex'),
    pinId,
    ...digests,
    verifyLimit,
    failureCap,
    events: [],
  });
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

/** No application has this id: ids are hex. */
const DECOY_APPLICATION: Application = {
  applicationId: 'DECOY' as ApplicationId,
  name: '',
  enabled: true,
  configuration: DEFAULT_CONFIGURATION,
  createdAt: 0,
  updatedAt: 0,
};

const DECOY_NUMBER = '+' as E164;

function decoyPin(deps: {
  keyring: Keyring;
  random: RandomBytes;
  now: number;
}): Pick<PinRecord, 'pinId' | 'applicationId' | 'pinType' | 'pinLength' | 'keyId' | 'step' | 'seed'> {
  const { applicationId } = DECOY_APPLICATION;
  return {
    ...newPinMaterial({ ...deps, to: DECOY_NUMBER }),
    applicationId,
    pinType: 'NUMERIC',
    pinLength: 6,
  };
}
