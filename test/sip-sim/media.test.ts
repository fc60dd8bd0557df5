import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { Customer, eventually, mulawSine, share, sounds, wavFile, type Media } from './customer.ts';

/** Media streams as carrier-protocols.md 1.4 has them, from the customer's end of the socket. */
const SPEED = 5;
let customer: Customer;
beforeAll(async () => {
  customer = await Customer.start({ speed: SPEED, maxStreamBufferSeconds: 20 });
});
beforeEach(async () => {
  await customer.clear();
  document('');
  customer.documents.set('/after', '<Response><Hangup/></Response>');
});
afterAll(async () => await customer.close());

const TO = '+41793026727';

function document(after: string, stream = ''): void {
  customer.documents.set(
    '/answer',
    `<Response><Connect><Stream url="${customer.wsUrl}/media/token" statusCallback="${customer.url}/stream">${stream}</Stream></Connect>${after}</Response>`,
  );
}

/** A call whose stream has started. */
async function connected(): Promise<{ sid: string; media: Media }> {
  const sid = await customer.call(TO);
  const media = await eventually('the stream', () => {
    const found = customer.media.at(-1);
    return found?.streamSid ? found : undefined;
  });
  return { sid, media };
}

/** When each mark came, by the stream's own clock: the timestamp of the frame before it. */
function markTimes(media: Media): number[] {
  return media.messages.flatMap((message, index) => {
    if (message.event !== 'mark') return [];
    const before = media.messages.slice(0, index).findLast(({ event }) => event === 'media');
    return [Number(before?.raw.media?.timestamp ?? 0)];
  });
}

test('connected, start, then media: strings, counters, custom parameters', async () => {
  document('', '<Parameter name="callRef" value="01J&amp;x"/><Parameter name="empty" value=""/>');
  const { sid, media } = await connected();
  await eventually('some media', () => media.of('media').length >= 10);
  const { accountSid } = customer.sim;
  expect(media.messages[0]!.raw).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
  expect(media.messages[1]!.raw).toEqual({
    event: 'start',
    sequenceNumber: '1',
    start: {
      accountSid,
      streamSid: media.streamSid,
      callSid: sid,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { callRef: '01J&x', empty: '' },
    },
    streamSid: media.streamSid,
  });
  expect(media.streamSid).toMatch(/^MZ[0-9a-f]{32}$/);
  const frames = media.of('media').map(({ raw }) => raw);
  frames.forEach((raw, index) => {
    expect(raw).toMatchObject({ sequenceNumber: String(index + 2), streamSid: media.streamSid });
    expect(raw.media).toMatchObject({
      track: 'inbound',
      chunk: String(index + 1),
      timestamp: String(index * 20),
    });
    expect(Buffer.from(raw.media!.payload, 'base64')).toEqual(Buffer.alloc(160, 0xff));
  });
});

test('media keeps real time: fifty frames a second, without drift', async () => {
  const { media } = await connected();
  await eventually('five seconds', () => media.of('media').length >= 250);
  const at = media.of('media').map(({ atMs }) => atMs * SPEED);
  const seconds = (at.at(-1)! - at[0]!) / 1_000;
  expect((at.length - 1) / seconds).toBeGreaterThan(45);
  expect((at.length - 1) / seconds).toBeLessThan(55);
});

test('a sent tone is heard once, at its time and length; a mark comes back when it has been played', async () => {
  const { sid, media } = await connected();
  media.mark('nothing before me');
  await eventually('the first mark', () => media.of('mark').length === 1);
  media.audio(20);
  media.mark('before');
  media.audioBytes(mulawSine(700, 1_000));
  media.mark('tone');
  await eventually('all marks', () => media.of('mark').length === 3);
  const [, before, after] = markTimes(media) as [number, number, number];
  expect(after - before).toBe(1_000);
  expect(media.of('mark').map(({ raw }) => raw.mark!.name)).toEqual(['nothing before me', 'before', 'tone']);
  const call = await customer.get(sid);
  const recording = await customer.recording(sid);
  const heard = sounds(recording);
  expect(heard).toHaveLength(1);
  const [{ startMs, endMs }] = heard as [{ startMs: number; endMs: number }];
  expect(Math.abs(endMs - startMs - 1_000)).toBeLessThanOrEqual(20);
  expect(call.firstAudioMs).toBe(startMs);
  expect(call.secondsHeard).toBeCloseTo(1, 1);
  expect(share(recording.slice(startMs * 8 + 800, endMs * 8 - 800), 700)).toBeGreaterThan(0.95);
});

