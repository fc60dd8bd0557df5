import type { NumberLookup } from '../../../carriers/message-carrier.ts';
import type { Clock } from '../../../clock.ts';
import type { RandomBytes } from '../../../domain/ids.ts';
import type { Store } from '../../../store/store.ts';

/** What the routes of the number lookup share. */
export interface NumberDeps {
  readonly lookup: NumberLookup;
  readonly store: Pick<Store, 'addLookups' | 'finishLookups' | 'lookupsOf' | 'listLookups'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Something waits in the outbox: the pusher's `wake`. */
  readonly pushWaits?: () => void;
}

/** Scopes of infobip-api.md 1.1: a key needs any one of an operation's. */
export const SEND = ['number-lookup:manage', 'number-lookup:send'] as const;
export const LOGS = ['number-lookup:manage', 'number-lookup:logs:read'] as const;

export const TAG = 'Number lookup';
