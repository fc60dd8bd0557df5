import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';

import type {
  CallCarrier,
  CarrierEvent,
  MediaStream,
  MediaStreamEvents,
  PlaceCall,
  RawWebhook,
} from '../../src/carriers/carrier.ts';
import { CarrierError, ServiceError } from '../../src/errors.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { socketPair, type SocketPair } from '../support/socket-pair.ts';

/**
 * What every call carrier must do, whatever its wire. A carrier comes under it by a harness: its REST API on loopback
 * (the other side, written or checked with the vendor's own library) and its end of the media socket.
 */
export interface CarrierHarness {
  readonly carrier: CallCarrier;
  readonly clock: FakeClock;
  /** The carrier's own limit for one request, milliseconds. */
  readonly requestTimeoutMs: number;
  readonly api: CarrierApi;
  /** The same carrier with its API at another address. */
  carrierAt(baseUrl: string): CallCarrier;
  /** What the operator keeps secret: in no message. */
  readonly secrets: readonly string[];
  /** A webhook of this carrier for the call, rightly signed. */
  webhook(sample: WebhookSample, carrierCallId: string): RawWebhook;
  /** A media upgrade, rightly signed. */
  upgrade(url: string): RawWebhook;
  /** An id in the carrier's form that it does not know. */
  unknownCallId(): string;
  mediaPeer(socket: WebSocket): MediaPeer;
  close(): Promise<void>;
}

export interface CarrierApi {
  /** The next request is answered so, the ones after it as usual. */
  next(fault: 'silence' | 'reset' | 'garbage' | 'redirect' | { readonly status: number }): void;
  /** The last call request, read back from the wire. */
  lastPlaced(): Omit<PlaceCall, 'callRef'>;
  /** How many requests came, faults included. */
  readonly requestCount: number;
  /** Ids of calls that the carrier ended because we asked. */
  readonly ended: readonly string[];
}

export type WebhookSample =
  | 'initiated'
  | 'ringing'
  | 'answered'
  | 'completed'
  | 'busy'
  | 'no-answer'
  | 'rejected'
  | 'canceled'
  | 'failed'
  | 'human'
  | 'machine'
  | 'machine-greeting-ended'
  | { readonly digits: string };

/** The carrier's end of a media stream. */
export interface MediaPeer {
  readonly received: readonly (
    | { readonly type: 'audio'; readonly mulaw: Buffer }
    | { readonly type: 'mark'; readonly name: string }
    | { readonly type: 'clear' }
  )[];
  start(carrierCallId: string, parameters?: Record<string, string>): void;
  key(key: string): void;
  echo(wireName: string): void;
  audio(mulaw: Uint8Array): void;
  /** An orderly end. */
  stop(): void;
  /** The connection breaks. */
  drop(): void;
}

const CALL: PlaceCall = {
  callRef: '0123456789abcdef0123456789abcdef',
  to: '+41793026727',
  from: '+41445551234',
  answerUrl: 'https://pin.example.com/carrier-webhooks/x/0123456789abcdef0123456789abcdef/answer',
  statusUrl: 'https://pin.example.com/carrier-webhooks/x/0123456789abcdef0123456789abcdef/status',
  machineUrl: 'https://pin.example.com/carrier-webhooks/x/0123456789abcdef0123456789abcdef/machine',
  ringTimeoutSeconds: 45,
  maxDurationSeconds: 300,
  machineDetection: 'off',
};

