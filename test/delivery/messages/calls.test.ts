import { setTimeout as pause } from 'node:timers/promises';

import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';

import type { Step } from '../../../src/carriers/carrier.ts';
import { CarrierError } from '../../../src/errors.ts';
import { encodeWav } from '../../../src/speech/wav.ts';
import { ScriptedMediaStream } from '../../support/scripted-media-stream.ts';
import { settle } from '../../support/fake-clock.ts';
import { VOICE } from '../../support/message-fixtures.ts';
import { ScriptedCarrier } from '../../support/scripted-carrier.ts';
import { streamUrl } from '../rig.ts';
import { withRig, type Rig } from './rig.ts';

async function answered(rig: Rig, index = 0, id = 'CA1'): Promise<readonly Step[]> {
  const { ref } = rig.callTimes[index]!;
  const reply = await rig.say('answer', ref, id, { events: [{ type: 'answered' }] });
  return JSON.parse(reply.body ?? '[]') as Step[];
}

/** The phone is answered and the media socket has sent its first message. */
async function talking(rig: Rig): Promise<ScriptedMediaStream> {
  const url = streamUrl(await answered(rig));
  const token = url.split('/').at(-1)!;
  const raw = {
    method: 'GET',
    url,
    headers: { 'x-signature': `signed ${url}` },
    rawBody: Buffer.alloc(0),
  };
  const takeOver = await rig.delivery.admitMedia({ carrier: 'scripted', token, raw });
  if (!takeOver) throw new Error('the socket was refused');
  const stream = new ScriptedMediaStream(rig.clock);
  takeOver(stream as unknown as WebSocket);
  rig.carrier.onHangup = async () => stream.end('carrier');
  stream.ready('CA1');
  return stream;
}

it(
  'speaks the message without PIN or gate, hears keys, and reports both',
  withRig({}, async rig => {
    const notify = {
      url: 'https://shop.example/reports',
      contentType: 'application/json',
      version: 2,
      intermediate: false,
    } as const;
    const content = { ...VOICE, maxDtmf: 2 };
    const { messages } = await rig.submit('voice', ['41793026727'], { from: '41440000000', content, notify });
    expect(rig.carrier.placed).toMatchObject([
      { to: '+41793026727', from: '+41440000000', ringTimeoutSeconds: 45, machineDetection: 'off' },
    ]);
    const stream = await talking(rig);
    await rig.clock.advanceAsync(600);
    stream.press('3');
    await rig.clock.advanceAsync(500);
    stream.press('9');
    await rig.clock.advanceAsync(20_000);
    await rig.ended(rig.callTimes[0]!.ref, 'CA1', 'completed');
    await rig.clock.advanceAsync(10_000);
    const said = rig.speech.rendered.flat().map(each => (each.kind === 'speech' ? each : undefined));
    expect(said.find(each => each !== undefined)).toMatchObject({
      text: 'The train leaves at nine',
      cache: 'transient',
      pin: false,
    });
    const message = await rig.message('voice', messages[0]!.messageId);
    expect(message).toMatchObject({
      state: 'done',
      outcome: { kind: 'answered' },
      voice: { fileDurationSeconds: 0.5, dtmfCodes: '3, 9' },
    });
    expect(message.voice?.answeredAt).toBeGreaterThan(0);
    const events = await rig.store.claimEvents({ limit: 9, leaseMs: 1 });
    expect(events).toMatchObject([
      {
        id: `message-report-${message.ref}`,
        type: 'customer.push',
        data: { url: notify.url, kind: 'report', messageRef: message.ref, version: 2 },
      },
    ]);
  }),
);

it(
  'plays a file that was fetched and decoded once for the whole bulk',
  withRig(
    {
      file: (() => {
        let fetched = 0;
        return async url => {
          if (url !== 'https://files.example/a.wav' || fetched++ > 0) throw new Error('not there');
          return encodeWav({ sampleRate: 16_000, samples: new Int16Array(32_000).fill(1_000) });
        };
      })(),
    },
    async rig => {
      const content = { ...VOICE, text: undefined, audioFileUrl: 'https://files.example/a.wav' };
      const { messages } = await rig.submit('voice', 3, { content });
      const deadline = performance.now() + 10_000;
      while (rig.carrier.placed.length < 3 && performance.now() < deadline) await pause(20);
      expect(rig.carrier.placed).toHaveLength(3);
      const stream = await talking(rig);
      await settle();
      expect(stream.sentMs).toBe(2_000);
      await rig.clock.advanceAsync(30_000);
      await rig.ended(rig.callTimes[0]!.ref, 'CA1', 'completed');
      await rig.clock.advanceAsync(10_000);
      const spoken = await rig.message('voice', messages[0]!.messageId);
      expect(spoken).toMatchObject({ outcome: { kind: 'answered' }, voice: { fileDurationSeconds: 2 } });
    },
  ),
);

