import type { Clock } from '../../clock.ts';
import type { Endpoints, Replays, TestPush } from '../../delivery/events/index.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import type { Authenticator } from '../auth.ts';
import type { ZodApp } from '../zod-app.ts';

/** What the routes of this face share. */
export interface EventsDeps {
  readonly store: Pick<Store, 'getLoggedEvent' | 'listLoggedEvents'>;
  readonly endpoints: Endpoints;
  readonly replays: Replays;
  readonly testPush: TestPush;
  readonly authenticate: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: on. */
  readonly requestLimits?: boolean | undefined;
}

export type EventsApp = ZodApp;

/** Events name every number that the account sends to, and an endpoint gets them all. */
export const MANAGE = ['2fa:manage'] as const;
export const TAG = 'Events';

const MINUTE_MS = 60_000;
/** What makes us call a customer's server is bounded. */
export const TEST_RATE = { name: 'test webhooks', requests: 30, windowMs: MINUTE_MS };
export const REPLAY_RATE = { name: 'replay events', requests: 60, windowMs: MINUTE_MS };
