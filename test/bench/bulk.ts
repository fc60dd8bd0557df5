/**
 * A bulk of 20,000 in the SQLite store: how long it takes to be accepted and how long it keeps the event loop, how many
 * messages a second can be claimed and ended, and how far a paced bulk strays from its speed in real time.
 *
 *   node test/bench/bulk.ts [destinations=20000] [paceSeconds=5] [folder=a temporary one]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

import { systemClock } from '../../src/clock.ts';
import { createMessageCalls, createMessaging, createRecordings } from '../../src/delivery/messages/index.ts';
import { systemRandom } from '../../src/domain/ids.ts';
import type { E164 } from '../../src/domain/types.ts';
import { createLogger } from '../../src/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { InstantSpeech } from '../support/instant-speech.ts';
import { SMS, VOICE } from '../support/message-fixtures.ts';

const destinations = Number(process.argv[2] ?? 20_000);
const paceSeconds = Number(process.argv[3] ?? 5);
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'saypin-bench-'));
const store = await openSqliteStore({ path: join(folder, 'saypin.db'), clock: systemClock });
console.log(`node ${process.version}, ${destinations} destinations, ${folder}`);

const sent: number[] = [];
const speech = new InstantSpeech();
const recordings = createRecordings({
  clock: systemClock,
  fetchGuarded: () => Promise.reject(new Error('no files here')),
});
const messageCalls = createMessageCalls({ store, speech, recordings });
const texts = {
  name: 'bench',
  async sendText() {
    sent.push(performance.now());
    return { carrierMessageId: `SM${sent.length}` };
  },
  verifyWebhook: () => false,
  parseTextWebhook: () => ({ carrierMessageId: '', events: [] }),
};
const messaging = createMessaging({
  store,
  calls: { callMessage() {}, liveCalls: 0 },
  callCarriers: new Map(),
  textCarriers: new Map([['bench', texts]]),
  routeCall: () => undefined,
  routeText: () => ({ carrier: 'bench', from: '+15005550006' as E164 }),
  speech,
  recordings,
  messageCalls,
  clock: systemClock,
  random: systemRandom,
  log: createLogger('silent'),
  publicUrl: 'http://127.0.0.1:1',
  retentionMs: 1,
});
const numbers = (prefix: string) =>
  Array.from({ length: destinations }, (_, index) => ({ to: `${prefix}${String(3_000_000 + index)}` }));

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const started = performance.now();
await messaging.submit({
  face: 'tts3',
  channel: 'voice',
  messages: [{ content: VOICE, destinations: numbers('4179'), speed: { amount: 50, perMs: 1_000 } }],
});
const accepted = performance.now() - started;
delay.disable();
console.log(`accepted in ${accepted.toFixed(0)} ms, longest turn ${(delay.max / 1e6).toFixed(0)} ms`);

await messaging.submit({
  face: 'sms3',
  channel: 'sms',
  messages: [{ content: SMS, destinations: numbers('4178') }],
});
const claiming = performance.now();
let claimed = 0;
for (;;) {
  const batch = await store.claimMessages({ channel: 'sms', limit: 64, leaseMs: 60_000 });
  if (batch.length === 0) break;
  claimed += batch.length;
  await Promise.all(
    batch.map(({ ref }) => store.stepMessage({ ref, to: 'done', outcome: { kind: 'delivered' } })),
  );
}
const perSecond = (claimed * 1000) / (performance.now() - claiming);
console.log(`claimed and ended ${claimed}, ${perSecond.toFixed(0)}/s`);

let wrong = accepted >= 2_000;
await messaging.start();
for (const amount of [10, 50, 200]) {
  sent.length = 0;
  const count = amount * paceSeconds;
  await messaging.submit({
    face: 'sms3',
    channel: 'sms',
    speed: { amount, perMs: 1_000 },
    messages: [{ content: SMS, destinations: numbers('4177').slice(0, count) }],
  });
  while (sent.length < count) await pause(20);
  const speed = ((count - 1) * 1000) / (sent.at(-1)! - sent[0]!);
  const error = speed / amount - 1;
  wrong ||= Math.abs(error) > 0.05;
  console.log(`asked for ${amount}/s: ${speed.toFixed(2)}/s, ${(error * 100).toFixed(2)} %`);
}
await messaging.stop(1_000);
await store.close();
rmSync(folder, { recursive: true, force: true });
if (wrong) process.exitCode = 1;
