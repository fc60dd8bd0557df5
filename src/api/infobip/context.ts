import type { FastifyPluginAsync } from 'fastify';

import type { Clock } from '../../clock.ts';
import type { PinMessaging, VoiceDelivery } from '../../delivery/delivery.ts';
import type { RandomBytes } from '../../domain/ids.ts';
import type { Keyring } from '../../domain/pin.ts';
import type { SecuritySettings } from '../../domain/profile.ts';
import type { Application, ApplicationId } from '../../domain/types.ts';
import { ServiceError } from '../../errors.ts';
import type { RecentCatalog } from '../../store/recent-catalog.ts';
import type { Store } from '../../store/store.ts';
import type { ZodApp } from '../zod-app.ts';

/** What the routes of this face share. */
export interface InfobipDeps {
  readonly store: Store;
  /** For sends; absent: the store itself. */
  readonly recent?: RecentCatalog;
  readonly delivery: VoiceDelivery & PinMessaging;
  readonly keyring: Keyring;
  readonly security: SecuritySettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly settings: ApiSettings;
  /** Further parts of Infobip's API, registered in the same scope: ttsApi, smsApi, numberApi. */
  readonly faces?: readonly FastifyPluginAsync[];
}

export interface ApiSettings {
  /** infobip-api.md 0.1: their documents say 201, their Python client takes only 200. */
  readonly createApplicationStatus: 200 | 201;
  /** infobip-api.md 1.4; absent: on. */
  readonly requestLimits?: boolean;
}

export type InfobipApp = ZodApp;

/** Scopes of infobip-api.md 1.1: a key needs any one of an operation's. */
export const MANAGE = ['2fa:manage'] as const;
export const SEND = ['2fa:manage', '2fa:pin:send'] as const;

export const TAG = '2FA';

/** @throws ServiceError notFound */
export async function requireApplication(store: Store, appId: string): Promise<Application> {
  const application = await store.getApplication(appId as ApplicationId);
  if (!application) throw new ServiceError('notFound');
  return application;
}
