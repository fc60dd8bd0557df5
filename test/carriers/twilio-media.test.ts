import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { MediaStream } from '../../src/carriers/carrier.ts';
import { openTwilioMedia } from '../../src/carriers/twilio/media-stream.ts';
import { createLogger } from '../../src/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { TwilioMediaPeer } from '../support/scripted-twilio.ts';
import { socketPair, type SocketPair } from '../support/socket-pair.ts';

/** What is Twilio's own: hostile frames, limits and deadlines. The semantics are in the carrier contract. */
const WAIT = { timeout: 2000, interval: 2 };
const SID = `CA${'1'.repeat(32)}`;

let clock: FakeClock;
let pair: SocketPair;
let peer: TwilioMediaPeer;
let stream: MediaStream;
let events: unknown[][];
let closeCode: number | undefined;

beforeEach(async () => {
  clock = new FakeClock();
  pair = await socketPair();
  peer = new TwilioMediaPeer(pair.theirs);
  closeCode = undefined;
  pair.theirs.on('close', code => (closeCode = code));
  stream = openTwilioMedia(pair.ours, { clock, log: createLogger('silent'), maxFramesPerSecond: 200 });
  const own: unknown[][] = (events = []);
  stream.listen({
    ready: () => own.push(['ready']),
    digit: key => own.push(['digit', key]),
    marked: (name, outcome) => own.push(['marked', name, outcome]),
    closed: by => own.push(['closed', by]),
  });
});
afterEach(async () => await pair.close());

const seen = async (...expected: unknown[][]) =>
  await vi.waitFor(() => expect(events).toEqual(expected), WAIT);
async function live(): Promise<void> {
  peer.start(SID);
  await seen(['ready']);
  events.length = 0;
}
async function refused(code: number): Promise<void> {
  await vi.waitFor(() => expect(events.at(-1)).toEqual(['closed', 'network']), WAIT);
  await vi.waitFor(() => expect(closeCode).toBe(code), WAIT);
  expect(clock.pending).toBe(0);
}

describe('hostile frames end the socket', () => {
  test.each([
    ['binary', Buffer.from([1, 2, 3]), 1003],
    ['not JSON', 'hello', 1007],
    ['no object', '[]', 1007],
    ['a dtmf without a key', { event: 'dtmf', streamSid: 'x', dtmf: {} }, 1007],
  ])('%s', async (_, frame, code) => {
    await live();
    peer.raw(frame);
    await refused(code);
  });

  test('before start as well', async () => {
    peer.raw('hello');
    await refused(1007);
  });

  test('larger than 256 KB', async () => {
    await live();
    peer.raw({ event: 'mark', streamSid: peer.streamSid, mark: { name: 'x'.repeat(300_000) } });
    await refused(1009);
  });

  test.each([
    ['another codec', { encoding: 'audio/x-l16', sampleRate: 8000, channels: 1 }],
    ['another rate', { encoding: 'audio/x-mulaw', sampleRate: 16000, channels: 1 }],
  ])('%s', async (_, mediaFormat) => {
    peer.send('start', { streamSid: peer.streamSid, callSid: SID, tracks: ['inbound'], mediaFormat });
    await refused(1003);
  });

  test('a second start', async () => {
    await live();
    peer.start(SID);
    await refused(1007);
  });
});

