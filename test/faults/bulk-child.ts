/**
 * A process that sends bulks through the simulator over real sockets, for the test that kills it:
 * `node bulk-child.ts <json>`. The parts are those of src/app.ts, with speech that needs no synthesis.
 */
import Fastify from 'fastify';

import { carrierWebhooks } from '../../src/api/carrier-webhooks/plugin.ts';
import { createTwilioCarrier, createTwilioTexts, twilioConfig } from '../../src/carriers/twilio/index.ts';
import { systemClock } from '../../src/clock.ts';
import { createVoiceDelivery } from '../../src/delivery/index.ts';
import { createMessageCalls, createMessaging, createRecordings } from '../../src/delivery/messages/index.ts';
import type { SubmitBulk } from '../../src/delivery/messaging.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import { createKeyring } from '../../src/domain/pin.ts';
import { securitySettings } from '../../src/domain/profile.ts';
import type { E164 } from '../../src/domain/types.ts';
import { createLogger } from '../../src/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { InstantSpeech } from '../support/instant-speech.ts';
import { voice } from '../delivery/rig.ts';

export interface ChildOptions {
  readonly path: string;
  readonly port: number;
  readonly simUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
}

const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const { path, port, simUrl, accountSid, authToken } = options;
const publicUrl = `http://127.0.0.1:${port}`;
const clock = systemClock;
const log = createLogger('info', { write: line => void process.stderr.write(line) });
const from = '+15005550006' as E164;
const config = twilioConfig.parse({
  type: 'twilio',
  accountSid,
  authToken,
  baseUrl: simUrl,
  mode: 'media',
  from,
  maxFramesPerSecond: 10_000,
});
const store = await openSqliteStore({ path, clock, busyTimeoutMs: 5_000 });
const speech = new InstantSpeech();
const carrier = createTwilioCarrier(config, { fetch, log, clock });
const texts = createTwilioTexts(config, { fetch, log, clock });
const carriers = new Map([[carrier.name, carrier]]);
const route = () => ({ carrier: carrier.name, from });
const fetchGuarded = () => Promise.reject(new Error('no files here'));
const recordings = createRecordings({ fetchGuarded, clock });
const messageCalls = createMessageCalls({ store, speech, recordings });
const delivery = createVoiceDelivery({
  store,
  carriers,
  route,
  speech,
  keyring: createKeyring({ keys: [{ id: 'k1', secret: Buffer.alloc(64, 7) }], current: 'k1' }),
  security: securitySettings('compat'),
  voice,
  clock,
  random: systemRandom,
  log,
  publicUrl,
  retentionMs: 86_400_000,
  messageCalls,
});
const messaging = createMessaging({
  store,
  calls: delivery,
  callCarriers: carriers,
  textCarriers: new Map([[texts.name, texts]]),
  routeCall: route,
  routeText: route,
  speech,
  recordings,
  messageCalls,
  clock,
  random: systemRandom,
  log,
  publicUrl,
  retentionMs: 86_400_000,
});
const server = Fastify({ forceCloseConnections: true });
await carrierWebhooks(server, {
  delivery,
  texts: [messaging],
  publicUrl,
  carriers: [carrier.name],
  log,
});
await server.listen({ host: '127.0.0.1', port });
await delivery.start();
await messaging.start();
process.on('message', (request: SubmitBulk) => {
  messaging.submit(request).then(
    accepted => process.send?.({ bulkId: accepted.bulkId }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ ready: true });
