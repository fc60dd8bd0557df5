import { ALPHABETS, MAX_PIN_LENGTH } from './pin.ts';
import { DAY_MS, parseDuration, parseLimit } from './limits.ts';
import type { Application, ApplicationConfiguration, CallScript, Limit, PinType, Template } from './types.ts';

/** Decision 8 of DESIGN: two profiles, and each of their settings also on its own. */
export type SecurityProfile = 'compat' | 'strict';

/** Undefined bounds nothing. */
export interface SecuritySettings {
  readonly maxTtlMs: number | undefined;
  readonly maxAttempts: number | undefined;
  /** Overrules `allowMultiplePinVerifications`. */
  readonly singleUse: boolean;
  /** How many PINs there must be to guess among; a shorter template gets a longer PIN. */
  readonly minPinSpace: number | undefined;
  /** Wrong PINs of one number and application, over all of its pinIds, before comparing stops. */
  readonly failureCap: Limit | undefined;
  /** A new send kills the earlier PINs of that number and application. */
  readonly supersede: boolean;
  readonly gate: CallScript['gate'];
  readonly gateDigits: CallScript['gateDigits'];
  /** What a destination must be: see parseMsisdn. */
  readonly numbers: 'possible' | 'valid';
}

const PROFILES: Readonly<Record<SecurityProfile, SecuritySettings>> = {
  compat: {
    maxTtlMs: undefined,
    maxAttempts: undefined,
    singleUse: false,
    minPinSpace: undefined,
    failureCap: undefined,
    supersede: false,
    gate: 'off',
    gateDigits: 1,
    numbers: 'possible',
  },
  // NIST SP 800-63B rev. 3, 5.1.3.2 and 5.2.2, and rev. 4, 3.1.3: 10 minutes, one use, six decimal digits ("approximately
  // 20 bits", so the bound is 10^6 and not 2^20), at most 100 consecutive failures.
  strict: {
    maxTtlMs: 600_000,
    maxAttempts: 5,
    singleUse: true,
    minPinSpace: 1_000_000,
    failureCap: { attempts: 100, windowMs: DAY_MS },
    supersede: true,
    gate: 'random-digit',
    gateDigits: 1,
    numbers: 'valid',
  },
};

/** The profile's settings with single ones overridden; a key that is present wins, even when it is undefined. */
export function securitySettings(
  profile: SecurityProfile,
  overrides: Partial<SecuritySettings> = {},
): SecuritySettings {
  return { ...PROFILES[profile], ...overrides };
}

/** What an application's configuration comes to under the settings, in numbers. */
export interface EffectiveSettings {
  readonly ttlMs: number;
  readonly attempts: number;
  readonly allowMultiple: boolean;
  readonly verifyLimit: Limit;
  readonly limits: { readonly perApplication: Limit; readonly perNumber: Limit };
  readonly failureCap: Limit | undefined;
  readonly supersede: boolean;
}

/** @throws Error when a configuration was stored that `checkConfiguration` refuses */
export function effectiveSettings(application: Application, settings: SecuritySettings): EffectiveSettings {
  const { configuration } = application;
  const ttlMs = need(parseDuration(configuration.pinTimeToLive), 'pinTimeToLive');
  return {
    ttlMs: Math.min(ttlMs, settings.maxTtlMs ?? Infinity),
    attempts: Math.min(configuration.pinAttempts, settings.maxAttempts ?? Infinity),
    allowMultiple: configuration.allowMultiplePinVerifications && !settings.singleUse,
    verifyLimit: need(parseLimit(configuration.verifyPinLimit, DAY_MS), 'verifyPinLimit'),
    limits: {
      perApplication: need(
        parseLimit(configuration.sendPinPerApplicationLimit),
        'sendPinPerApplicationLimit',
      ),
      perNumber: need(parseLimit(configuration.sendPinPerPhoneNumberLimit), 'sendPinPerPhoneNumberLimit'),
    },
    failureCap: settings.failureCap,
    supersede: settings.supersede,
  };
}

function need<Value>(value: Value | undefined, field: keyof ApplicationConfiguration): Value {
  if (value === undefined) throw new Error(`the stored ${field} cannot be read`);
  return value;
}

/** The PIN that a template gets: its own length, or the shortest that is hard enough to guess. */
export function effectivePin(
  template: Pick<Template, 'pinType' | 'pinLength'>,
  settings: Pick<SecuritySettings, 'minPinSpace'>,
): { pinType: PinType; pinLength: number } {
  const symbols = ALPHABETS[template.pinType].length;
  let { pinLength } = template;
  while (pinLength < MAX_PIN_LENGTH && symbols ** pinLength < (settings.minPinSpace ?? 0)) pinLength++;
  return { pinType: template.pinType, pinLength };
}
