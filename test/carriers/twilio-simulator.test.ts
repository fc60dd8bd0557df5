import type { AddressInfo } from 'node:net';

import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createSimulator, type Simulator } from '../../sip-sim/index.ts';
import { carrierWebhooks } from '../../src/api/carrier-webhooks/plugin.ts';
import type { CallCarrier, CarrierEvent, MediaStream, PlaceCall, Step } from '../../src/carriers/carrier.ts';
import { createTwilioCarrier, twilioConfig } from '../../src/carriers/twilio/index.ts';
import { systemClock } from '../../src/clock.ts';
import type { VoiceDelivery } from '../../src/delivery/delivery.ts';
import { createLogger } from '../../src/log.ts';

/** The adapter and its routes against the simulated carrier, which was written from the same page by other hands. */
const SPEED = 10;
const PHONE = '+41793026727';
const REF = '0123456789abcdef0123456789abcdef';
const WAIT = { timeout: 5000, interval: 5 };

let simulator: Simulator;
let app: FastifyInstance;
let carrier: CallCarrier;
let publicUrl: string;
let events: CarrierEvent['type'][];
let causes: string[];
let collected: string[];
/** What the answer webhook is answered with, and what each collection is. */
let answer: () => readonly Step[];
let afterDigits: (digits: string) => readonly Step[];
let stream: MediaStream | undefined;
let heard: unknown[][];

beforeEach(async () => {
  [events, causes, collected, heard, stream] = [[], [], [], [], undefined];
  simulator = await createSimulator({ speed: SPEED, seed: 3, authToken: 'simulated-token' });
  const log = createLogger('silent');
  const config = twilioConfig.parse({
    type: 'twilio',
    accountSid: simulator.accountSid,
    authToken: simulator.authToken,
    baseUrl: simulator.url,
    mode: 'media',
    from: '+15005550006',
    maxFramesPerSecond: 200 * SPEED,
  });
  carrier = createTwilioCarrier(config, { fetch, log, clock: systemClock });
  app = Fastify();
  const delivery: Pick<VoiceDelivery, 'handleWebhook' | 'admitMedia'> = {
    handleWebhook: async request => {
      if (!carrier.verifyWebhook(request.raw)) return { status: 403 };
      const parsed = carrier.parseWebhook(request.raw);
      for (const event of request.kind === 'status' || request.kind === 'machine' ? parsed.events : []) {
        events.push(event.type);
        if (event.type === 'ended') causes.push(event.cause);
      }
      if (request.kind === 'answer') return carrier.renderScript(answer());
      if (request.kind !== 'digits') return { status: 204 };
      collected.push(parsed.digits ?? 'none');
      return carrier.renderScript(afterDigits(parsed.digits ?? ''));
    },
    admitMedia: async ({ raw }) =>
      carrier.verifyWebhook(raw)
        ? socket => {
            stream = carrier.openMedia(socket);
            stream.listen({
              ready: info => heard.push(['ready', info.parameters]),
              digit: key => heard.push(['digit', key]),
              marked: (name, outcome) => heard.push(['marked', name, outcome]),
              closed: by => heard.push(['closed', by]),
            });
          }
        : undefined,
  };
  const port = await freePort();
  publicUrl = `http://127.0.0.1:${port}`;
  await app.register(carrierWebhooks, { delivery, carriers: ['twilio'], log, publicUrl });
  await app.listen({ host: '127.0.0.1', port });
});
afterEach(async () => {
  await simulator.close();
  await app.close();
});

