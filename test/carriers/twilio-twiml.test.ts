import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import twilio from 'twilio';
import { describe, expect, test } from 'vitest';

import { buildMessage, toSsml } from '../../ivr/index.ts';
import type { Step } from '../../src/carriers/carrier.ts';
import { readSsml } from '../../src/carriers/twilio/ssml.ts';
import { renderTwiml } from '../../src/carriers/twilio/twiml.ts';
import { TWILIO_LANGUAGES, twilioVoice } from '../../src/carriers/twilio/voices.ts';
import { renderXml, element } from '../../src/carriers/twilio/xml.ts';
import { createLogger } from '../../src/log.ts';

const { VoiceResponse } = twilio.twiml;
const log = createLogger('silent');
const twiml = (...steps: Step[]) => renderTwiml(steps, log);
const say = (ssml: string, more: Partial<Extract<Step, { do: 'say' }>> = {}): Step => ({
  do: 'say',
  ssml,
  text: 'plain',
  language: 'en',
  ...more,
});

interface Tree {
  name: string;
  attributes: Record<string, string>;
  children: (Tree | string)[];
}

/** Strict parsing: throws on anything that is not well-formed XML. */
function parse(document: string): Tree {
  const root: Tree = { name: '', attributes: {}, children: [] };
  const stack = [root];
  const parser = new SaxesParser({ xmlns: false as const });
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', tag => {
    const child: Tree = { name: tag.name, attributes: { ...tag.attributes }, children: [] };
    stack.at(-1)!.children.push(child);
    stack.push(child);
  });
  parser.on('closetag', () => void stack.pop());
  parser.on('text', text => {
    if (stack.length > 1) stack.at(-1)!.children.push(text);
  });
  parser.write(document).close();
  return root.children[0] as Tree;
}

const textOf = (node: Tree | string): string =>
  typeof node === 'string' ? node : node.children.map(textOf).join('');
const namesOf = (node: Tree | string): string[] =>
  typeof node === 'string' ? [] : [node.name, ...node.children.flatMap(namesOf)];

describe('the documents are those that the twilio package makes', () => {
  test('connect a stream', () => {
    const theirs = new VoiceResponse();
    const stream = theirs.connect().stream({ url: 'wss://h.example/media/twilio/TOKEN' });
    stream.parameter({ name: 'callRef', value: '01J & "x"' });
    const parameters = { callRef: '01J & "x"' };
    const ours = twiml({ do: 'stream', url: 'wss://h.example/media/twilio/TOKEN', parameters });
    expect(parse(ours)).toEqual(parse(theirs.toString()));
  });

  test('the whole of a markup dialogue', () => {
    const theirs = new VoiceResponse();
    theirs.pause({ length: 2 });
    const gather = theirs.gather({
      input: ['dtmf'],
      numDigits: 1,
      timeout: 10,
      finishOnKey: '#',
      action: 'https://h.example/digits?step=2&x=%20',
      method: 'POST',
      actionOnEmptyResult: true,
    });
    const spoken = gather.say({ voice: 'Polly.Joanna-Neural', language: 'en-US' }, '');
    spoken.prosody({ rate: '80%' }, 'Your code is');
    spoken.break({ time: '500ms' });
    spoken.sayAs({ 'interpret-as': 'digits' }, '123456');
    gather.pause({ length: 1 });
    theirs.redirect({ method: 'POST' }, 'https://h.example/again?a=1&b=2');
    theirs.hangup();

    const ssml =
      '<prosody rate="80%">Your code is</prosody><break time="500ms"/><say-as interpret-as="digits">123456</say-as>';
    const ours = twiml(
      { do: 'pause', ms: 1800 },
      {
        do: 'collect',
        prompt: [say(ssml), { do: 'pause', ms: 1000 }],
        maxDigits: 1,
        finishOn: '#',
        timeoutMs: 9200,
        nextUrl: 'https://h.example/digits?step=2&x=%20',
      },
      { do: 'goto', url: 'https://h.example/again?a=1&b=2' },
      { do: 'hangup' },
    );
    expect(parse(ours)).toEqual(parse(theirs.toString()));
  });

  test('nothing to do', () => {
    expect(parse(twiml())).toEqual(parse(new VoiceResponse().toString()));
  });
});

