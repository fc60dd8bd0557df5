import type { Clock } from '../clock.ts';
import type { RandomBytes } from '../domain/ids.ts';
import { DEFAULT_CONFIGURATION } from '../domain/limits.ts';
import { attemptDigests, derivePin, newPinMaterial, type Keyring } from '../domain/pin.ts';
import { effectiveSettings, type SecuritySettings } from '../domain/profile.ts';
import type { Application, ApplicationId, CallRef, E164, PinId, PinRecord } from '../domain/types.ts';
import type { RecentCatalog } from '../store/recent-catalog.ts';
import type { AttemptResult, Store } from '../store/store.ts';
import { verificationEvent } from './events/sources.ts';

export interface VerifierDeps {
  readonly store: Pick<Store, 'getPin' | 'attemptPin'>;
  readonly recent: Pick<RecentCatalog, 'getApplication'>;
  readonly keyring: Keyring;
  readonly security: SecuritySettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Calls that nobody needs any more. Resolves when none of them will be placed. */
  readonly withdraw: (refs: readonly CallRef[]) => Promise<void>;
}

/** One attempt at a PIN, whichever face it came through. @throws ServiceError unavailable */
export type Verify = (request: { pinId: PinId; candidate: string }) => Promise<AttemptResult>;

/**
 * Derives the right PIN, and leaves counting, comparing and consuming to one atomic write of the store. An unknown
 * pinId does the same reads, derivation and write over a decoy, so that its answer takes as long as a wrong PIN's. What
 * answers `verified` comes only when no phone will be made to ring any more.
 */
export function createVerify(deps: VerifierDeps): Verify {
  const { store, recent, keyring, security, clock, random } = deps;
  return async ({ pinId, candidate }) => {
    const pin = (await store.getPin(pinId)) ?? decoyPin({ keyring, random, now: clock.now() });
    const application = (await recent.getApplication(pin.applicationId)) ?? DECOY_APPLICATION;
    const { verifyLimit, failureCap } = effectiveSettings(application, security);
    const digests = attemptDigests({ expectedPin: derivePin(keyring, pin), candidate, random });
    const { applicationId, to } = pin;
    const facts = { pinId, applicationId, to, at: clock.now() };
    const result = await store.attemptPin({
      opId: random(16).toString('hex'),
      pinId,
      ...digests,
      verifyLimit,
      failureCap,
      events: [verificationEvent('verified', facts)],
      exhaustedEvents: [verificationEvent('exhausted', facts)],
    });
    if (result.outcome === 'verified' && result.live.length > 0) await deps.withdraw(result.live);
    return result;
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
}): Pick<PinRecord, 'pinId' | 'applicationId' | 'pinType' | 'pinLength' | 'keyId' | 'step' | 'seed' | 'to'> {
  const { applicationId } = DECOY_APPLICATION;
  const to = DECOY_NUMBER;
  return { ...newPinMaterial({ ...deps, to }), to, applicationId, pinType: 'NUMERIC', pinLength: 6 };
}