export function carrierContract(name: string, makeHarness: () => Promise<CarrierHarness>): void {
  describe(`${name} as a call carrier`, () => {
    let harness: CarrierHarness;
    beforeEach(async () => (harness = await makeHarness()));
    afterEach(async () => await harness.close());

    describe('placing a call', () => {
      test.each(['off', 'hangup', 'continue'] as const)(
        'every field, machine detection %s',
        async detection => {
          const request = { ...CALL, machineDetection: detection };
          const { carrierCallId } = await harness.carrier.placeCall(request);
          expect(carrierCallId).toMatch(/\S/);
          const { callRef: _, ...fields } = request;
          expect(harness.api.lastPlaced()).toEqual(fields);
        },
      );

      test('two calls have two ids', async () => {
        const ids = await Promise.all([harness.carrier.placeCall(CALL), harness.carrier.placeCall(CALL)]);
        expect(new Set(ids.map(id => id.carrierCallId)).size).toBe(2);
      });

      test.each([
        [400, 'rejected', false],
        [401, 'unauthorized', false],
        [429, 'rate-limited', true],
        [500, 'server', false],
        [503, 'server', false],
      ] as const)('answer %i is %s', async (status, reason, retryable) => {
        harness.api.next({ status });
        expect(await refusal(harness.carrier.placeCall(CALL))).toMatchObject({ reason, retryable });
        expect(harness.api.requestCount).toBe(1);
      });

      test('garbage after acceptance is a protocol error that may not be retried', async () => {
        harness.api.next('garbage');
        expect(await refusal(harness.carrier.placeCall(CALL))).toMatchObject({
          reason: 'protocol',
          retryable: false,
        });
      });

      test('a redirect is not followed', async () => {
        harness.api.next('redirect');
        expect(await refusal(harness.carrier.placeCall(CALL))).toMatchObject({
          reason: 'protocol',
          retryable: false,
        });
        expect(harness.api.requestCount).toBe(1);
      });

      test('a connection cut after sending may not be retried, nor is it', async () => {
        harness.api.next('reset');
        const error = await refusal(harness.carrier.placeCall(CALL));
        expect(error).toMatchObject({ reason: 'unreachable', retryable: false });
        expect(harness.api.requestCount).toBe(1);
      });

      test('nobody listening may be retried', async () => {
        const carrier = harness.carrierAt(`http://127.0.0.1:${await closedPort()}`);
        const error = await refusal(carrier.placeCall(CALL));
        expect(error).toMatchObject({ reason: 'unreachable', retryable: true });
      });

      test('silence ends at the time limit and may not be retried', async () => {
        harness.api.next('silence');
        const outcome = refusal(harness.carrier.placeCall(CALL));
        await vi.waitFor(() => expect(harness.api.requestCount).toBe(1), WAIT);
        harness.clock.advance(harness.requestTimeoutMs - 1);
        harness.clock.advance(1);
        expect(await outcome).toMatchObject({ reason: 'timeout', retryable: false });
      });

      test('the caller can give up; nothing is sent if it already has', async () => {
        harness.api.next('silence');
        const abort = new AbortController();
        const outcome = refusal(harness.carrier.placeCall(CALL, abort.signal));
        await vi.waitFor(() => expect(harness.api.requestCount).toBe(1), WAIT);
        abort.abort();
        expect(await outcome).toMatchObject({ reason: 'timeout', retryable: false });
        expect(await refusal(harness.carrier.placeCall(CALL, AbortSignal.abort()))).toMatchObject({
          retryable: true,
        });
        expect(harness.api.requestCount).toBe(1);
      });

      test('no timer is left behind', async () => {
        await harness.carrier.placeCall(CALL);
        harness.api.next({ status: 500 });
        await refusal(harness.carrier.placeCall(CALL));
        expect(harness.clock.pending).toBe(0);
      });

      test('no message holds a secret or a number', async () => {
        const errors: CarrierError[] = [];
        for (const fault of [
          { status: 400 },
          { status: 401 },
          { status: 500 },
          'reset',
          'garbage',
        ] as const) {
          harness.api.next(fault);
          errors.push(await refusal(harness.carrier.placeCall(CALL)));
        }
        for (const error of errors) {
          for (const secret of [...harness.secrets, CALL.to, CALL.to.slice(1), CALL.from.slice(1)]) {
            expect(error.message).not.toContain(secret);
            expect(String(error.cause)).not.toContain(secret);
          }
        }
      });
    });

    describe('hanging up', () => {
      test('ends the call; again, and after its end, is a success', async () => {
        const { carrierCallId } = await harness.carrier.placeCall(CALL);
        await harness.carrier.hangup(carrierCallId);
        expect(harness.api.ended).toEqual([carrierCallId]);
        await harness.carrier.hangup(carrierCallId);
        await harness.carrier.hangup(harness.unknownCallId());
        expect(harness.api.ended).toEqual([carrierCallId]);
      });

      test.each(['', '.', '../Messages', 'a/b', '?x=', '%2e%2e'])('the id %j reaches no URL', async id => {
        expect(await refusal(harness.carrier.hangup(id))).toMatchObject({ retryable: false });
        expect(harness.api.requestCount).toBe(0);
      });

      test('a failure is told', async () => {
        const { carrierCallId } = await harness.carrier.placeCall(CALL);
        harness.api.next({ status: 500 });
        expect(await refusal(harness.carrier.hangup(carrierCallId))).toMatchObject({ reason: 'server' });
      });
    });

    describe('webhooks', () => {
      const id = () => harness.unknownCallId();

      test.each([
        ['initiated', { type: 'initiated' }],
        ['ringing', { type: 'ringing' }],
        ['answered', { type: 'answered' }],
        ['completed', { type: 'ended', cause: 'completed' }],
        ['busy', { type: 'ended', cause: 'busy' }],
        ['no-answer', { type: 'ended', cause: 'no-answer' }],
        ['rejected', { type: 'ended', cause: 'rejected' }],
        ['canceled', { type: 'ended', cause: 'canceled' }],
        ['failed', { type: 'ended', cause: 'failed' }],
        ['human', { type: 'answeredBy', who: 'human' }],
        ['machine', { type: 'answeredBy', who: 'machine', greetingEnded: false }],
        ['machine-greeting-ended', { type: 'answeredBy', who: 'machine', greetingEnded: true }],
      ] as const)('%s', (sample, expected) => {
        const carrierCallId = id();
        const request = harness.webhook(sample, carrierCallId);
        expect(harness.carrier.verifyWebhook(request)).toBe(true);
        const parsed = harness.carrier.parseWebhook(request);
        expect(parsed.carrierCallId).toBe(carrierCallId);
        const events: readonly CarrierEvent[] = parsed.events;
        expect(events).toContainEqual(expect.objectContaining({ ...expected, carrierCallId }));
      });

      test.each(['', '5', '1234567890*#'])('collected keys %j', digits => {
        const request = harness.webhook({ digits }, id());
        expect(harness.carrier.verifyWebhook(request)).toBe(true);
        expect(harness.carrier.parseWebhook(request).digits).toBe(digits);
      });

      test('a status says nothing of keys', () => {
        expect(harness.carrier.parseWebhook(harness.webhook('ringing', id())).digits).toBeUndefined();
      });

      test('nothing but the exact request is accepted', () => {
        const request = harness.webhook('completed', id());
        const { carrier } = harness;
        expect(carrier.verifyWebhook({ ...request, headers: {} })).toBe(false);
        expect(carrier.verifyWebhook({ ...request, url: `${request.url}x` })).toBe(false);
        expect(carrier.verifyWebhook({ ...request, url: request.url.replace('https:', 'http:') })).toBe(
          false,
        );
        expect(
          carrier.verifyWebhook({
            ...request,
            rawBody: Buffer.concat([request.rawBody, Buffer.from('&a=b')]),
          }),
        ).toBe(false);
        expect(carrier.verifyWebhook({ ...request, rawBody: Buffer.alloc(0) })).toBe(false);
      });

      test('a media upgrade is signed as well', () => {
        const url = 'wss://pin.example.com/media/x/AAAAAAAAAAAAAAAAAAAAAA';
        const request = harness.upgrade(url);
        expect(harness.carrier.verifyWebhook(request)).toBe(true);
        expect(harness.carrier.verifyWebhook({ ...request, url: url.replace(/A$/, 'B') })).toBe(false);
        expect(harness.carrier.verifyWebhook({ ...request, headers: {} })).toBe(false);
      });

      test.each([
        ['nothing', ''],
        ['binary', '\u0000\u00ff\ufffd'],
        ['a broken escape', 'CallSid=%'],
        ['prototype names', '__proto__=1&constructor=2&hasOwnProperty=3'],
        ['half a document', '{"event":'],
        ['10,000 fields', Array.from({ length: 10_000 }, (_, i) => `f${i}=1`).join('&')],
      ])('hostile body: %s', (_, body) => {
        const request = { ...harness.webhook('completed', id()), rawBody: Buffer.from(body) };
        expect(harness.carrier.verifyWebhook(request)).toBe(false);
        const error = caught(() => harness.carrier.parseWebhook(request));
        expect(error).toBeInstanceOf(ServiceError);
        expect(error).toMatchObject({ id: 'badRequest' });
      });
    });

    describe('a media stream', () => {
      let pair: SocketPair;
      let peer: MediaPeer;
      let stream: MediaStream;
      let events: [keyof MediaStreamEvents, ...unknown[]][];
      /** Bound to this test's list: the last test's stream may still have its end to tell. */
      const listener = (): Partial<MediaStreamEvents> => {
        const own = events;
        return {
          ready: info => void own.push(['ready', info]),
          digit: key => void own.push(['digit', key]),
          marked: (name, outcome) => void own.push(['marked', name, outcome]),
          closed: by => void own.push(['closed', by]),
        };
      };
      const heard = async (...expected: unknown[]) =>
        await vi.waitFor(() => expect(events).toEqual(expected), WAIT);
      const received = async (count: number) =>
        await vi.waitFor(() => expect(peer.received.length).toBeGreaterThanOrEqual(count), WAIT);
      const wireMarks = () => peer.received.flatMap(frame => (frame.type === 'mark' ? [frame.name] : []));

      beforeEach(async () => {
        events = [];
        pair = await socketPair();
        peer = harness.mediaPeer(pair.theirs);
        stream = harness.carrier.openMedia(pair.ours);
      });
      afterEach(async () => await pair.close());

      /** To the point where audio may flow. */
      const live = async () => {
        stream.listen(listener());
        peer.start(harness.unknownCallId());
        await vi.waitFor(() => expect(events).toHaveLength(1), WAIT);
        events.length = 0;
      };

      test('is ready with the call and its parameters, for a late listener too', async () => {
        const carrierCallId = harness.unknownCallId();
        peer.start(carrierCallId, { callRef: 'ref-1' });
        peer.key('7');
        await pause(20);
        stream.listen(listener());
        await heard(['ready', { carrierCallId, parameters: { callRef: 'ref-1' } }], ['digit', '7']);
      });

      test('sends audio and marks in order, and tells which mark was played', async () => {
        await live();
        const audio = [Buffer.alloc(8000, 1), Buffer.alloc(400_000, 2), Buffer.alloc(1, 3)];
        for (const [index, part] of audio.entries()) {
          stream.send(part);
          stream.mark(`part-${index}`);
        }
        await vi.waitFor(() => expect(wireMarks()).toHaveLength(3), WAIT);
        expect(partsBetweenMarks(peer.received)).toEqual(audio);
        for (const wireName of wireMarks()) peer.echo(wireName);
        await heard(
          ['marked', 'part-0', 'played'],
          ['marked', 'part-1', 'played'],
          ['marked', 'part-2', 'played'],
        );
      });

      test('a mark counts once; an invented one never', async () => {
        await live();
        stream.mark('a');
        await received(1);
        const [wireName = ''] = wireMarks();
        peer.echo(wireName);
        peer.echo(wireName);
        peer.echo('invented');
        peer.key('1');
        await heard(['marked', 'a', 'played'], ['digit', '1']);
      });

      test('clear reports what was pending and drops late echoes', async () => {
        await live();
        stream.send(Buffer.alloc(8000));
        stream.mark('a');
        stream.mark('b');
        await received(3);
        const [first = '', second = ''] = wireMarks();
        peer.echo(first);
        await heard(['marked', 'a', 'played']);
        stream.clear();
        expect(events).toEqual([
          ['marked', 'a', 'played'],
          ['marked', 'b', 'cleared'],
        ]);
        await received(4);
        expect(peer.received.at(-1)).toEqual({ type: 'clear' });
        peer.echo(second);
        peer.key('9');
        await heard(['marked', 'a', 'played'], ['marked', 'b', 'cleared'], ['digit', '9']);
      });

      test('a name used again after a clear is another mark', async () => {
        await live();
        stream.mark('again');
        stream.clear();
        stream.mark('again');
        await received(3);
        const [old = '', young = ''] = wireMarks();
        expect(old).not.toBe(young);
        peer.echo(old);
        peer.echo(young);
        await heard(['marked', 'again', 'cleared'], ['marked', 'again', 'played']);
      });

      test('bufferedMs is what was sent less what time has passed', async () => {
        await live();
        expect(stream.bufferedMs).toBe(0);
        stream.send(Buffer.alloc(8 * 1500));
        expect(stream.bufferedMs).toBe(1500);
        harness.clock.advance(400);
        expect(stream.bufferedMs).toBe(1100);
        stream.send(Buffer.alloc(8 * 100));
        expect(stream.bufferedMs).toBe(1200);
        harness.clock.advance(5000);
        expect(stream.bufferedMs).toBe(0);
        stream.send(Buffer.alloc(8 * 100));
        expect(stream.bufferedMs).toBe(100);
        stream.clear();
        expect(stream.bufferedMs).toBe(0);
      });

      test('keys come one by one', async () => {
        await live();
        for (const key of '147*#') peer.key(key);
        await heard(...[...'147*#'].map(key => ['digit', key]));
      });

      test('inbound audio reaches a listener that wants it, and is no trouble to one that does not', async () => {
        await live();
        peer.audio(Buffer.alloc(160, 7));
        peer.key('1');
        await heard(['digit', '1']);
        const audio: Uint8Array[] = [];
        stream.listen({ ...listener(), audio: mulaw => void audio.push(mulaw) });
        peer.audio(Buffer.alloc(160, 9));
        await vi.waitFor(() => expect(audio.map(part => [...part])).toEqual([Array(160).fill(9)]), WAIT);
      });

      test('an orderly end', async () => {
        await live();
        peer.stop();
        await heard(['closed', 'carrier']);
      });

      test('a lost connection', async () => {
        await live();
        stream.mark('never');
        peer.drop();
        await heard(['closed', 'network']);
      });

      test('our own close, after which nothing is heard or sent', async () => {
        await live();
        stream.close();
        stream.close();
        stream.send(Buffer.alloc(8));
        stream.mark('late');
        stream.clear();
        await heard(['closed', 'us']);
        expect(peer.received).toEqual([]);
        expect(harness.clock.pending).toBe(0);
      });

      test('a listener that throws breaks nothing', async () => {
        await live();
        stream.listen({
          ...listener(),
          digit: () => {
            throw new Error('a listener’s own fault');
          },
        });
        peer.key('1');
        peer.stop();
        await heard(['closed', 'carrier']);
      });
    });
  });
}

const WAIT = { timeout: 2000, interval: 2 };

async function refusal(work: Promise<unknown>): Promise<CarrierError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CarrierError);
  return error as CarrierError;
}

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function partsBetweenMarks(frames: MediaPeer['received']): Buffer[] {
  const parts: Buffer[] = [];
  let current: Buffer[] = [];
  for (const frame of frames) {
    if (frame.type === 'audio') current.push(frame.mulaw);
    if (frame.type !== 'mark') continue;
    parts.push(Buffer.concat(current));
    current = [];
  }
  return parts;
}
