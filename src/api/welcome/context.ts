import type { Clock } from '../../clock.ts';
import type { Verifications } from '../../delivery/verifications.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { ApplicationConfiguration, ApplicationId, E164 } from '../../domain/types.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';

export interface WelcomeDeps {
  /** The simulator's pages, where it stands in for carriers; undefined: there is no first page. */
  readonly simulatorUrl: string | undefined;
  readonly verifications: Pick<Verifications, 'create' | 'check'>;
  readonly store: Pick<Store, 'getApplication' | 'putApplication' | 'getPin' | 'now'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Under which browsers may reach us beside this machine's own names. */
  readonly publicUrl: string;
  /** Where the API key is to be found, in words; never the key. */
  readonly apiKeySource: string;
}

/** The only phone that this page rings. */
export const WELCOME_NUMBER = '+41793026727' as E164;
export const WELCOME_NUMBER_DISPLAY = '+41 79 302 67 27';

/** Of its own, so that a newcomer's fourth try is not stopped by the limits that guard real numbers. */
export const WELCOME_APPLICATION_ID = `${'0'.repeat(31)}1` as ApplicationId;

export const WELCOME_CONFIGURATION: ApplicationConfiguration = {
  pinAttempts: 10,
  allowMultiplePinVerifications: false,
  pinTimeToLive: '15m',
  verifyPinLimit: '20/10s',
  sendPinPerApplicationLimit: '10000/1d',
  sendPinPerPhoneNumberLimit: '10000/1d',
};