it.each([
  ['cannot be had', () => Promise.reject(new Error('404')), 'audio-download'],
  ['is no sound', () => Promise.resolve(new Uint8Array(100)), 'audio-format'],
] as const)('calls nobody for a file that %s', async (_, file, carrierCode) => {
  await withRig({ file }, async rig => {
    const content = { ...VOICE, audioFileUrl: 'https://files.example/a.mp3' };
    const { messages } = await rig.submit('voice', 1, { content });
    const deadline = performance.now() + 10_000;
    const state = async () => (await rig.message('voice', messages[0]!.messageId)).state;
    while ((await state()) !== 'done' && performance.now() < deadline) await pause(20);
    expect(await rig.message('voice', messages[0]!.messageId)).toMatchObject({
      state: 'done',
      outcome: { kind: 'failed', carrierCode },
    });
    expect(rig.carrier.placed).toEqual([]);
  })();
});

it(
  'tries again when the carrier was not reached, without spending a retry',
  withRig({}, async rig => {
    const away = () => Promise.reject(new CarrierError('unreachable', { retryable: true }));
    // The dialler asks three times a call.
    rig.carrier.answers = [away, away, away];
    const { messages } = await rig.submit('voice', 1);
    await rig.clock.advanceAsync(3_000);
    expect(await rig.message('voice', messages[0]!.messageId)).toMatchObject({
      state: 'scheduled',
      stalls: 1,
    });
    await rig.clock.advanceAsync(3_000);
    expect(await rig.message('voice', messages[0]!.messageId)).toMatchObject({ state: 'sent', tries: 2 });
    expect(rig.carrier.placed).toHaveLength(4);
  }),
);

it(
  'after a crash between claim and call, calls once',
  withRig({}, async rig => {
    rig.store.startCall = () => new Promise(() => {});
    await rig.submit('voice', 1);
    expect(rig.carrier.placed).toEqual([]);
    await rig.crash();
    await rig.clock.advanceAsync(10_000);
    expect(rig.carrier.placed).toHaveLength(1);
  }),
);

it.each([
  ['has the call: it is adopted', { match: 'one', carrierId: 'CA7' }, 1, 'CA7'],
  ['does not have it: once more', { match: 'none' }, 2, 'CA2'],
  ['cannot tell: no second ring', { match: 'several' }, 1, undefined],
] as const)(
  'after a crash between request and record asks the carrier, which %s',
  async (_, found, calls, id) => {
    const carrier = Object.assign(new ScriptedCarrier(), { findCall: () => Promise.resolve(found) });
    await withRig({ carrier }, async rig => {
      carrier.answers = [() => new Promise(() => {})];
      await rig.submit('voice', 1);
      expect(carrier.placed).toHaveLength(1);
      await rig.crash();
      await rig.clock.advanceAsync(30_000);
      expect(carrier.placed).toHaveLength(calls);
      expect((await rig.store.getDelivery(rig.callTimes[0]!.ref))?.carrierCallId).toBe(id);
    })();
  },
);

it(
  'begins no more calls than may be live',
  withRig({ limits: { liveCalls: 3 } }, async rig => {
    await rig.submit('voice', 5);
    await rig.clock.advanceAsync(5_000);
    expect(rig.callTimes).toHaveLength(3);
    await rig.ended(rig.callTimes[0]!.ref, 'CA1', 'busy');
    await rig.clock.advanceAsync(1_000);
    expect(rig.callTimes).toHaveLength(4);
  }),
);

it(
  'reads the message by markup where the carrier has no media',
  withRig({ carrier: new ScriptedCarrier({ media: false }) }, async rig => {
    const { messages } = await rig.submit('voice', 1);
    const steps = await answered(rig);
    expect(steps.filter(step => step.do === 'say')).toMatchObject([{ text: 'The train leaves at nine' }]);
    await rig.ended(rig.callTimes[0]!.ref, 'CA1', 'completed');
    await rig.clock.advanceAsync(10_000);
    expect(await rig.message('voice', messages[0]!.messageId)).toMatchObject({
      outcome: { kind: 'answered' },
    });
  }),
);