test('chunks of any size join without a seam, and marks between them come one by one', async () => {
  const { sid, media } = await connected();
  const tone = mulawSine(500, 1_500);
  for (let at = 0; at < tone.length; at += 777) media.audioBytes(tone.subarray(at, at + 777));
  media.mark('end');
  await eventually('the mark', () => media.of('mark').length === 1);
  const heard = sounds(await customer.recording(sid));
  expect(heard).toHaveLength(1);
  expect(heard[0]!.endMs - heard[0]!.startMs).toBeLessThanOrEqual(1_540);
  media.audio(400);
  media.mark('a');
  media.audio(400);
  media.mark('b');
  media.mark('c');
  await eventually('all marks', () => media.of('mark').length === 4);
  const [, a, b, c] = markTimes(media) as [number, number, number, number];
  expect([b - a, c - b]).toEqual([400, 0]);
});

test('clear silences the phone at once and returns every pending mark; late marks come at once', async () => {
  const { sid, media } = await connected();
  media.audioBytes(mulawSine(500, 5_000));
  media.mark('one');
  media.audioBytes(mulawSine(600, 5_000));
  media.mark('two');
  await eventually('half a second of it', async () => (await customer.get(sid)).secondsHeard > 0.5);
  expect(media.of('mark')).toEqual([]);
  media.send({ event: 'clear' });
  media.mark('late');
  await eventually('the marks', () => media.of('mark').length === 3);
  expect(media.of('mark').map(({ raw }) => raw.mark!.name)).toEqual(['one', 'two', 'late']);
  const { secondsHeard } = await customer.get(sid);
  expect(secondsHeard).toBeLessThan(2.5);
  media.audioBytes(mulawSine(800, 500));
  media.mark('after');
  await eventually('the mark after it', () => media.of('mark').length === 4);
  const recording = await customer.recording(sid);
  const heard = sounds(recording);
  expect(heard).toHaveLength(2);
  const last = heard[1]!;
  expect(share(recording.slice(last.startMs * 8 + 400, last.endMs * 8 - 400), 800)).toBeGreaterThan(0.9);
});

test('more than the buffer holds is discarded with warning 31931', async () => {
  const { sid, media } = await connected();
  media.audio(15_000, 0x80);
  media.audio(15_000, 0x80);
  media.mark('first');
  await eventually('the warning', async () =>
    (await customer.get(sid)).notices.some(({ code }) => code === 31931),
  );
  media.send({ event: 'clear' });
  await eventually('the mark', () => media.of('mark').length === 1);
});

test('what is no message is told apart: 31950 for no JSON, 31951 for the wrong one', async () => {
  const { sid, media } = await connected();
  media.socket.send(Buffer.from([1, 2, 3]));
  media.socket.send('not json');
  media.socket.send(JSON.stringify({ event: 'play', streamSid: media.streamSid }));
  media.socket.send(JSON.stringify({ event: 'clear', streamSid: 'MZother' }));
  media.socket.send(
    JSON.stringify({ event: 'media', streamSid: media.streamSid, media: { payload: '***' } }),
  );
  const codes = await eventually('five notices', async () => {
    const { notices } = await customer.get(sid);
    return notices.length >= 5 && notices.map(({ code }) => code);
  });
  expect(codes).toEqual([31950, 31950, 31951, 31951, 31951]);
  media.mark('still here');
  await eventually('the mark', () => media.of('mark').length === 1);
});

