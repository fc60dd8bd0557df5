import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { buildMessage, checkTemplate, cleanText, placeholderNames, SsmlError } from '../../ivr/index.ts';
import type { Utterance } from '../../ivr/index.ts';

const said = (text: string, placeholders: Record<string, string> = {}, pin = '5842'): Utterance[] =>
  buildMessage({ text, pin, placeholders });
const words = (text: string, transient = false): Utterance => ({ kind: 'words', text, transient });
const pause = (ms: number): Utterance => ({ kind: 'pause', ms });
const symbols = (text: string, pin: boolean, pauseMs = 400): Utterance => ({
  kind: 'characters',
  symbols: [...text],
  pauseMs,
  pin,
});

describe('placeholders', () => {
  test('names in order, each once', () => {
    expect(placeholderNames('{{a}} {{pin}} {{b.c-d_1}} {{a}} {{Ünal}} {{ x }} {{}} {y}')).toEqual([
      'a',
      'pin',
      'b.c-d_1',
      'Ünal',
    ]);
  });

  test('a value is words of their own, transient, and whole', () => {
    expect(said('Hi {{name}}, code {{pin}}', { name: 'Smith, John 5 8 4' })).toEqual([
      words('Hi '),
      words('Smith, John 5 8 4', true),
      pause(500),
      words(' code '),
      pause(400),
      symbols('5842', true),
    ]);
  });

  test('a value is never expanded again, nor is it markup', () => {
    const value = '{{pin}} {{name}} <break time="9s"/> $& $1';
    expect(said('{{name}}{{pin}}', { name: value })).toEqual([
      words(value, true),
      pause(400),
      symbols('5842', true),
    ]);
  });

  test('what is missing is spoken as nothing, and the prototype has no values', () => {
    expect(said('A {{name}}{{constructor}}{{__proto__}} {{pin}}')).toEqual([
      words('A '),
      pause(400),
      symbols('5842', true),
    ]);
  });

  test('a value under the name pin is not looked at', () => {
    expect(said('{{pin}}', { pin: '0000' })).toEqual([symbols('5842', true)]);
  });

  test('control characters in values become spaces, lone surrogates go', () => {
    expect(said('{{v}}{{pin}}', { v: 'a\u0000b\r\nc\uD800d\u2028e\uFFFFf' })[0]).toEqual(
      words('a b  cd ef', true),
    );
  });

  test('the PIN can stand more than once, and its pause is a setting', () => {
    const message = { text: '{{pin}}; {{pin}}', pin: 'a0', placeholders: {}, digitPauseMs: 9_000 };
    expect(buildMessage(message)).toEqual([
      symbols('a0', true, 2_000),
      words('; '),
      symbols('a0', true, 2_000),
    ]);
    expect(buildMessage({ ...message, digitPauseMs: -1 })[0]).toEqual(symbols('a0', true, 0));
  });
});

describe('commas', () => {
  test.each([
    ['one, two', 500],
    ['one,,,,,,two', 3_000],
    ['one , ,, two', 1_500],
  ])('%s', (text, ms) => {
    expect(said(text).filter(utterance => utterance.kind === 'pause')).toEqual([pause(ms)]);
  });

  test('pauses in front of the PIN stay, and a pause across a missing value adds up', () => {
    expect(said('is,, {{pin}}')).toEqual([words('is'), pause(1_000), symbols('5842', true)]);
    expect(said('a,{{x}},b')).toEqual([words('a'), pause(1_000), words('b')]);
  });

  test('a PIN right behind words gets its own pause in front, a pause of the author stays alone', () => {
    expect(said('Hi {{name}} {{pin}}', { name: 'Bo' }).slice(-2)).toEqual([
      pause(400),
      symbols('5842', true),
    ]);
    expect(said('is, {{pin}}')).toEqual([words('is'), pause(500), symbols('5842', true)]);
    expect(said('{{pin}} - {{pin}}').filter(utterance => utterance.kind === 'pause')).toEqual([]);
  });

  test("Infobip's own example keeps its author's timing", () => {
    expect(said('Hello, your code is,, 5,, 8')).toEqual([
      words('Hello'),
      pause(500),
      words(' your code is'),
      pause(1_000),
      words(' 5'),
      pause(1_000),
      words(' 8'),
    ]);
  });
});

