import type { Clock } from '../../clock.ts';
import type { Store } from '../store.ts';
import { createAttempts } from './attempts.ts';
import { createRedisAuth, createTokenSweep } from './auth.ts';
import { createBacklog } from './backlog.ts';
import { createRedisBulks } from './bulks.ts';
import { createMessageIds } from './bulks-erase.ts';
import { createCatalog } from './catalog.ts';
import type { RedisConnection } from './connection.ts';
import { createDeliveries } from './deliveries.ts';
import { createEventEndpoints } from './events-endpoints.ts';
import { createEventLog } from './events-log.ts';
import { createPlaces } from './places.ts';
import { GroupCommit } from './group-commit.ts';
import { createHealth } from './health.ts';
import { createIdempotency } from './idempotency.ts';
import { createRedisLookups } from './lookups.ts';
import { createMediaTokens } from './media-tokens.ts';
import { createRedisMessages } from './messages.ts';
import { createRedisMessageReports } from './messages-reports.ts';
import { createRedisOutbox } from './outbox.ts';
import { createPinMessages } from './pin-messages.ts';
import { createPins } from './pins.ts';
import { createPolicies } from './policies.ts';
import type { ScriptRunner } from './script.ts';
import { createSweep } from './sweep.ts';
import { createTimers } from './timers.ts';
import { createVerificationRecords } from './verification-records.ts';
import { createVerifications } from './verifications.ts';
import { Words } from './words.ts';

/** The store over a connection that is open. Scripts are known only once all parts are made; `prepare` them then. */
export function createRedisStore(deps: {
  connection: RedisConnection;
  clock: Clock;
  scripts: ScriptRunner;
}): Store {
  const { connection, clock, scripts } = deps;
  const now = scripts.query('now');
  const commits = new GroupCommit({ scripts });
  const words = new Words(scripts);
  const deliveries = createDeliveries({ scripts, commits, words });
  const messages = createPinMessages({ scripts, commits, words });
  const ids = createMessageIds({ scripts });
  const places = createPlaces();
  let closing: Promise<void> | undefined;

  return {
    ...createCatalog({ scripts }),
    ...createPins({ scripts, commits, words, deliveries, messages }),
    ...createVerificationRecords({ scripts }),
    ...createVerifications({ scripts, deliveries, messages }),
    attemptPin: createAttempts({ commits }),
    ...deliveries.verbs,
    ...createMediaTokens({ scripts, words }),
    ...messages.verbs,
    ...createTimers({ scripts, commits }),
    ...createRedisOutbox({ scripts, places }),
    ...createEventEndpoints({ scripts }),
    ...createEventLog({ scripts, places }),
    ...createPolicies({ scripts }),
    ...createIdempotency({ scripts }),
    ...createRedisBulks({ scripts, ids }),
    ...createRedisMessages({ scripts }),
    ...createRedisMessageReports({ scripts, ids }),
    ...createRedisLookups({ scripts }),
    ...createRedisAuth({ scripts }),
    backlog: createBacklog({ scripts }),
    sweep: createSweep({ scripts, sweepTokens: createTokenSweep({ scripts }) }),
    now: async () => Number(await now('0')),
    ping: createHealth({ client: connection.client, clock, scripts }),
    close(): Promise<void> {
      scripts.close();
      closing ??= connection.close();
      return closing;
    },
  };
}
