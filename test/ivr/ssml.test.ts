import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';

import { dialects, looksLikeSsml, parseSsml, toPlainText, toSsml } from '../../ivr/index.ts';
import type { SsmlTarget, Style, Utterance } from '../../ivr/index.ts';

const targets = Object.keys(dialects) as SsmlTarget[];
const words = (text: string, more: Partial<Extract<Utterance, { kind: 'words' }>> = {}): Utterance => ({
  kind: 'words',
  text,
  transient: false,
  ...more,
});
const symbols = (text: string, style?: Style): Utterance => ({
  kind: 'characters',
  symbols: [...text],
  pauseMs: 400,
  pin: false,
  ...(style && { style }),
});
const pause = (ms: number): Utterance => ({ kind: 'pause', ms });

describe('dialects', () => {
  const message = [words('Code '), pause(500), symbols('5A'), words('!')];

  test.each([
    [
      'generic',
      "<speak>Code <break time='500ms'/><say-as interpret-as='characters'>5</say-as><break time='400ms'/>" +
        "<say-as interpret-as='characters'>A</say-as><break time='400ms'/>!</speak>",
    ],
    [
      'twilio-polly',
      "Code <break time='500ms'/><say-as interpret-as='digits'>5</say-as><break time='400ms'/>" +
        "<say-as interpret-as='characters'>A</say-as><break time='400ms'/>!",
    ],
    [
      'alexa',
      "<speak>Code <break time='500ms'/><say-as interpret-as='digits'>5</say-as><break time='400ms'/>" +
        "<say-as interpret-as='spell-out'>A</say-as><break time='400ms'/>!</speak>",
    ],
  ] as const)('%s', (target, ssml) => {
    expect(toSsml(message, target)).toBe(ssml);
  });

  test('what a target does not take is left out, its text is not', () => {
    const utterances = [
      words('a', { style: { emphasis: 'strong', pitch: '+10%', volume: 'loud' } }),
      words('b', { role: 'amazon:VB' }),
      words('c', { sayAs: { interpret: 'number' } }),
      words('d', { style: { emphasis: 'none' } }),
    ];
    expect(toSsml(utterances, 'twilio-polly')).toBe(
      "<prosody volume='loud'>a</prosody><w role='amazon:VB'>b</w><say-as interpret-as='number'>c</say-as>d",
    );
    expect(toSsml(utterances, 'google')).toBe(
      "<speak><prosody pitch='+10%' volume='loud'><emphasis level='strong'>a</emphasis></prosody>bcd</speak>",
    );
  });

  test('elements with all their attributes', () => {
    const utterances = [
      words('World Wide Web', { original: 'WWW' }),
      words('pecan', { phoneme: { alphabet: 'ipa', ph: "pɪ'kɑːn" } }),
      words('1/2', { sayAs: { interpret: 'date', format: 'dm' } }),
      words('Hallo', { style: { lang: 'de-DE', rate: 0.5 } }),
    ];
    expect(toSsml(utterances, 'generic')).toBe(
      "<speak><sub alias='World Wide Web'>WWW</sub><phoneme alphabet='ipa' ph='pɪ&apos;kɑːn'>pecan</phoneme>" +
        "<say-as interpret-as='date' format='dm'>1/2</say-as>" +
        "<lang xml:lang='de-DE'><prosody rate='50%'>Hallo</prosody></lang></speak>",
    );
  });

  test('a pause over 10 s becomes several, none becomes none', () => {
    expect(toSsml([pause(25_000), pause(0)], 'twilio-polly')).toBe(
      "<break time='10000ms'/><break time='10000ms'/><break time='5000ms'/>",
    );
  });

  test.each([
    [1, undefined, 'x'],
    [0.8, undefined, "<prosody rate='80%'>x</prosody>"],
    [1.234, 0.5, "<prosody rate='62%'>x</prosody>"],
    [0.01, undefined, "<prosody rate='20%'>x</prosody>"],
    [2, 2, "<prosody rate='200%'>x</prosody>"],
  ])('rate %s with style %s', (rate, own, ssml) => {
    const style = own === undefined ? {} : { style: { rate: own } };
    expect(toSsml([words('x', style)], 'twilio-polly', { rate })).toBe(ssml);
  });

  test('a rate does not reach the pauses between symbols', () => {
    expect(toSsml([symbols('5')], 'twilio-polly', { rate: 2 })).toBe(
      "<prosody rate='200%'><say-as interpret-as='digits'>5</say-as></prosody><break time='400ms'/>",
    );
  });
});