describe('steps', () => {
  const gather = (timeoutMs: number, finishOn = '#') =>
    parse(twiml({ do: 'collect', prompt: [], maxDigits: 4, finishOn, timeoutMs, nextUrl: 'https://h/x' }))
      .children[0] as Tree;

  test.each([
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [10_000, '10'],
  ])('a Gather waits %d ms as %s s', (ms, expected) =>
    expect(gather(ms).attributes['timeout']).toBe(expected),
  );

  test('no finish key', () => expect(gather(1000, '').attributes['finishOnKey']).toBe(''));

  test.each([
    [0, undefined],
    [499, undefined],
    [500, '1'],
    [1499, '1'],
    [2500, '3'],
  ])('a pause of %d ms', (ms, length) => {
    const [pause] = parse(twiml({ do: 'pause', ms })).children as Tree[];
    expect(pause?.attributes['length']).toBe(length);
  });

  test.each([
    'wss://h/media?token=x',
    'wss://h/media#x',
    'https://h/media',
    'wss://h/me dia',
    'javascript:alert(1)',
    '',
  ])('the stream URL %j is refused', url => {
    expect(() => twiml({ do: 'stream', url, parameters: {} })).toThrow('stream URL');
  });

  test('a stream parameter of 500 characters is refused', () => {
    const parameters = { name: 'x'.repeat(496) };
    expect(() => twiml({ do: 'stream', url: 'wss://h/m', parameters })).toThrow('too long');
  });

  test('a prompt is speech and pauses only', () => {
    const prompt: Step[] = [{ do: 'hangup' }];
    const step: Step = {
      do: 'collect',
      prompt,
      maxDigits: 1,
      finishOn: '#',
      timeoutMs: 1,
      nextUrl: 'https://h',
    };
    expect(() => twiml(step)).toThrow('hangup');
  });
});

