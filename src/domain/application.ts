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
    ...settled(request),
    createdAt: deps.now,
    updatedAt: deps.now,
  };
}

/**
 * PUT replaces the whole: Infobip's PUT takes the schema of POST, defaults included, so what is absent goes back to
 * its default. Only the identity and the time of creation stay.
 * @throws ServiceError badRequest, naming the fields
 */
export function updateApplication(
  existing: Application,
  request: ApplicationRequest,
  now: number,
): Application {
  return {
    applicationId: existing.applicationId,
    ...settled(request),
    createdAt: existing.createdAt,
    updatedAt: now,
  };
}

function settled(request: ApplicationRequest): Pick<Application, 'name' | 'enabled' | 'configuration'> {
  const given = request.configuration ?? {};
  const fallback = DEFAULT_CONFIGURATION;
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
  return { name: request.name, enabled: request.enabled ?? true, configuration };
}