/** The independent reader: a strict parser of its own, counting elements and gathering text. */
function read(ssml: string): { text: string; elements: string[]; attributes: string[] } {
  const seen = { text: '', elements: [] as string[], attributes: [] as string[] };
  const parser = new SaxesParser({ fragment: true });
  parser.on('error', error => {
    throw error;
  });
  parser.on('text', part => {
    seen.text += part;
  });
  parser.on('opentag', tag => {
    seen.elements.push(tag.name);
    seen.attributes.push(...Object.values(tag.attributes).map(String));
  });
  for (const event of ['comment', 'cdata', 'processinginstruction', 'doctype'] as const) {
    parser.on(event, () => {
      throw new Error(event);
    });
  }
  parser.write(ssml).close();
  return seen;
}

/** All that XML 1.0 cannot hold is gone or a space; nothing else is changed. */
function expected(text: string): string {
  return [...text]
    .map(char => {
      const code = char.codePointAt(0) ?? 0;
      if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029) return ' ';
      return (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff ? '' : char;
    })
    .join('');
}

const NASTY: readonly string[] = [
  `< > & " ' ]]> <!-- --> <![CDATA[ <?x ?> &amp; &#0; &x; </speak> {{pin}} \\ $& ' onload='x`.split(' '),
  ['<break time="9s"/>', "' onload='x", '\u0000', '\uFFFE', '\uD800'],
].flat();

const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 4 })), { maxLength: 10 })
      .map(parts => parts.join('')),
  },
);

describe('hostile text', () => {
  test('10,000 values: strict XML, the text is the input, not one element more', () => {
    let values = 0;
    fc.assert(
      fc.property(nasty, fc.constantFrom(...targets), (value, target) => {
        values += 1;
        const ssml = toSsml([words(value), symbols('5'), words('end', { transient: true })], target);
        const { text, elements } = read(ssml);
        expect(text).toBe(`${expected(value)}5end`);
        expect(elements).toEqual([...(dialects[target].speak ? ['speak'] : []), 'say-as', 'break']);
      }),
      { numRuns: 10_000, seed: 23 },
    );
    expect(values).toBe(10_000);
  });

  test('in every place where text can go', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 9, maxLength: 9 }), values => {
        const [a, b, c, d, e, f, g, h, i] = values;
        const utterances: Utterance[] = [
          words(a ?? '', { original: b || 'x' }),
          words(c ?? '', { phoneme: { alphabet: 'ipa', ph: d ?? '' } }),
          words(e ?? '', { role: f ?? '' }),
          words(g ?? '', { sayAs: { interpret: 'date', format: h || 'd' } }),
          words('x', { style: { lang: i || 'x', pitch: a || 'x', volume: b || 'x' } }),
          { kind: 'characters', symbols: [c ?? '', d ?? ''], pauseMs: 0, pin: false },
        ];
        const names = new Set(read(toSsml(utterances, 'generic')).elements);
        for (const name of ['speak', 'sub', 'phoneme', 'w', 'say-as', 'lang', 'prosody']) names.delete(name);
        expect([...names]).toEqual([]);
      }),
      { numRuns: 800, seed: 29 },
    );
  });

  test('plain text holds no markup at all', () => {
    fc.assert(
      fc.property(nasty, value => {
        const text = toPlainText([words(value), symbols('5'), pause(500)], { language: 'en' });
        expect(text).not.toMatch(/[<>\p{Cc}\p{Cs}]/u);
        expect(looksLikeSsml(text)).toBe(false);
      }),
      { numRuns: 1_000, seed: 31 },
    );
  });
});

