import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { formatDate } from '../../../src/api/infobip/dates.ts';
import * as examples from '../../../src/api/infobip/tts/examples.ts';
import { renderVoiceReport } from '../../../src/api/infobip/tts/index.ts';
import { Rig } from '../../delivery/messages/rig.ts';
import { problems, shapeOf, TtsServer, type SendAnswer } from './rig.ts';

/** The face over the real engine and a real store: only the carrier is scripted. */

interface Reports {
  results: { messageId: string; status: { name: string }; error: { id: number } }[];
}

let rig: Rig;
let server: TtsServer;
beforeAll(async () => {
  rig = await Rig.start();
  server = await TtsServer.start({ messaging: rig.messaging, clock: rig.clock, speech: rig.speech });
});
afterAll(async () => {
  await server.close();
  await rig.close();
});

const LATER = '2026-01-03T00:00:00.000+0000';

describe('a message that the registry has a status for', () => {
  const window = (hour: number, minute: number) => ({
    days: ['MONDAY'],
    from: { hour: 8, minute: 0 },
    to: { hour, minute },
  });

  it.each([
    [{ text: ',,!?' }, 55, 'REJECTED_MESSAGE_IS_EMPTY'],
    [{ text: null }, 55, 'REJECTED_MESSAGE_IS_EMPTY'],
    [{ text: '<speak><break time="1s"/></speak>' }, 55, 'REJECTED_MESSAGE_IS_EMPTY'],
    [{ text: '<speak><prosody>Hi</speak>' }, 91, 'REJECTED_INVALID_SSML'],
    [{ language: 'wls' }, 54, 'REJECTED_UNSUPPORTED_LANGUAGE'],
    [{ text: null, audioFileUrl: 'ftp://a.example/b.mp3' }, 53, 'REJECTED_INVALID_AUDIO_FILE_URL'],
    [{ notifyUrl: 'nowhere' }, 56, 'REJECTED_INVALID_NOTIFY_URL'],
    [{ notifyContentType: 'text/csv' }, 57, 'REJECTED_INVALID_NOTIFY_CONTENT_TYPE'],
    [{ repeatDtmf: 'call' }, 58, 'REJECTED_INVALID_DTMF_SIGN'],
    [{ dtmfTimeout: 0 }, 59, 'REJECTED_INVALID_DTMF_TIMEOUT'],
    [{ ringTimeout: -5 }, 60, 'REJECTED_INVALID_RING_TIMEOUT'],
    [{ callTimeout: 0 }, 61, 'REJECTED_INVALID_CALL_TIMEOUT'],
    [{ machineDetection: 'perhaps' }, 62, 'REJECTED_INVALID_MACHINE_DETECTION'],
    [{ callTransfers: [{ transferTo: '41793026700', if: 'anyDtmf' }] }, 63, 'REJECTED_INVALID_ACTIONS'],
    [{ deliveryTimeWindow: window(8, 59) }, 87, 'REJECTED_INVALID_DELIVERY_TIME_WINDOW'],
    [{ destinations: [{ to: 'nobody' }] }, 52, 'REJECTED_DESTINATION'],
    [{ destinations: [{ to: ' ' }] }, 51, 'MISSING_TO'],
  ])('%j is answered with %d %s, and reported', async (fields, id, name) => {
    const { status, body } = await server.send(fields);
    expect(status).toBe(200);
    expect(body.messages[0]?.status).toMatchObject({ groupId: 5, groupName: 'REJECTED', id, name });
    expect(rig.carrier.placed).toHaveLength(0);
    const reports = await server.call<Reports>('GET', `/voice/1/reports?bulkId=${body.bulkId}`);
    expect(reports.body.results.map(report => [report.messageId, report.status.name])).toStrictEqual([
      [body.messages[0]?.messageId, name],
    ]);
  });

  it('used before is 23, and the first one stands', async () => {
    const destinations = [{ to: '41793026727', messageId: 'once' }];
    expect((await server.send({ destinations, sendAt: LATER })).body.messages[0]?.status.id).toBe(26);
    expect((await server.send({ destinations, sendAt: LATER })).body.messages[0]?.status.id).toBe(23);
  });
});

describe('a message that is taken', () => {
  it('is a call, and its end a report, once', async () => {
    const { body } = await server.send({ from: '41440000000', callbackData: 'mine' });
    await rig.clock.advanceAsync(1_000);
    expect(rig.carrier.placed).toMatchObject([{ to: '+41793026727', ringTimeoutSeconds: 45 }]);
    const taken = await server.call('GET', `/voice/1/reports?bulkId=${body.bulkId}`);
    expect(taken.body).toStrictEqual({ results: [] });
    await rig.ended(rig.callTimes[0]!.ref, 'CA1', 'busy');
    await rig.clock.advanceAsync(60_000);
    const log = await server.call<Reports>('GET', `/tts/3/logs?bulkId=${body.bulkId}`);
    expect(log.body.results).toMatchObject([{ to: '41793026727', text: 'Hello', status: { name: 'BUSY' } }]);
    const { body: reports } = await server.call<Reports>('GET', `/voice/1/reports?bulkId=${body.bulkId}`);
    expect(reports.results).toMatchObject([
      {
        bulkId: body.bulkId,
        messageId: body.messages[0]?.messageId,
        from: '41440000000',
        callbackData: 'mine',
        status: { id: 97, name: 'BUSY' },
        error: { id: 5002 },
      },
    ]);
    expect(Object.keys(reports.results[0] ?? {}).toSorted((a, b) => (a < b ? -1 : 1))).toStrictEqual(
      Object.keys(shapeOf(examples.reports.results[0]) as object),
    );
    const again = await server.call('GET', `/tts/3/reports?bulkId=${body.bulkId}`);
    expect(again.body).toStrictEqual({ results: [] });
  });

  it('takes the example with every field but the transfers', async () => {
    const messages = examples.advanced.messages.map(message => ({ ...message, callTransfers: [] }));
    const answer = await server.call<SendAnswer>('POST', '/tts/3/advanced', {
      ...examples.advanced,
      messages,
    });
    expect(answer.body.messages.map(({ status }) => status.id)).toStrictEqual([26, 26]);
  });
});

