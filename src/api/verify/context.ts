import type { Clock } from '../../clock.ts';
import type { Verifications } from '../../delivery/verifications.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { SecuritySettings } from '../../domain/profile.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import type { Authenticator } from '../auth.ts';
import type { ZodApp } from '../zod-app.ts';

/** What the routes of our own verify API share. */
export interface VerifyDeps {
  readonly verifications: Verifications;
  readonly store: Store;
  readonly authenticate: Authenticator;
  readonly security: SecuritySettings;
  /** In the 2FA form, for requests that bring neither text nor language. */
  readonly defaultLanguage: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}

export type VerifyApp = ZodApp;

/** As Infobip's face has them: a key needs any one of an operation's. */
export const MANAGE = ['2fa:manage'] as const;
export const SEND = ['2fa:manage', '2fa:pin:send'] as const;

export const TAG = 'Verifications';
