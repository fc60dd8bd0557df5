import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { looksLikeSsml, parseSsml, SsmlError } from '../../ivr/index.ts';
import type { Utterance } from '../../ivr/index.ts';

const words = (text: string, more: object = {}): unknown => ({
  kind: 'words',
  text,
  transient: false,
  ...more,
});
const pause = (ms: number): Utterance => ({ kind: 'pause', ms });
const spelled = (text: string, pauseMs = 400): unknown => ({
  kind: 'characters',
  symbols: [...text],
  pauseMs,
  pin: false,
});

describe('what is taken', () => {
  test.each([
    ['<speak>Hi</speak>', [words('Hi')]],
    ['Hi <break time="1s"/> you', [words('Hi '), pause(1_000), words(' you')]],
    [
      '<?xml version="1.0"?><speak version="1.1" xml:lang="en-US">Hi</speak>',
      [words('Hi', { style: { lang: 'en-US' } })],
    ],
    [
      '<speak>a<break/>b<break time="250ms"/><break time="+1.5s"/>c</speak>',
      [words('a'), pause(500), words('b'), pause(1_750), words('c')],
    ],
    [
      '<speak>a<break strength="none"/>b<break strength="x-strong"/>c</speak>',
      [words('a'), words('b'), pause(1_000), words('c')],
    ],
    ['<speak><p>a</p><p>b</p></speak>', [words('a'), pause(1_000), words('b')]],
    [
      '<speak><p><s>a</s><s xml:lang="de">b</s></p>c</speak>',
      [words('a'), pause(750), words('b', { style: { lang: 'de' } }), pause(1_000), words('c')],
    ],
    ['<speak><say-as interpret-as="digits">58 42</say-as></speak>', [spelled('5842')]],
    [
      '<speak><say-as interpret-as="spell-out">A</say-as><break time="1s"/>b</speak>',
      [spelled('A', 1_000), words('b')],
    ],
    [
      '<speak><say-as interpret-as="characters">AB</say-as><break time="1s"/>b</speak>',
      [spelled('AB'), pause(1_000), words('b')],
    ],
    [
      '<speak><say-as interpret-as="date" format="mdy">1/2/3</say-as></speak>',
      [words('1/2/3', { sayAs: { interpret: 'date', format: 'mdy' } })],
    ],
    [
      '<speak><say-as interpret-as="telephone">123</say-as></speak>',
      [words('123', { sayAs: { interpret: 'telephone' } })],
    ],
    ['<speak><say-as interpret-as="digits"> </say-as>x</speak>', [words('x')]],
    ['<speak><sub alias="World">W</sub></speak>', [words('World', { original: 'W' })]],
    [
      '<speak><phoneme alphabet="ipa" ph="x">y</phoneme></speak>',
      [words('y', { phoneme: { alphabet: 'ipa', ph: 'x' } })],
    ],
    ['<speak><phoneme ph="x">y</phoneme></speak>', [words('y', { phoneme: { alphabet: 'ipa', ph: 'x' } })]],
    ['<speak><w role="amazon:VB">read</w></speak>', [words('read', { role: 'amazon:VB' })]],
    [
      '<speak><emphasis>a</emphasis> <emphasis level="strong">b</emphasis></speak>',
      [words('a ', { style: { emphasis: 'moderate' } }), words('b', { style: { emphasis: 'strong' } })],
    ],
    [
      '<speak><emphasis level="reduced">a</emphasis><emphasis level="none">b</emphasis></speak>',
      [words('a', { style: { emphasis: 'reduced' } }), words('b', { style: { emphasis: 'none' } })],
    ],
    ['<speak><lang xml:lang="fr-FR">a</lang></speak>', [words('a', { style: { lang: 'fr-FR' } })]],
    ['<speak>a &lt;b&gt; &#233; &amp; \n\t c</speak>', [words('a <b> é & c')]],
    ['<speak>a<![CDATA[<b>]]></speak>', [words('a'), words('<b>')]],
    ['<speak> \n </speak>', []],
  ])('%s', (ssml, utterances) => {
    expect(parseSsml(ssml)).toEqual(utterances);
  });

  test.each([
    ['80%', 0.8],
    ['+10%', 1.1],
    ['-25%', 0.75],
    ['1.2', 1.2],
    ['x-slow', 0.5],
    ['fast', 1.25],
    ['medium', 1],
  ])('rate %s', (rate, factor) => {
    expect(parseSsml(`<speak><prosody rate="${rate}">a</prosody></speak>`)).toEqual([
      words('a', { style: { rate: factor } }),
    ]);
  });

  test('styles nest: rates multiply, the rest is the inner one', () => {
    const ssml =
      '<speak><prosody rate="80%" pitch="low"><prosody rate="50%" volume="+6dB" pitch="high">a</prosody></prosody></speak>';
    expect(parseSsml(ssml)).toEqual([words('a', { style: { rate: 0.4, pitch: 'high', volume: '+6dB' } })]);
  });

  test('the pause between spelled symbols is a setting', () => {
    expect(parseSsml('<say-as interpret-as="digits">12</say-as>', { digitPauseMs: 250 })).toEqual([
      spelled('12', 250),
    ]);
  });

  test('a space between elements separates, within words and once', () => {
    expect(parseSsml('<speak><s/> a <sub alias="b">x</sub> <sub alias="c">y</sub> d</speak>')).toEqual([
      words(' a '),
      words('b ', { original: 'x' }),
      words('c', { original: 'y' }),
      words(' d'),
    ]);
  });
});

