import { ServiceError } from '../errors.ts';
import { newApplicationId, type RandomBytes } from './ids.ts';
import { checkConfiguration, DEFAULT_CONFIGURATION } from './limits.ts';
import type { Application, ApplicationConfiguration } from './types.ts';

/** Body of create and update, types already checked at the border; null means absent. */
export interface ApplicationRequest {
  readonly name: string;
  readonly enabled?: boolean | null;
  readonly configuration?:
    | {
        readonly [Field in keyof ApplicationConfiguration]?: ApplicationConfiguration[Field] | null;
      }
    | null;
}

/** @throws ServiceError badRequest, naming the fields */
export function createApplication(
  request: ApplicationRequest,
  deps: { random: RandomBytes; now: number },
): Application {
  return {
    applicationId: newApplicationId(deps.random),
    ...settled(request, { enabled: true, configuration: DEFAULT_CONFIGURATION }),
    createdAt: deps.now,
    updatedAt: deps.now,
  };
}

/**
 * What is absent stays as it is. Infobip is silent, and the other reading (back to the defaults) would let a bare rename
 * loosen limits and enable a disabled application without a word. Their SDKs send all six fields or none.
 * @throws ServiceError badRequest, naming the fields
 */
export function updateApplication(
  existing: Application,
  request: ApplicationRequest,
  now: number,
): Application {
  return {
    applicationId: existing.applicationId,
    ...settled(request, existing),
    createdAt: existing.createdAt,
    updatedAt: now,
  };
}

function settled(
  request: ApplicationRequest,
  absent: Pick<Application, 'enabled' | 'configuration'>,
): Pick<Application, 'name' | 'enabled' | 'configuration'> {
  const given = request.configuration ?? {};
  const fallback = absent.configuration;
  const configuration: ApplicationConfiguration = {
    pinAttempts: given.pinAttempts ?? fallback.pinAttempts,
    allowMultiplePinVerifications:
      given.allowMultiplePinVerifications ?? fallback.allowMultiplePinVerifications,
    pinTimeToLive: given.pinTimeToLive ?? fallback.pinTimeToLive,
    verifyPinLimit: given.verifyPinLimit ?? fallback.verifyPinLimit,
    sendPinPerApplicationLimit: given.sendPinPerApplicationLimit ?? fallback.sendPinPerApplicationLimit,
    sendPinPerPhoneNumberLimit: given.sendPinPerPhoneNumberLimit ?? fallback.sendPinPerPhoneNumberLimit,
  };
  const blank = request.name.trim() === '' ? { name: ['must not be blank'] } : undefined;
  const fields = { ...blank, ...checkConfiguration(configuration) };
  if (Object.keys(fields).length > 0) throw new ServiceError('badRequest', { fields });
  return { name: request.name, enabled: request.enabled ?? absent.enabled, configuration };
}