describe('a bulk', () => {
  let serial = 0;
  let bulkId = '';
  let placed = 0;
  const status = async (): Promise<unknown> =>
    (await server.call('GET', `/tts/3/bulks/status?bulkId=${bulkId}`)).body['status'];
  const put = async (path: string, body: object) =>
    await server.call('PUT', `/tts/3/bulks${path}?bulkId=${bulkId}`, body);

  beforeEach(async () => {
    bulkId = `mine-${serial++}`;
    placed = rig.carrier.placed.length;
    const message = {
      text: 'Hi',
      destinations: [{ to: '41793026727' }, { to: '41793026731' }],
      sendAt: LATER,
    };
    await server.call('POST', '/tts/3/advanced', { bulkId, messages: [message] });
  });

  it('waits, is put off, and goes out when it is due', async () => {
    expect(await status()).toBe('PENDING');
    expect((await server.call('GET', `/tts/3/bulks?bulkId=${bulkId}`)).body['sendAt']).toBe(LATER);
    expect(Object.keys(problems(await put('', { sendAt: LATER })))).toStrictEqual(['sendAt']);
    expect((await put('/status', { status: 'PAUSED' })).body['status']).toBe('PAUSED');
    const sendAt = formatDate(rig.clock.now() + 60_000);
    expect((await put('', { sendAt })).body['sendAt']).toBe(sendAt);
    await put('/status', { status: 'PENDING' });
    await rig.clock.advanceAsync(59_000);
    expect(rig.carrier.placed).toHaveLength(placed);
    await rig.clock.advanceAsync(2_000);
    expect(rig.carrier.placed).toHaveLength(placed + 2);
  });

  it('is called off, and reported so', async () => {
    expect((await put('/status', { status: 'CANCELED' })).body['status']).toBe('CANCELED');
    await rig.clock.advanceAsync(5_000);
    const { body } = await server.call<Reports>('GET', `/voice/1/reports?bulkId=${bulkId}`);
    expect(body.results.map(report => report.status.name)).toStrictEqual(['CANCELLED', 'CANCELLED']);
    expect(Object.keys(problems(await put('/status', { status: 'PENDING' })))).toStrictEqual(['status']);
    expect(rig.carrier.placed).toHaveLength(placed);
  });

  it('has a name of its own', async () => {
    const message = { text: 'Hi', destinations: [{ to: '41793026727' }] };
    const again = await server.call('POST', '/tts/3/advanced', { bulkId, messages: [message] });
    expect(problems(again)).toStrictEqual({ bulkId: ['is already in use'] });
    expect((await server.call('GET', '/tts/3/bulks?bulkId=other')).status).toBe(404);
    expect((await server.call('PUT', '/tts/3/bulks?bulkId=other', { sendAt: LATER })).status).toBe(404);
  });
});

it('takes 20,000 destinations at once, in order (how fast: test/bench/bulk.ts)', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, index) => String(41_793_000_000 + index));
  const { body } = await server.send({
    destinations: numbers.map(to => ({ to })),
    sendAt: LATER,
    sendingSpeed: { speed: 50, timeUnit: 'second' },
  });
  expect(body.messages.map(({ to }) => to)).toStrictEqual(numbers);
  expect(new Set(body.messages.map(({ messageId }) => messageId)).size).toBe(20_000);
  expect((await server.call('GET', '/tts/3/logs?limit=1000')).body['results']).toHaveLength(1_000);
});

it('takes whatever a string can hold, and gives it back', async () => {
  const any = fc.string({ unit: 'binary', maxLength: 20 });
  const message = fc.record({
    text: any,
    from: any,
    language: any,
    callbackData: any,
    notifyUrl: any,
    destinations: fc.array(fc.record({ to: any, messageId: any }), { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(message, async fields => {
      const answer = await server.send({ ...fields, sendAt: LATER });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body.messages).toHaveLength(fields.destinations.length);
      const ids = answer.body.messages.map(({ messageId }) => encodeURIComponent(messageId.toWellFormed()));
      expect((await server.call('GET', `/tts/3/logs?messageId=${ids[0]}`)).status).toBe(200);
    }),
    { numRuns: 100, seed: 20_261_121 },
  );
  for (const path of ['/tts/3/logs?limit=1000', '/voice/1/reports?limit=1000']) {
    expect((await server.call<Reports>('GET', path)).body.results.length).toBeGreaterThan(50);
  }
  const { messages } = await rig.messaging.logs({ channel: 'voice', limit: 1_000 });
  for (const version of [1, 2] as const) {
    for (const contentType of ['application/json', 'application/xml'] as const) {
      expect(renderVoiceReport(messages, { version, contentType }).body.length).toBeGreaterThan(1_000);
    }
  }
});