describe('what is refused', () => {
  test.each([
    ['<speak>', 'malformed'],
    ['<speak>a & b</speak>', 'malformed'],
    ['<speak><p>a</speak></p>', 'malformed'],
    ['<speak>a</speak>b', 'malformed'],
    ['<speak>a</speak><break/>', 'malformed'],
    ['a<speak>b</speak>', 'malformed'],
    ['<speak><speak>a</speak></speak>', 'malformed'],
    ['<speak>&bomb;</speak>', 'malformed'],
    ['<speak>&#0;</speak>', 'malformed'],
    ['<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', 'forbidden'],
    ['<?xml version="1.0"?><!DOCTYPE speak SYSTEM "http://127.0.0.1/x"><speak>a</speak>', 'forbidden'],
    ['<speak><?php x?></speak>', 'forbidden'],
    ['<speak><!-- a --></speak>', 'forbidden'],
    ['<speak><audio src="https://x/y.mp3"/></speak>', 'forbidden'],
    ['<speak><voice name="x">a</voice></speak>', 'forbidden'],
    ['<speak><mark name="x"/></speak>', 'forbidden'],
    ['<speak><Break/></speak>', 'forbidden'],
    ['<speak><amazon:effect name="whispered">a</amazon:effect></speak>', 'forbidden'],
    ['<speak><constructor/></speak>', 'forbidden'],
    ['<speak><break onload="x"/></speak>', 'forbidden'],
    ['<speak><break constructor="x"/></speak>', 'forbidden'],
    ['<speak><break>a<p/></break></speak>', 'forbidden'],
    ['<speak><say-as interpret-as="digits"><p>1</p></say-as></speak>', 'forbidden'],
    ['<speak><prosody contour="(0%,+20Hz)">a</prosody></speak>', 'forbidden'],
    ['<speak><break time="1h"/></speak>', 'bad-attribute'],
    ['<speak><break time="11s"/></speak>', 'bad-attribute'],
    ['<speak><break time="-1s"/></speak>', 'bad-attribute'],
    ['<speak><break strength="huge"/></speak>', 'bad-attribute'],
    ['<speak><prosody rate="900%">a</prosody></speak>', 'bad-attribute'],
    ['<speak><prosody rate="5%">a</prosody></speak>', 'bad-attribute'],
    ['<speak><prosody rate="120%\' onload=\'x">a</prosody></speak>', 'bad-attribute'],
    ['<speak><say-as interpret-as="magic">a</say-as></speak>', 'bad-attribute'],
    ['<speak><say-as>a</say-as></speak>', 'bad-attribute'],
    ['<speak><sub>a</sub></speak>', 'bad-attribute'],
    ['<speak><lang xml:lang="??">a</lang></speak>', 'bad-attribute'],
    ['<speak><w role="no colon">a</w></speak>', 'bad-attribute'],
    [`${'<p>'.repeat(17)}a${'</p>'.repeat(17)}`, 'too-deep'],
    [`<speak>${'a'.repeat(20_000)}</speak>`, 'too-large'],
  ])('%s', (ssml, reason) => {
    const error = caught(ssml);
    expect(error).toMatchObject({ reason, status: 'REJECTED_INVALID_SSML' });
  });

  test('a break holds no text', () => {
    expect(caught('<speak><break>5842</break></speak>')?.reason).toBe('forbidden');
  });

  test('the error names a place and never the text', () => {
    const error = caught('<speak>5842\n<secret5842 x="5842"/></speak>');
    expect(error?.message).toContain('line 2');
    expect(error?.message).not.toContain('5842');
  });
});

function caught(ssml: string): SsmlError | undefined {
  try {
    parseSsml(ssml);
    return undefined;
  } catch (error) {
    if (error instanceof SsmlError) return error;
    throw error;
  }
}

test('any text: utterances or an SsmlError, nothing else, and quickly', () => {
  const pieces = [
    '<speak> </speak> <p> </p> <break/> <break "/> & ; < > <!-- ]]> a </sub> </say-as> <![CDATA['.split(' '),
    ['<sub alias="x">', '<say-as interpret-as="digits">', '<?xml version="1.0"?>', ' '],
  ].flat();
  const piece = fc.constantFrom(...pieces);
  const text = fc.oneof(
    fc.array(piece, { maxLength: 20 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(text, ssml => {
      if (caught(ssml)) refused += 1;
      else taken += 1;
    }),
    { numRuns: 1_500, seed: 41 },
  );
  expect(Math.min(refused, taken)).toBeGreaterThan(100);
});

test.each([
  ['<speak>x</speak>', true],
  [' \n<speak version="1.1">', true],
  ['<?xml version="1.0"?><speak/>', true],
  ['<!DOCTYPE speak>', true],
  ['Hi <break time="1s"/>', true],
  ['Hi <emphasis>you</emphasis>', true],
  ['Hi <b>you</b>', false],
  ['5 < 6 and 7 > 6', false],
  ['a <speaker> b', false],
  ['{{pin}}', false],
])('%s looks like SSML: %s', (text, looks) => {
  expect(looksLikeSsml(text)).toBe(looks);
});
