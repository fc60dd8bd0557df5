import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { maskCodes } from '../../../src/delivery/messages/mask.ts';

describe('a text in the logs', () => {
  it.each([
    ['Hello, your code is,, 5,, 8,, 4,, 2', 'Hello, your code is,, *,, *,, *,, *'],
    ['Your PIN is 5842.', 'Your PIN is ****.'],
    ['5 8 4 2', '* * * *'],
    ['Your code is 4821', 'Your code is ****'],
    ['5-8-4-2 or AB12CD', '*-*-*-* or ******'],
    ['Gate 12 at noon', 'Gate ** at noon'],
    ['pin 58-42', 'pin **-**'],
    ['code A1B2C3, please', 'code ******, please'],
    ['It is X, K, Q, Z.', 'It is *, *, *, *.'],
    ['It is x-k-q-5 again', 'It is *-*-*-* again'],
    ['dial five eight four two', 'dial **** ***** **** ***'],
    ['Alpha, Bravo, Charlie: go', '*****, *****, *******: go'],
    ['٥٨٤٢ and ５８４２', '**** and ****'],
    [
      '<speak>Code 5<break time="1s"/>8<break/>4</speak>',
      '<speak>Code *<break time="**"/>*<break/>*</speak>',
    ],
    ['<say-as interpret-as="digits">5842</say-as>', '<say-as interpret-as="digits">****</say-as>'],
    ['<sub alias="5842">it</sub>', '<sub alias="****">it</sub>'],
    ['<speak>X<break/>K<break/>Q</speak>', '<speak>*<break/>*<break/>*</speak>'],
    ['Žofie, 🙂 7 is 🙂', 'Žofie, 🙂 * is 🙂'],
    ['', ''],
  ])('%j becomes %j', (text, masked) => {
    expect(maskCodes(text, 'en')).toBe(masked);
  });

  it.each([
    ['de', 'Ihr Code: fünf acht vier zwei', 'Ihr Code: **** **** **** ****'],
    ['fr', 'code cinq huit quatre deux', 'code **** **** ****** ****'],
    ['zh_cn', '验证码 五八四二', '验证码 ****'],
    ['ta', 'one two three', '*** *** *****'],
  ])('knows the digits of %s', (language, text, masked) => {
    expect(maskCodes(text, language)).toBe(masked);
  });

  it.each([
    'Test Voice message.',
    'Hi! You have an incoming call from our support team.',
    'I, a friend, and one more',
    'a < b > c',
    'Hallo! Sie werden jetzt mit unserem Support-Team verbunden.',
  ])('stays as it is without a code: %s', text => {
    expect(maskCodes(text, 'en')).toBe(text);
  });

  it('shows no digit, changes nothing but letters and digits, and never the length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
        const masked = maskCodes(text, 'en');
        expect(masked).not.toMatch(/\p{N}/u);
        expect(masked).toHaveLength(text.length);
        const kept = [...masked].every((_, at) => masked[at] === '*' || masked[at] === text[at]);
        expect(kept).toBe(true);
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
  });

  it('takes no longer for what is made to take long', () => {
    const started = process.cpuUsage();
    for (const text of [
      '<'.repeat(1_400),
      'a'.repeat(1_400),
      'a1'.repeat(700),
      '5 '.repeat(700),
      '<a'.repeat(700),
    ]) {
      maskCodes(text, 'en');
    }
    expect(process.cpuUsage(started).user).toBeLessThan(500_000);
  });
});
