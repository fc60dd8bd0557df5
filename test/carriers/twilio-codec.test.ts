import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  decodeInbound,
  decodeOutbound,
  encodeInbound,
  encodeOutbound,
  type InboundFrame,
  looksLikeMedia,
  MAX_FRAME_BYTES,
  type OutboundFrame,
} from '../../src/carriers/twilio/codec.ts';

const MZ = `MZ${'c'.repeat(32)}`;
const CA = `CA${'1'.repeat(32)}`;
const decode = (frame: unknown) =>
  decodeInbound(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)));

/** carrier-protocols.md 1.4, with whole ids in the place of `…`. */
const EXAMPLES: readonly [string, InboundFrame][] = [
  ['{"event":"connected","protocol":"Call","version":"1.0.0"}', { event: 'connected' }],
  [
    `{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC","streamSid":"${MZ}","callSid":"${CA}","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"callRef":"r"}},"streamSid":"${MZ}"}`,
    {
      event: 'start',
      streamSid: MZ,
      callSid: CA,
      encoding: 'audio/x-mulaw',
      sampleRate: 8000,
      parameters: { callRef: 'r' },
    },
  ],
  [
    `{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"160","payload":"/38A"},"streamSid":"${MZ}"}`,
    { event: 'media', streamSid: MZ, track: 'inbound', mulaw: Buffer.from([0xff, 0x7f, 0]) },
  ],
  [
    `{"event":"dtmf","streamSid":"${MZ}","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}`,
    { event: 'dtmf', streamSid: MZ, digit: '1' },
  ],
  [
    `{"event":"mark","sequenceNumber":"4","streamSid":"${MZ}","mark":{"name":"m-1"}}`,
    { event: 'mark', streamSid: MZ, name: 'm-1' },
  ],
  [
    `{"event":"stop","sequenceNumber":"5","stop":{"accountSid":"AC","callSid":"${CA}"},"streamSid":"${MZ}"}`,
    { event: 'stop', streamSid: MZ },
  ],
];

describe('from Twilio', () => {
  test.each(EXAMPLES)('%s', (wire, frame) => expect(decode(wire)).toEqual(frame));

  test('an event of another version is known to be unknown', () => {
    expect(decode({ event: 'speechStarted', streamSid: MZ })).toEqual({ event: 'unknown' });
  });

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no event', {}],
    ['an event that is no text', { event: 5 }],
    ['a start without a call', { event: 'start', streamSid: MZ, start: {} }],
    ['a start without a stream', EXAMPLES[1]![0].replace(/,"streamSid":"MZc+"\}$/, '}')],
    ['a stream name that would break JSON', EXAMPLES[1]![0].replaceAll(MZ, 'MZ\\"x')],
    ['stereo', EXAMPLES[1]![0].replace('"channels":1', '"channels":2')],
    ['a parameter that is no text', EXAMPLES[1]![0].replace('"callRef":"r"', '"callRef":{"a":1}')],
    ['audio that is no base64', EXAMPLES[2]![0].replace('/38A', '/3~A')],
    ['audio cut short', EXAMPLES[2]![0].replace('/38A', '/38')],
    ['a key of a thousand', EXAMPLES[3]![0].replace('"digit":"1"', `"digit":"${'1'.repeat(1000)}"`)],
    ['no key', EXAMPLES[3]![0].replace('"digit":"1"', '"digit":""')],
    ['a mark without a name', { event: 'mark', streamSid: MZ, mark: {} }],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['more than 256 KB', JSON.stringify({ event: 'connected', pad: 'x'.repeat(MAX_FRAME_BYTES) })],
  ])('%s is no frame', (_, wire) => expect(decode(wire)).toBeUndefined());

  test('parameters named like a prototype harm nothing', () => {
    const frame = decode(EXAMPLES[1]![0].replace('"callRef":"r"', '"__proto__":"x","constructor":"y"'));
    expect(frame).toMatchObject({ event: 'start' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(Object.getPrototypeOf((frame as { parameters: object }).parameters)).toBe(Object.prototype);
  });

  test('audio is recognised without reading it', () => {
    const recognised = EXAMPLES.map(([wire]) => looksLikeMedia(Buffer.from(wire)));
    expect(recognised).toEqual([false, false, true, false, false, false]);
  });
});