describe('SSML', () => {
  const speak = (ssml: string, voice?: string) => {
    const [said] = parse(twiml(say(ssml, voice === undefined ? {} : { voice }))).children as Tree[];
    return said!;
  };
  const body = (ssml: string, voice?: string) => {
    const { children } = speak(ssml, voice);
    return renderXml(element('x', {}, children))
      .replace(/^.*?<x\/?>/, '')
      .replace('</x>', '');
  };

  test.each([
    'Hello, <break time="500ms"/><say-as interpret-as="characters">4 2</say-as>',
    '<prosody rate="70%" volume="loud">slow</prosody>',
    '<p><s>One &amp; two &lt; three</s></p>',
    '<lang xml:lang="de-DE">Grüß Gott</lang>',
    '<sub alias="doctor">Dr</sub><phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>',
    '<break strength="x-strong"/><w role="amazon:VB">read</w>',
  ])('kept as it is: %s', ssml => expect(body(ssml)).toBe(ssml));

  test.each([
    ['a neural voice’s emphasis', '<emphasis level="strong">now</emphasis>', 'now'],
    [
      'a neural voice’s pitch',
      '<prosody pitch="high" rate="80%">x</prosody>',
      '<prosody rate="80%">x</prosody>',
    ],
    ['a prosody left empty', '<prosody pitch="high">x</prosody>', 'x'],
    ['<speak> itself', '<speak>x</speak>', 'x'],
    ['an element outside the table', 'a<audio src="https://evil/x.mp3"/>b<mark name="m"/>', 'ab'],
    ['an element of TwiML', '<Redirect>https://evil.example</Redirect>', 'https://evil.example'],
    ['a foreign attribute', '<p onload="x">y</p>', '<p>y</p>'],
    ['a rate that is none', `<prosody rate="120%' x">y</prosody>`, 'y'],
    ['a say-as of nothing', '<say-as>5</say-as>', '5'],
    ['a prototype’s name', '<constructor>5</constructor>', '5'],
    ['comments', 'a<!-- b -->c', 'ac'],
    ['CDATA', '<![CDATA[<b>&]]>', '&lt;b&gt;&amp;'],
    [
      'a break of 25 s',
      '<break time="25s"/>',
      '<break time="10000ms"/><break time="10000ms"/><break time="5000ms"/>',
    ],
  ])('%s', (_, ssml, expected) => expect(body(ssml)).toBe(expected));

  test('Google reads digits as characters', () => {
    const ssml = '<say-as interpret-as="digits">42</say-as><say-as interpret-as="number">42</say-as>';
    const expected =
      '<say-as interpret-as="characters">42</say-as><say-as interpret-as="cardinal">42</say-as>';
    expect(body(ssml, 'Google.en-US-Wavenet-A')).toBe(expected);
  });

  test.each(['generic', 'twilio-polly'] as const)(
    'what ivr writes for %s keeps every word and symbol',
    target => {
      const text = 'Hello {{name}},, your code is {{pin}}.';
      const utterances = buildMessage({
        text,
        pin: '4A82',
        placeholders: { name: 'Zoë <b> & "co"' },
        digitPauseMs: 400,
      });
      const said = speak(toSsml(utterances, target, { rate: 0.8 }));
      expect(textOf(said).replaceAll(/\s+/g, ' ')).toMatch(
        /^Hello Zoë <b> & "co".*your code is.*4.*A.*8.*2.*$/,
      );
      const names = namesOf(said);
      expect(names.filter(name => name === 'say-as')).toHaveLength(4);
      expect(names.filter(name => name === 'break').length).toBeGreaterThanOrEqual(5);
      expect(names).toContain('prosody');
    },
  );

  test('a standard voice keeps emphasis and pitch', () => {
    const ssml = '<emphasis level="strong"><prosody pitch="high">x</prosody></emphasis>';
    expect(body(ssml, 'Polly.Joanna')).toBe(ssml);
  });

  test.each([
    ['not closed', '<p>x'],
    ['closed too often', 'x</p>'],
    ['breaking out', '</Say></Response><Response><Hangup/>'],
    ['crossed', '<p><s></p></s>'],
    ['a bare ampersand', 'a & b'],
    ['a bare less-than', 'a < b'],
    ['an entity', '&lol;'],
    ['a doctype', '<!DOCTYPE x [<!ENTITY lol "lol">]><p>x</p>'],
    ['a processing instruction', '<?php evil ?>'],
    ['an attribute without quotes', '<break time=1s/>'],
    ['a control character', 'a\u0000b'],
    ['nested without end', `${'<p>'.repeat(1000)}x${'</p>'.repeat(1000)}`],
  ])('%s: the plain text is said instead', (_, ssml) => {
    expect(readSsml(ssml, 'polly-neural')).toBeUndefined();
    expect(speak(ssml).children).toEqual(['plain']);
  });

  test('the plain text is data', () => {
    const [said] = parse(twiml(say('<', { text: '</Say><Hangup/> & "x"' }))).children as Tree[];
    expect(said!.children.map(textOf).join('')).toBe('</Say><Hangup/> & "x"');
  });

  test('a log line about it says nothing of it', () => {
    const lines: string[] = [];
    renderTwiml(
      [say('<broken 482913', { text: '482913' })],
      createLogger('trace', { write: line => void lines.push(line) }),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('482913');
  });
});

describe('text stays text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '&',
          '"',
          "'",
          ']]>',
          '<!--',
          '</Say>',
          '&amp;',
          '\u0000',
          '\ud800',
          '\ufffe',
          '\t',
          '\n',
        ),
      )
      .map(parts => parts.join('')),
  );
  /** What XML 1.0 can carry at all. */
  const carried = (text: string) =>
    text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');

  test('10,000 values in every place where a caller’s text goes', () => {
    fc.assert(
      fc.property(hostile, value => {
        const tree = parse(
          twiml(
            { do: 'goto', url: value },
            { do: 'collect', prompt: [], maxDigits: 1, finishOn: value, timeoutMs: 1, nextUrl: value },
            { do: 'stream', url: 'wss://h/m', parameters: { name: value.slice(0, 200) } },
            say('<', { text: value }),
          ),
        );
        expect(namesOf(tree)).toEqual([
          'Response',
          'Redirect',
          'Gather',
          'Connect',
          'Stream',
          'Parameter',
          'Say',
        ]);
        const [redirect, gather, , said] = tree.children as Tree[];
        expect(textOf(redirect!)).toBe(carried(value));
        expect(textOf(said!)).toBe(carried(value));
        expect(gather!.attributes['action']).toBe(carried(value));
        expect(gather!.attributes['finishOnKey']).toBe(carried(value));
      }),
      { numRuns: 10_000, seed: 24 },
    );
  });

  test('5,000 arbitrary SSML bodies: a well-formed document of known elements', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<break time="1s"/>',
      '<Hangup/>',
      '<s a="b">',
      '</s>',
      '&amp;',
      '&',
      'x',
    );
    const known = new Set(['Response', 'Say', 'p', 's', 'break']);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const names = namesOf(parse(twiml(say(pieces.join('')))));
        expect(names.filter(name => !known.has(name))).toEqual([]);
        expect(names.slice(0, 2)).toEqual(['Response', 'Say']);
      }),
      { numRuns: 5_000, seed: 25 },
    );
  });
});

