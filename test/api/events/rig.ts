import { onTestFinished } from 'vitest';

import { createApiKeyAuthenticator, hashApiKey } from '../../../src/api/auth.ts';
import { eventsApi } from '../../../src/api/events/index.ts';
import {
  createEndpoints,
  createEventDispatcher,
  createReplays,
  createTestPush,
  type EventDispatcher,
} from '../../../src/delivery/events/index.ts';
import { createGuardedFetch } from '../../../src/delivery/push/index.ts';
import { createKeyring } from '../../../src/domain/pin.ts';
import { createLogger } from '../../../src/log.ts';
import type { NewEvent } from '../../../src/store/store.ts';
import { ApiServer, KEYS } from '../../support/api-server.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** The API of events over a real store, reached through `inject`; `pushed` counts the calls that wake the pusher. */
export async function eventsApiRig(options: { allowPrivate?: boolean; requestLimits?: boolean } = {}) {
  const { allowPrivate = true, requestLimits = false } = options;
  const random = seededRandom('events-api');
  const keyring = createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' });
  let lines = '';
  const log = createLogger('trace', { write: line => void (lines += line) });
  let wakes = 0;
  let dispatcher: EventDispatcher | undefined;
  const server = await ApiServer.start({
    wire: ({ store, clock }) => {
      const guard = { allowPrivate };
      const endpoints = createEndpoints({ store, keyring, clock, random, guard });
      const pushWaits = (): void => void wakes++;
      const fetch = createGuardedFetch({ clock, allowPrivate, resolve: async () => ['127.0.0.1'] });
      dispatcher = createEventDispatcher({ store, endpoints, clock, log, retentionMs: 1e12, pushWaits });
      const api = eventsApi({
        store,
        endpoints,
        replays: createReplays({ store, endpoints, pushWaits }),
        testPush: createTestPush({ endpoints, fetch, clock, random }),
        authenticate: createApiKeyAuthenticator({
          keys: [
            { name: 'all', hash: hashApiKey(KEYS.all) },
            { name: 'manage', hash: hashApiKey(KEYS.manage), scopes: ['2fa:manage'] },
            { name: 'phones', hash: hashApiKey(KEYS.phones), scopes: ['2fa:pin:send'] },
          ],
        }),
        clock,
        log,
        requestLimits,
      });
      return { plugins: [async root => await root.register(api)] };
    },
  });
  onTestFinished(async () => await server.close());
  return {
    server,
    call: server.call.bind(server),
    store: server.store,
    clock: server.clock,
    wakes: () => wakes,
    logged: () => lines,
    /** As the dispatcher would, and waits until it is done. */
    publish: async (...events: NewEvent[]) => {
      await server.store.emitEvents(events);
      await dispatcher!.start();
      await dispatcher!.stop();
    },
    /** The ids of pushes on their way. */
    pushes: async () => {
      const claimed = await server.store.claimEvents({ limit: 1_000, leaseMs: 1, types: ['customer.push'] });
      return claimed.map(({ id }) => id);
    },
  };
}
