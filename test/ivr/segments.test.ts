import { describe, expect, test } from 'vitest';

import {
  buildMessage,
  clampRate,
  fixedSegments,
  LANGUAGE_CODES,
  symbolWord,
  toSegments,
} from '../../ivr/index.ts';
import type { Segment, Utterance } from '../../ivr/index.ts';

const english = { language: 'en', rate: 1, spelling: 'letters' } as const;
const text = (segments: readonly Segment[]): (string | number)[] =>
  segments.map(segment => (segment.kind === 'speech' ? segment.text : segment.ms));

test('a message: words, the symbols in words, silence after each of them', () => {
  const message = buildMessage({ text: 'Hi {{n}}, {{pin}}. Bye', pin: '0A', placeholders: { n: 'Jo' } });
  expect(toSegments(message, english)).toEqual([
    { kind: 'speech', text: 'Hi', language: 'en', rate: 1, cache: 'fixed', pin: false },
    { kind: 'speech', text: 'Jo', language: 'en', rate: 1, cache: 'transient', pin: false },
    { kind: 'silence', ms: 500 },
    { kind: 'speech', text: 'zero', language: 'en', rate: 1, cache: 'fixed', pin: true },
    { kind: 'silence', ms: 400 },
    { kind: 'speech', text: 'ay', language: 'en', rate: 1, cache: 'fixed', pin: true },
    { kind: 'silence', ms: 400 },
    { kind: 'speech', text: 'Bye', language: 'en', rate: 1, cache: 'fixed', pin: false },
  ]);
});

test('neighbouring silences are one, whatever they come from, and do not scale with the rate', () => {
  const utterances: Utterance[] = [
    { kind: 'characters', symbols: ['1'], pauseMs: 400, pin: true },
    { kind: 'pause', ms: 500 },
    { kind: 'words', text: ' !? ', transient: false },
    { kind: 'pause', ms: 250 },
    { kind: 'pause', ms: 0 },
  ];
  expect(text(toSegments(utterances, { ...english, rate: 2 }))).toEqual(['one', 1_150]);
});

test('a PIN without pauses has no silence', () => {
  const message = buildMessage({ text: '{{pin}}', pin: '12', placeholders: {}, digitPauseMs: 0 });
  expect(text(toSegments(message, english))).toEqual(['one', 'two']);
});

test.each([
  [1, 1],
  [0.1, 0.5],
  [9, 2],
  [1.23, 1.25],
  [0.824, 0.8],
  [Number.NaN, 1],
])('a rate of %s is spoken at %s', (rate, spoken) => {
  expect(clampRate(rate)).toBe(spoken);
});

test('style multiplies the rate and may change the language', () => {
  const utterances: Utterance[] = [
    { kind: 'words', text: 'Hallo', transient: false, style: { lang: 'de-DE', rate: 0.5 } },
    { kind: 'characters', symbols: ['3'], pauseMs: 0, pin: false, style: { lang: 'de-DE' } },
    { kind: 'words', text: 'x', transient: false, style: { lang: 'tlh' } },
  ];
  expect(toSegments(utterances, { ...english, rate: 1.5 })).toMatchObject([
    { text: 'Hallo', language: 'de', rate: 0.75 },
    { text: 'drei', language: 'de', rate: 1.5 },
    { text: 'x', language: 'en', rate: 1.5 },
  ]);
});

test('a language that is not in the table is handed on, its digits left to the engine', () => {
  const message = buildMessage({ text: 'x {{pin}}', pin: '5', placeholders: {} });
  expect(toSegments(message, { ...english, language: 'ar' })).toMatchObject([
    { text: 'x', language: 'ar' },
    { kind: 'silence' },
    { text: '5', language: 'ar', pin: true },
    { kind: 'silence' },
  ]);
});

describe('symbols', () => {
  test.each([
    ['0', 'en', 'letters', 'zero'],
    ['b', 'en', 'letters', 'bee'],
    ['B', 'en', 'phonetic', 'bee as in Bravo'],
    ['7', 'en', 'phonetic', 'seven'],
    ['B', 'de-at', 'phonetic', 'beh wie Berta'],
    ['a', 'ja', 'phonetic', 'アメリカのエー'],
    ['é', 'fr', 'letters', 'é'],
    ['-', 'en', 'letters', '-'],
    ['B', 'xx', 'phonetic', 'B'],
  ] as const)('%s in %s by %s is %s', (symbol, language, spelling, word) => {
    expect(symbolWord(symbol, language, spelling)).toBe(word);
  });
});

describe('clips worth having warm', () => {
  test('digits, gate prompts and goodbye, each once, all fixed speech', () => {
    const segments = fixedSegments('en', 1.03);
    expect(text(segments)).toEqual([
      ...'zero one two three four five six seven eight nine'.split(' '),
      'To hear your code, press any key.',
      'To hear your code, press',
      'then',
      'Goodbye.',
    ]);
    for (const segment of segments) expect(segment).toMatchObject({ rate: 1.05, cache: 'fixed', pin: false });
  });

  test('letters where they are asked for', () => {
    expect(text(fixedSegments('en', 1, { letters: 'phonetic' }))).toContain('zee as in Zulu');
    expect(fixedSegments('sv', 1, { letters: 'letters' })).toHaveLength(10 + 26 + 4);
  });

  test.each(LANGUAGE_CODES)('%s: a gate prompt and a PIN need nothing else', code => {
    const warm = new Set(text(fixedSegments(code, 1, { letters: 'letters' })));
    const message = buildMessage({ text: '{{pin}}', pin: '0123456789abcXYZ', placeholders: {} });
    for (const segment of toSegments(message, { ...english, language: code })) {
      if (segment.kind === 'speech') expect(warm).toContain(segment.text);
    }
  });
});