const sid = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const audio = fc.uint8Array({ maxLength: 2000 }).map(bytes => Buffer.from(bytes));
const words = fc.string({ maxLength: 200, unit: 'grapheme' });
const inbound: fc.Arbitrary<InboundFrame> = fc.oneof(
  fc.constant({ event: 'connected' as const }),
  fc.constant({ event: 'unknown' as const }),
  fc.record({
    event: fc.constant('start' as const),
    streamSid: sid,
    callSid: fc.stringMatching(/^CA[0-9a-f]{32}$/),
    encoding: fc.constantFrom('audio/x-mulaw', 'audio/x-alaw'),
    sampleRate: fc.constantFrom(8000, 16000),
    parameters: fc
      .dictionary(fc.stringMatching(/^[a-zA-Z]{1,20}$/), fc.string({ maxLength: 100 }))
      .map(entries => ({ ...entries })),
  }),
  fc.record({
    event: fc.constant('media' as const),
    streamSid: sid,
    track: fc.constant('inbound'),
    mulaw: audio,
  }),
  fc.record({
    event: fc.constant('dtmf' as const),
    streamSid: sid,
    digit: fc.constantFrom(...'0123456789*#ABCD'),
  }),
  fc.record({
    event: fc.constant('mark' as const),
    streamSid: sid,
    name: words.filter(name => name.length <= 200),
  }),
  fc.record({ event: fc.constant('stop' as const), streamSid: sid }),
);
const outbound: fc.Arbitrary<OutboundFrame> = fc.oneof(
  fc.record({ event: fc.constant('media' as const), streamSid: sid, mulaw: audio }),
  fc.record({
    event: fc.constant('mark' as const),
    streamSid: sid,
    name: words.filter(name => name.length <= 200),
  }),
  fc.record({ event: fc.constant('clear' as const), streamSid: sid }),
);

describe('round trips', () => {
  test('from Twilio', () => {
    fc.assert(
      fc.property(inbound, frame => {
        expect(decodeInbound(Buffer.from(encodeInbound(frame)))).toEqual(frame);
      }),
      { numRuns: 2000, seed: 31 },
    );
  });

  test('to Twilio', () => {
    fc.assert(
      fc.property(outbound, frame => {
        expect(decodeOutbound(Buffer.from(encodeOutbound(frame)))).toEqual(frame);
      }),
      { numRuns: 2000, seed: 32 },
    );
  });

  test('a view into a larger buffer is encoded alone', () => {
    const mulaw = new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3);
    expect(encodeOutbound({ event: 'media', streamSid: MZ, mulaw })).toBe(
      `{"event":"media","streamSid":"${MZ}","media":{"payload":"AgM="}}`,
    );
  });
});

test('total on 20,000 hostile frames', () => {
  const json = fc.json().map(text => Buffer.from(text));
  const bytes = fc.uint8Array({ maxLength: 300 }).map(value => Buffer.from(value));
  const wires = EXAMPLES.map(([wire]) => wire);
  const damaged = fc.tuple(fc.constantFrom(...wires), fc.nat(), fc.nat(255)).map(([wire, place, byte]) => {
    const copy = Buffer.from(wire);
    copy[place % copy.length] = byte;
    return copy;
  });
  const nested = fc
    .record({
      event: fc.constantFrom('start', 'media', 'dtmf', 'mark', 'stop', 'clear'),
      body: fc.jsonValue(),
    })
    .map(({ event, body }) => Buffer.from(JSON.stringify({ event, streamSid: MZ, [event]: body })));
  fc.assert(
    fc.property(fc.oneof(json, bytes, damaged, nested), raw => {
      for (const frame of [decodeInbound(raw), decodeOutbound(raw)])
        expect(typeof (frame?.event ?? '')).toBe('string');
    }),
    { numRuns: 20_000, seed: 33 },
  );
});
