import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  type EspeakFrame,
} from '../../src/speech/engines/espeak-protocol.ts';

const frame: fc.Arbitrary<EspeakFrame> = fc.oneof(
  fc.record({
    type: fc.constant('request' as const),
    wordsPerMinute: fc.integer({ min: 80, max: 450 }),
    voice: fc.constantFrom('de', 'pt-br', 'cmn+f2'),
    text: fc.string({ unit: 'grapheme', maxLength: 40 }),
  }),
  fc.record({
    type: fc.constant('audio' as const),
    sampleRate: fc.constantFrom(8_000, 22_050),
    samples: fc
      .array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 50 })
      .map(list => Int16Array.from(list)),
  }),
  fc.constant<EspeakFrame>({ type: 'failed' }),
);

describe('the pipe to eSpeak', () => {
  test('a request is written as the picture says', () => {
    const raw = encodeFrame({ type: 'request', wordsPerMinute: 175, voice: 'de', text: 'fü' });
    expect(raw.toString('hex')).toBe('000000090100af02646566c3bc');
  });

  test('frames come back however the pipe cuts them', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 30 }), (frames, size) => {
        const raw = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: EspeakFrame[] = [];
        for (let at = 0; at < raw.length; at += size) read.push(...reader.push(raw.subarray(at, at + size))!);
        expect(read).toEqual(frames);
      }),
    );
  });

  test.each([
    ['an empty frame', Buffer.from([0, 0, 0, 0, 1])],
    ['a frame over the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 2])],
    ['an unknown type', Buffer.from([0, 0, 0, 1, 9])],
    ['half a sample', Buffer.from([0, 0, 0, 6, 2, 0, 0, 31, 64, 1])],
    ['a voice longer than its frame', Buffer.from([0, 0, 0, 4, 1, 0, 175, 9])],
  ])('%s ends the reading for good', (_, raw) => {
    const reader = new FrameReader();
    expect(reader.push(raw)).toBeUndefined();
    expect(reader.push(encodeFrame({ type: 'failed' }))).toBeUndefined();
  });

  test('is total, and keeps no more than one frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), chunks => {
        const reader = new FrameReader();
        for (const chunk of chunks) reader.push(Buffer.from(chunk));
      }),
    );
    expect(MAX_FRAME_BYTES).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});