const url = (kind: string) => `${publicUrl}/carrier-webhooks/twilio/${REF}/${kind}`;
const call = (more: Partial<PlaceCall> = {}): PlaceCall => ({
  callRef: REF,
  to: PHONE,
  from: '+41445551234',
  answerUrl: url('answer'),
  statusUrl: url('status'),
  machineUrl: url('machine'),
  ringTimeoutSeconds: 20,
  maxDurationSeconds: 60,
  machineDetection: 'off',
  ...more,
});
const phone = async (behaviour: Record<string, unknown>) =>
  await fetch(`${simulator.url}/phones/${encodeURIComponent(PHONE)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(behaviour),
  });
const mediaSteps = (): readonly Step[] => [
  {
    do: 'stream',
    url: `${publicUrl.replace('http', 'ws')}/media/twilio/TOKEN`,
    parameters: { callRef: REF },
  },
];

test('a media call: stream, key, clear, played marks, hang-up', async () => {
  answer = mediaSteps;
  await phone({ outcome: 'answer', answerAfterMs: 200, keys: [{ at: { ms: 3000 }, keys: '5' }] });
  const { carrierCallId } = await carrier.placeCall(call());
  await vi.waitFor(() => expect(heard).toEqual([['ready', { callRef: REF }]]), WAIT);
  stream!.send(Buffer.alloc(8 * 1000, 0x55));
  stream!.mark('heard');
  stream!.send(Buffer.alloc(8 * 30_000, 0x55));
  stream!.mark('cut');
  await vi.waitFor(() => expect(heard).toContainEqual(['digit', '5']), WAIT);
  stream!.clear();
  stream!.send(Buffer.alloc(8 * 500, 0x55));
  stream!.mark('again');
  await vi.waitFor(() => expect(heard).toHaveLength(5), WAIT);
  expect(heard.slice(1)).toEqual([
    ['marked', 'heard', 'played'],
    ['digit', '5'],
    ['marked', 'cut', 'cleared'],
    ['marked', 'again', 'played'],
  ]);
  await carrier.hangup(carrierCallId);
  await vi.waitFor(() => expect(heard.at(-1)).toEqual(['closed', 'carrier']), WAIT);
  await vi.waitFor(() => expect(events).toEqual(['initiated', 'ringing', 'answered', 'ended']), WAIT);
  expect(causes).toEqual(['completed']);
  await carrier.hangup(carrierCallId);
});

test('a markup call: speech, keys, another document', async () => {
  const say: Step = {
    do: 'say',
    ssml: '<prosody rate="200%">Press one</prosody><break time="200ms"/>',
    text: 'Press one',
    language: 'en',
  };
  const collect: Step = {
    do: 'collect',
    prompt: [say],
    maxDigits: 1,
    finishOn: '#',
    timeoutMs: 3000,
    nextUrl: '',
  };
  answer = () => [{ ...collect, nextUrl: `${url('digits')}?turn=1` }];
  afterDigits = digits =>
    digits === '1'
      ? [say, { ...collect, prompt: [], nextUrl: `${url('digits')}?turn=2` }]
      : [{ do: 'hangup' }];
  await phone({ outcome: 'answer', answerAfterMs: 200, keys: [{ at: { ms: 2500 }, keys: '1' }] });
  await carrier.placeCall(call());
  await vi.waitFor(() => expect(collected).toEqual(['1', '']), WAIT);
  await vi.waitFor(() => expect(causes).toEqual(['completed']), WAIT);
});

test.each([
  ['busy', 'busy'],
  ['no-answer', 'no-answer'],
  ['reject', 'rejected'],
  ['fail', 'failed'],
])('a phone that does %s ends as %s', async (outcome, cause) => {
  await phone({ outcome });
  await carrier.placeCall(call({ ringTimeoutSeconds: 3 }));
  await vi.waitFor(() => expect(causes).toEqual([cause]), WAIT);
});

test('a voicemail is detected', async () => {
  answer = mediaSteps;
  await phone({ outcome: 'voicemail', answerAfterMs: 200 });
  // The simulator's own greeting is synthesised while it rings, in real time.
  const request = call({ machineDetection: 'hangup', ringTimeoutSeconds: 600 });
  const { carrierCallId } = await carrier.placeCall(request);
  await vi.waitFor(() => expect(events).toContain('answeredBy'), WAIT);
  await carrier.hangup(carrierCallId);
});

async function freePort(): Promise<number> {
  const probe = Fastify();
  await probe.listen({ host: '127.0.0.1', port: 0 });
  const { port } = probe.server.address() as AddressInfo;
  await probe.close();
  return port;
}