describe('voices', () => {
  const ENUM = 'en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw'.split(' ');

  test.each([
    ['en', 'en-US', 'Polly.Joanna-Neural'],
    ['pt_br', 'pt-BR', 'Polly.Camila-Neural'],
    ['pt-br', 'pt-BR', 'Polly.Camila-Neural'],
    ['pt_pt', 'pt-PT', 'Polly.Ines-Neural'],
    ['zh_cn', 'cmn-CN', 'Polly.Zhiyu-Neural'],
    ['zh_tw', 'cmn-TW', 'Google.cmn-TW-Wavenet-A'],
    ['no', 'nb-NO', 'Polly.Ida-Neural'],
    ['ru', 'ru-RU', 'Polly.Tatyana'],
    ['en-GB', 'en-GB', 'Polly.Amy-Neural'],
    ['de-CH', 'de-DE', 'Polly.Vicki-Neural'],
  ])('%s', (language, tag, voice) => {
    expect(twilioVoice(language)).toMatchObject({ language: tag, voice });
    expect(twilioVoice(language).fallback).toBeUndefined();
  });

  test('every language of the 2FA enum has a voice; two are read by a neighbour, and say so', () => {
    expect(ENUM.filter(language => !TWILIO_LANGUAGES.includes(language))).toEqual([]);
    expect(ENUM.filter(language => twilioVoice(language).fallback !== undefined)).toEqual(['hr', 'sl']);
  });

  test('every default is a voice and a language that the twilio package knows', () => {
    const types = readFileSync(
      fileURLToPath(new URL('../../node_modules/twilio/lib/twiml/VoiceResponse.d.ts', import.meta.url)),
      'utf8',
    );
    const known = new Set([...types.matchAll(/"([^"]+)"/g)].map(match => match[1]));
    const used = TWILIO_LANGUAGES.map(language => twilioVoice(language)).flatMap(voice => [
      voice.voice,
      voice.language,
    ]);
    expect(used.filter(name => !known.has(name))).toEqual([]);
  });

  test.each([
    ['en', 'Joanna', 'Polly.Joanna-Neural', undefined],
    ['en', 'matthew', 'Polly.Matthew-Neural', undefined],
    ['ru', 'Maxim', 'Polly.Maxim', undefined],
    ['en', 'Polly.Joanna', 'Polly.Joanna', undefined],
    ['de', 'Google.de-DE-Wavenet-A', 'Google.de-DE-Wavenet-A', undefined],
    ['de', 'Joanna', 'Polly.Vicki-Neural', 'no voice Joanna for de-DE'],
    ['en', 'rms', 'Polly.Joanna-Neural', 'no voice rms for en-US'],
    ['en', '"/><Hangup/>', 'Polly.Joanna-Neural', 'no voice ????Hangup?? for en-US'],
    ['tlh', undefined, 'Polly.Joanna-Neural', 'no voice for language tlh'],
    ['__proto__', undefined, 'Polly.Joanna-Neural', 'no voice for language __proto__'],
  ])('%s, %s', (language, wanted, voice, fallback) => {
    expect(twilioVoice(language, wanted)).toMatchObject({ voice });
    expect(twilioVoice(language, wanted).fallback).toBe(fallback);
  });
});
