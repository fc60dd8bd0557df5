import type { Clock } from '../../clock.ts';
import type { Store } from '../store.ts';
import { createAttempts } from './attempts.ts';
import { createCatalog } from './catalog.ts';
import type { RedisClient } from './connection.ts';
import { createDeliveries } from './deliveries.ts';
import { createHealth } from './health.ts';
import { createMediaTokens } from './media-tokens.ts';
import { createRedisOutbox } from './outbox.ts';
import { createPinMessages } from './pin-messages.ts';
import { createPins } from './pins.ts';
import type { ScriptRunner } from './script.ts';
import { createSweep } from './sweep.ts';
import { createTimers } from './timers.ts';

/** The store over a connection that is open. Scripts are known only once all parts are made; `prepare` them then. */
export function createRedisStore(deps: { client: RedisClient; clock: Clock; scripts: ScriptRunner }): Store {
  const { client, scripts } = deps;
  const now = scripts.query('now');
  const deliveries = createDeliveries({ scripts });
  const messages = createPinMessages({ scripts });
  let closing: Promise<void> | undefined;

  const store = {
    ...createCatalog({ scripts }),
    ...createPins({ scripts, deliveries, messages }),
    attemptPin: createAttempts({ scripts }),
    ...deliveries,
    ...createMediaTokens({ scripts }),
    ...messages,
    ...createTimers({ scripts }),
    ...createRedisOutbox({ scripts }),
    sweep: createSweep({ scripts }),
    now: async () => Number(await now(['0'], [])),
    ping: createHealth(deps),
    close(): Promise<void> {
      scripts.close();
      closing ??= endConnection(client);
      return closing;
    },
  };
  return store as unknown as Store;
}

/** How long the last replies are waited for. */
const FAREWELL_MS = 1000;

/** What was sent is answered first. */
async function endConnection(client: RedisClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>(resolve => {
    timer = setTimeout(resolve, FAREWELL_MS);
  });
  await Promise.race([client.quit().catch(() => 'gone already'), patience]);
  clearTimeout(timer);
  client.disconnect();
}