describe('round trip', () => {
  const word = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map(text => text.replace(/\s+/gu, ' ').trim() || 'w');
  const style: fc.Arbitrary<Style> = fc.record(
    {
      rate: fc.constantFrom(0.5, 0.8, 1.25),
      pitch: fc.constantFrom('+10%', 'low', '-2st'),
      volume: fc.constantFrom('loud', '+6dB'),
      emphasis: fc.constantFrom('strong' as const, 'moderate' as const, 'reduced' as const),
      lang: fc.constantFrom('de-DE', 'pt-BR'),
    },
    { requiredKeys: [] },
  );
  const styled = style.map(own => (Object.keys(own).length === 0 ? {} : { style: own }));
  const plain = fc.tuple(word, styled).map(([text, own]) => words(text, own));
  const special = fc
    .tuple(word, word, styled)
    .chain(([text, other, own]) =>
      fc.constantFrom(
        words(text, { ...own, original: other }),
        words(text, { ...own, phoneme: { alphabet: 'ipa', ph: other } }),
        words(text, { ...own, sayAs: { interpret: 'date', format: 'dmy' } }),
        words(text, { ...own, sayAs: { interpret: 'telephone' } }),
        words(text, { ...own, role: 'amazon:VB' }),
      ),
    );
  const spelled = fc
    .tuple(
      fc.array(fc.constantFrom(...'0123456789ABCxyz*'), { minLength: 1, maxLength: 8 }),
      styled,
      fc.constantFrom(100, 400, 2_000),
    )
    .map(([list, own, pauseMs]): Utterance => ({
      kind: 'characters',
      symbols: list,
      pauseMs,
      pin: false,
      ...own,
    }));

  test('what is written is read back as it was', () => {
    fc.assert(
      fc.property(
        // Words and symbols in turn: two neighbours of a kind and style are one when they are read.
        fc.array(fc.tuple(fc.oneof(plain, special), fc.constantFrom(0, 250, 1_000), spelled), {
          minLength: 1,
          maxLength: 4,
        }),
        rows => {
          const utterances = rows.flatMap(([text, ms, run]) => [text, ...(ms > 0 ? [pause(ms)] : []), run]);
          expect(parseSsml(toSsml(utterances, 'generic'))).toEqual(utterances);
        },
      ),
      { numRuns: 600, seed: 37 },
    );
  });

  test('writing again what was read changes nothing', () => {
    const ssml =
      "<speak><p>Hello <emphasis>you</emphasis> there</p><s>Your code</s><say-as interpret-as='digits'>58</say-as>" +
      "<break strength='weak'/><prosody rate='slow'>bye <lang xml:lang='fr-FR'>salut</lang></prosody></speak>";
    const once = toSsml(parseSsml(ssml), 'generic');
    expect(toSsml(parseSsml(once), 'generic')).toBe(once);
  });
});

describe('plain text', () => {
  test.each([
    [
      [words('Your code is'), pause(1_000), symbols('58'), words('. Bye')],
      'letters',
      'Your code is,, 5, 8, Bye',
    ],
    [[symbols('bA')], 'letters', 'B, A,'],
    [[symbols('b')], 'phonetic', 'bee as in Bravo,'],
    [[{ kind: 'characters', symbols: ['5', '<'], pauseMs: 0, pin: true }], 'letters', '5'],
    [[pause(60_000), words('x')], 'letters', `${','.repeat(20)} x`],
    [[words('a <b> c'), pause(10), words('d')], 'letters', 'a b c, d'],
  ] as const)('%j', (utterances, spelling, text) => {
    expect(toPlainText(utterances as readonly Utterance[], { language: 'en', spelling })).toBe(text);
  });
});