describe('characters that the author spaced', () => {
  test.each([
    ['code 5 8 4 2', '5842'],
    ['5 8', '58'],
    ['code A 4 F.', 'A4F'],
    ['5  8   4', '584'],
  ])('%s', (text, spelled) => {
    expect(said(text)).toContainEqual(symbols(spelled, false));
  });

  test.each(['dođite i u 5 sati', 'de 5 a 7', 'plan B is', 'x 5 y', '5842', 'A 5', 'é 5 à', '1 2.5'])(
    '%s is words',
    text => {
      expect(said(text)).toEqual([words(text)]);
    },
  );

  test('words go on behind them', () => {
    expect(said('is 5 8 4 2 now')).toEqual([words('is '), symbols('5842', false), words(' now')]);
  });
});

describe('checkTemplate', () => {
  test.each([
    ['Your code is {{pin}}', []],
    ['Your code', ['no-pin']],
    ['{{PIN}}', ['no-pin']],
    ['{{ pin }}', ['no-pin', 'malformed-placeholder', 'malformed-placeholder']],
    ['{{pin}} {{', ['malformed-placeholder']],
    ['{{pin}}}}', ['malformed-placeholder']],
    ['{{{pin}}}', []],
    ['<speak>{{pin}}</speak>', []],
    ['<speak><s>Code <say-as interpret-as="digits">{{pin}}</say-as></s></speak>', []],
    ['<speak><audio src="x"/>{{pin}}</speak>', ['invalid-ssml']],
    ['<speak><phoneme ph="{{pin}}">x</phoneme></speak>', ['no-pin']],
    ['5 < 6 {{pin}}', []],
  ])('%s', (text, ids) => {
    expect(checkTemplate(text).map(problem => problem.id)).toEqual(ids);
  });

  test('says where, and why', () => {
    expect(checkTemplate('{{pin}} {{x')).toEqual([{ id: 'malformed-placeholder', at: 8 }]);
    expect(checkTemplate('<speak>{{pin}}')).toEqual([{ id: 'invalid-ssml', reason: 'malformed' }]);
  });
});

describe('a template that is SSML', () => {
  test('is parsed first and filled in afterwards', () => {
    const text =
      '<speak>Hi <prosody rate="80%">{{name}} has <sub alias="code {{pin}}">x</sub></prosody>, ok</speak>';
    const style = { rate: 0.8 };
    expect(said(text, { name: '<break time="9s"/>' })).toEqual([
      words('Hi '),
      { ...words('<break time="9s"/>', true), style },
      { ...words(' has '), style },
      { ...words('code '), style },
      pause(400),
      { ...symbols('5842', true), style },
      words(', ok'),
    ]);
  });

  test('spells what stands in say-as characters', () => {
    const text =
      '<speak><say-as interpret-as="characters">{{ref}}</say-as>,<say-as interpret-as="digits">7{{pin}}</say-as>' +
      '<say-as interpret-as="digits">12</say-as><say-as interpret-as="digits">{{none}}</say-as><break/></speak>';
    expect(said(text, { ref: 'A 1\u0007' })).toEqual([
      symbols('A1', false),
      words(','),
      symbols('7', false),
      symbols('5842', true),
      symbols('12', false),
      pause(500),
    ]);
  });

  test('what has no placeholder stays as the parser made it, a pause behind the PIN too', () => {
    const text =
      '<speak><say-as interpret-as="digits">12</say-as> <sub alias="b">x</sub>{{pin}}<break/></speak>';
    expect(said(text)).toEqual([
      symbols('12', false),
      { ...words('b'), original: 'x' },
      pause(400),
      symbols('5842', true),
      pause(500),
    ]);
    expect(said('<speak><say-as interpret-as="digits">{{pin}}</say-as><break time="1s"/></speak>')).toEqual([
      symbols('5842', true),
      pause(1_000),
    ]);
  });

  test('throws what the parser throws', () => {
    expect(() => said('<speak><x/>{{pin}}</speak>')).toThrow(SsmlError);
  });
});

test('any value at all: one transient utterance that is the cleaned value, and the PIN is spelled once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), value => {
      const utterances = said('Hello {{v}}! {{pin}}', { v: value });
      const transient = utterances.filter(utterance => utterance.kind === 'words' && utterance.transient);
      const clean = cleanText(value);
      expect(transient).toEqual(clean.trim() === '' ? [] : [words(clean, true)]);
      expect(utterances.filter(utterance => utterance.kind === 'characters')).toEqual([
        symbols('5842', true),
      ]);
    }),
    { numRuns: 1_000, seed: 17 },
  );
});
