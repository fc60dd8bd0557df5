import { describe, expect, it } from 'vitest';

import { fillWritten, SsmlError, writtenText } from '../../ivr/index.ts';

const fill = (text: string, placeholders: Record<string, string> = {}): string =>
  fillWritten(text, { pin: '1598', placeholders });

describe('writtenText', () => {
  it.each([
    'Your pin is {{pin}}',
    'Your pin is,, {{pin}},,,, again: {{pin}}',
    'Bring <3 apples & {{pin}}\nto "us"',
  ])('leaves plain text as it is: %j', text => {
    expect(writtenText(text)).toBe(text);
  });

  it.each([
    ['<speak>Your code<break time="1s"/>is <emphasis>{{pin}}</emphasis></speak>', 'Your code is {{pin}}'],
    ['Code: <say-as interpret-as="characters">{{pin}}</say-as>.', 'Code: {{pin}}.'],
    ['<p>One</p><p>Two &amp; {{name}}</p>', 'One Two & {{name}}'],
    ['<sub alias="World Wide Web">WWW</sub> {{pin}}', 'WWW {{pin}}'],
  ])('takes the markup out of %s', (text, written) => {
    expect(writtenText(text)).toBe(written);
  });

  it('refuses what looks like SSML and is not', () => {
    expect(() => writtenText('<speak>{{pin}}')).toThrow(SsmlError);
  });
});

describe('fillWritten', () => {
  it('writes the PIN plainly wherever it stands, and values as data', () => {
    expect(fill('Hi {{name}}: {{pin}}, {{pin}}', { name: '{{pin}} <b>&</b> {{name}}, ,' })).toBe(
      'Hi {{pin}} <b>&</b> {{name}}, ,: 1598, 1598',
    );
  });

  it('writes nothing for a value that is missing or inherited, and ignores a value for pin', () => {
    expect(fill('[{{a}}{{toString}}{{pin}}]', { pin: 'x' })).toBe('[1598]');
  });

  it('keeps line ends and drops what no display shows', () => {
    expect(fill('{{a}}', { a: 'x\u0000\u0007\u001B\uD800\uFFFE\ny\tz🙂' })).toBe('x\ny\tz🙂');
  });

  it('takes an encoding of values that leaves the template alone', () => {
    const encode = (value: string): string => value.toUpperCase();
    expect(fillWritten('a {{b}}', { pin: '', placeholders: { b: 'c' } }, encode)).toBe('a C');
  });
});