describe('what is nobody’s business is passed over', () => {
  test('unknown events, a second connected, frames of another stream, audio that is nonsense', async () => {
    await live();
    peer.raw({ event: 'speechStarted', streamSid: peer.streamSid });
    peer.raw({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    peer.send('dtmf', { digit: '1' }, 'MZother');
    peer.send('stop', {}, 'MZother');
    peer.raw('{"event":"media", and nobody listens');
    peer.key('2');
    await seen(['digit', '2']);
  });

  test('everything before start', async () => {
    peer.key('1');
    peer.echo('m1');
    peer.audio(Buffer.alloc(160));
    peer.stop();
    peer.start(SID);
    peer.key('2');
    await seen(['ready'], ['digit', '2']);
  });

  test('start without connected is a start', async () => {
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    peer.send('start', { callSid: SID, tracks: ['inbound'], mediaFormat });
    await seen(['ready']);
  });
});

describe('limits', () => {
  test('audio eight times too fast ends the socket within seconds', async () => {
    await live();
    let sent = 0;
    while (pair.theirs.readyState === pair.theirs.OPEN && sent < 4000) {
      for (let frame = 0; frame < 20; frame++, sent++) peer.audio(Buffer.alloc(160));
      clock.advance(50);
      await new Promise<void>(resolve => setImmediate(resolve));
    }
    await refused(1008);
    expect(sent).toBeLessThan(4000);
  });

  test('eight seconds of a stalled network at once do not', async () => {
    await live();
    for (let frame = 0; frame < 380; frame++) peer.audio(Buffer.alloc(160));
    peer.key('1');
    await seen(['digit', '1']);
  });

  test('a minute of audio as Twilio sends it does not', async () => {
    await live();
    for (let second = 0; second < 60; second++) {
      for (let frame = 0; frame < 50; frame++) peer.audio(Buffer.alloc(160));
      peer.key(String(second % 10));
      await vi.waitFor(() => expect(events).toHaveLength(second + 1), WAIT);
      clock.advance(1000);
    }
  });

  test('outbound frames stay under 200 KB', async () => {
    await live();
    stream.send(Buffer.alloc(8000 * 60));
    await vi.waitFor(() => expect(peer.rawSizes).toHaveLength(4), WAIT);
    expect(Math.max(...peer.rawSizes)).toBeLessThan(200_000);
  });

  test('a peer that does not read is given up', async () => {
    await live();
    pair.theirs.pause();
    for (let minute = 0; minute < 60 && events.length === 0; minute++) {
      stream.send(Buffer.alloc(8000 * 60));
      await new Promise<void>(resolve => setImmediate(resolve));
      clock.advance(100);
    }
    clock.advance(2_000);
    await seen(['closed', 'network']);
  });
});

describe('deadlines', () => {
  test('ten seconds to start, connected or not', async () => {
    peer.raw({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    await pause(20);
    clock.advance(9_999);
    expect(pair.ours.readyState).toBe(pair.ours.OPEN);
    clock.advance(1);
    await refused(1008);
  });

  test('thirty seconds of silence, counted from the last frame', async () => {
    await live();
    clock.advance(29_999);
    peer.audio(Buffer.alloc(160));
    peer.key('1');
    await seen(['digit', '1']);
    clock.advance(29_999);
    expect(pair.ours.readyState).toBe(pair.ours.OPEN);
    clock.advance(1);
    await refused(1008);
  });

  test('a peer that does not answer our close is cut off after two seconds', async () => {
    await live();
    pair.theirs.pause();
    stream.close();
    clock.advance(1_999);
    await pause(20);
    expect(events).toEqual([]);
    clock.advance(1);
    await seen(['closed', 'us']);
  });
});

describe('early calls', () => {
  test('audio and marks asked for before start are sent at start', async () => {
    stream.send(Buffer.from([1, 2]));
    stream.mark('a');
    await live();
    await vi.waitFor(() => expect(peer.received).toHaveLength(2), WAIT);
    expect(peer.received[0]).toEqual({ type: 'audio', mulaw: Buffer.from([1, 2]) });
    peer.echo('m1');
    await seen(['marked', 'a', 'played']);
  });

  test('a clear takes them back', async () => {
    stream.send(Buffer.from([1, 2]));
    stream.mark('a');
    stream.clear();
    expect(events).toEqual([['marked', 'a', 'cleared']]);
    peer.start(SID);
    await vi.waitFor(() => expect(events).toHaveLength(2), WAIT);
    stream.mark('b');
    await vi.waitFor(() => expect(peer.received).toHaveLength(1), WAIT);
  });
});

test('a socket that was already closed', async () => {
  pair.ours.terminate();
  await vi.waitFor(() => expect(pair.ours.readyState).toBe(pair.ours.CLOSED), WAIT);
  const late = openTwilioMedia(pair.ours, {
    clock: new FakeClock(),
    log: createLogger('silent'),
    maxFramesPerSecond: 200,
  });
  const closed = vi.fn();
  late.listen({ closed });
  expect(closed).toHaveBeenCalledExactlyOnceWith('network');
});

test('no log line holds a key, a parameter or the call', async () => {
  const lines: string[] = [];
  const log = createLogger('trace', { write: line => void lines.push(line) });
  const other = await socketPair();
  const otherPeer = new TwilioMediaPeer(other.theirs);
  const closed = vi.fn();
  openTwilioMedia(other.ours, { clock, log, maxFramesPerSecond: 200 }).listen({ closed });
  otherPeer.start(SID, { token: 'secret-parameter' });
  otherPeer.key('7');
  otherPeer.raw('{"event":"dtmf","dtmf":{"digit":"739154"}');
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce(), WAIT);
  await other.close();
  expect(lines).toHaveLength(1);
  for (const secret of ['739154', 'secret-parameter', SID]) expect(lines.join('')).not.toContain(secret);
});