test('keys come as dtmf; the greeting comes as inbound media', async () => {
  await customer.phone(TO, { greetingWav: wavFile(mulawSine(440, 2_000), 7, 8_000).toString('base64') });
  const { sid, media } = await connected();
  await customer.control('POST', `/calls/${sid}/keys`, { keys: '1#' });
  await eventually('both keys', () => media.of('dtmf').length === 2);
  expect(media.of('dtmf').map(({ raw }) => raw.dtmf)).toEqual([
    { track: 'inbound_track', digit: '1' },
    { track: 'inbound_track', digit: '#' },
  ]);
  await eventually('the greeting', () =>
    media.of('media').some(({ raw }) => new Set(Buffer.from(raw.media!.payload, 'base64')).size > 10),
  );
  const sequence = media.messages.slice(1).map(({ raw }) => Number(raw.sequenceNumber));
  expect(sequence).toEqual(sequence.map((_, index) => index + 1));
});

test('an in-band phone sends tones and no dtmf', async () => {
  await customer.phone(TO, { inband: true });
  const { sid, media } = await connected();
  await customer.control('POST', `/calls/${sid}/keys`, { keys: '5' });
  const tones = await eventually('the tone', () => {
    const loud = media
      .of('media')
      .map(({ raw }) => Buffer.from(raw.media!.payload, 'base64'))
      .filter(frame => frame.some(byte => byte !== 0xff));
    return loud.length >= 5 && loud;
  });
  const samples = Int16Array.from(Buffer.concat(tones), byte => expand(byte));
  expect(share(samples, 770)).toBeGreaterThan(0.4);
  expect(share(samples, 1_336)).toBeGreaterThan(0.4);
  expect(media.of('dtmf')).toEqual([]);
  expect(tones).toHaveLength(5);
});

test('when the customer closes, the document goes on: 31921 in the log, stream-stopped to the customer', async () => {
  document('<Redirect>/after</Redirect>');
  const { sid, media } = await connected();
  media.socket.close(1000);
  const call = await customer.ended(sid);
  expect(call).toMatchObject({ outcome: 'completed', endedBy: 'document' });
  expect(call.notices.map(({ code }) => code)).toEqual([31921]);
  await eventually('stream callbacks', () => customer.callbacks('/stream').length === 2);
  expect(customer.callbacks('/stream').map(({ params }) => params.StreamEvent)).toEqual([
    'stream-started',
    'stream-stopped',
  ]);
  expect(customer.callbacks('/stream')[0]!.params).toMatchObject({
    CallSid: sid,
    StreamSid: media.streamSid,
  });
  expect(customer.callbacks('/after')).toHaveLength(1);
  expect(media.of('stop')).toEqual([]);
});

test('when the call ends, stop is sent and the socket closed', async () => {
  const { sid, media } = await connected();
  await customer.client.calls(sid).update({ status: 'completed' });
  await eventually('the socket to close', () => media.closed);
  expect(media.messages.at(-1)!.raw).toMatchObject({
    event: 'stop',
    stop: { accountSid: customer.sim.accountSid, callSid: sid },
    streamSid: media.streamSid,
  });
  expect((await customer.get(sid)).notices).toEqual([]);
});

test.each([
  ['a query string', (): string => `${customer.wsUrl}/media?token=1`, 31920],
  ['no websocket URL', (): string => 'https://example.com/x', 31920],
  ['nobody listening', (): string => 'ws://127.0.0.1:1/media', 31901],
  [
    'an answer that is no upgrade',
    (): string => `${customer.sim.url.replace('http', 'ws')}/calls/none`,
    31920,
  ],
])('%s: the stream fails, the document goes on', async (_, url, code) => {
  customer.documents.set(
    '/answer',
    `<Response><Connect><Stream url="${url()}" statusCallback="${customer.url}/stream"/></Connect><Redirect>/after</Redirect></Response>`,
  );
  const call = await customer.ended(await customer.call(TO));
  expect(call.notices[0]!.code).toBe(code);
  expect(customer.callbacks('/after')).toHaveLength(1);
  await eventually('the report', () => customer.callbacks('/stream').length === 1);
  expect(customer.callbacks('/stream')[0]!.params).toMatchObject({
    StreamEvent: 'stream-error',
    StreamError: String(code),
  });
});

/** G.711 expansion, by its definition. */
function expand(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 15) << 3) + 132) << ((value >> 4) & 7)) - 132;
  return value & 0x80 ? -magnitude : magnitude;
}
