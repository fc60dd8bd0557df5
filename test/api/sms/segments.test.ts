import * as fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { describe, expect, it } from 'vitest';

import { countSegments, type TextLanguage } from '../../../src/api/infobip/sms/text/segments.ts';

function single(code: TextLanguage['code']): TextLanguage {
  return { code, single: true, locking: false };
}

describe('GSM 7-bit (3GPP TS 23.038, 23.040)', () => {
  it.each([
    ['', 1, 160],
    ['a'.repeat(160), 1, 0],
    ['a'.repeat(161), 2, 145],
    ['a'.repeat(306), 2, 0],
    ['a'.repeat(307), 3, 152],
    ['€'.repeat(80), 1, 0],
    ['€'.repeat(81), 2, 143],
    ['^{}\\[~]|€\f', 1, 140],
    ['@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà', 1, 116],
    ['\r\n'.repeat(80), 1, 0],
  ])('text %#', (text, count, remaining) => {
    expect(countSegments(text)).toStrictEqual({ encoding: 'GSM-7', count, remaining });
  });

  it('does not part an escape from its character', () => {
    // The 153rd septet would be the escape: it moves on, and one septet stays empty.
    expect(countSegments(`${'a'.repeat(152)}€${'a'.repeat(151)}`)).toMatchObject({ count: 2, remaining: 0 });
    expect(countSegments(`${'a'.repeat(152)}€${'a'.repeat(152)}`)).toMatchObject({ count: 3 });
  });
});

describe('UCS-2', () => {
  it.each([
    ['ж'.repeat(70), 1, 0],
    ['ж'.repeat(71), 2, 63],
    ['ж'.repeat(134), 2, 0],
    ['ж'.repeat(135), 3, 66],
    ['ç', 1, 69],
    ['`', 1, 69],
    ['€ж', 1, 68],
    ['😀'.repeat(35), 1, 0],
    ['😀'.repeat(36), 2, 61],
    [`${'ж'.repeat(66)}😀${'ж'.repeat(65)}`, 2, 0],
    [`${'ж'.repeat(66)}😀${'ж'.repeat(66)}`, 3, 66],
    ['👨‍👩‍👧‍👦'.repeat(6), 1, 4],
    ['👨‍👩‍👧‍👦'.repeat(7), 2, 56],
    // 201 units of one grapheme: no SMS holds it, so it is broken between characters.
    [`e${'\u0301'.repeat(200)}`, 3, 0],
    [`e${'\u0301'.repeat(201)}`, 4, 66],
    ['\ud800', 1, 69],
  ])('text %#', (text, count, remaining) => {
    expect(countSegments(text)).toStrictEqual({ encoding: 'UCS-2', count, remaining });
  });
});

describe('national language tables (3GPP TS 23.038 annex A)', () => {
  it.each([
    // 140 octets less a header of 4 (or 7), and 5 more in each of several.
    ['ş', single('TR'), 1, 153],
    ['a'.repeat(153) + 'ş', single('TR'), 1, 0],
    ['a'.repeat(154) + 'ş', single('TR'), 2, 142],
    ['a'.repeat(296) + 'ş', single('TR'), 2, 0],
    ['a'.repeat(297) + 'ş', single('TR'), 3, 147],
    ['ş'.repeat(155), { code: 'TR', single: false, locking: true }, 1, 0],
    ['ş'.repeat(156), { code: 'TR', single: false, locking: true }, 2, 142],
    ['ş'.repeat(152), { code: 'TR', single: true, locking: true }, 1, 0],
    ['ş'.repeat(153), { code: 'TR', single: true, locking: true }, 2, 139],
    ['ãõ', single('PT'), 1, 151],
    ['ãõº', { code: 'PT', single: false, locking: true }, 1, 152],
    ['áíóú', single('ES'), 1, 147],
    // Spanish has no basic table.
    ['á', { code: 'ES', single: false, locking: true }, 1, 153],
    ['á', { code: 'ES', single: false, locking: false }, 1, 153],
  ] as [string, TextLanguage, number, number][])('text %#', (text, language, count, remaining) => {
    expect(countSegments(text, language)).toStrictEqual({
      encoding: 'GSM-7',
      count,
      remaining,
      language: language.code,
    });
  });

  it('costs nothing where the default alphabet is enough, and helps not where the table is not', () => {
    expect(countSegments('Hello', single('TR'))).toStrictEqual({
      encoding: 'GSM-7',
      count: 1,
      remaining: 155,
    });
    expect(countSegments('шş', single('TR'))).toStrictEqual({ encoding: 'UCS-2', count: 1, remaining: 68 });
    // The Turkish basic table gave up è.
    expect(countSegments('èş', { code: 'TR', single: false, locking: true })).toMatchObject({
      encoding: 'UCS-2',
    });
  });

  it.each([
    ['ğ', 'TR'],
    ['á', 'ES'],
    ['ã', 'PT'],
    ['ж', undefined],
    ['a', undefined],
  ])('finds the table that %j needs', (text, language) => {
    expect(countSegments(text, single('AUTODETECT')).language).toBe(language);
  });
});

describe('beside the package sms-segments-calculator', () => {
  it('counts the same for 2,000 texts', () => {
    const characters = fc.constantFrom(
      ...'abc 123',
      ...'€[]{}^~|\\',
      ...'äöüñ@£',
      ...'жшç',
      '😀',
      '👍🏽',
      '👨‍👩‍👧',
      '🇨🇭',
      'e\u0301',
      '\n',
    );
    const plain = fc.constantFrom(...'abc 123', ...'€[]{}^~|\\', ...'äöüñ@£');
    const texts = fc.oneof(
      fc.array(characters, { maxLength: 200 }),
      fc.array(plain, { maxLength: 500 }),
      fc
        .tuple(fc.integer({ min: 0, max: 160 }), fc.array(characters, { maxLength: 8 }))
        .map(([length, tail]) => ['a'.repeat(length), ...tail]),
    );
    fc.assert(
      fc.property(texts, parts => {
        const text = parts.join('');
        const theirs = new SegmentedMessage(text);
        const ours = countSegments(text);
        expect([ours.encoding, ours.count]).toStrictEqual([theirs.encodingName, theirs.segmentsCount]);
        const last = theirs.segments.at(-1);
        const bits = ours.encoding === 'GSM-7' ? 7 : 16;
        expect(ours.remaining).toBe(Math.floor((last?.freeSizeInBits() ?? 0) / bits));
      }),
      { numRuns: 2_000, seed: 20_261_121 },
    );
  });

  it('is done with the longest text at once', () => {
    const start = performance.now();
    countSegments('👨‍👩‍👧‍👦ж'.repeat(3_250));
    countSegments('ж'.repeat(39_000));
    countSegments('€'.repeat(39_000));
    // The package takes seconds: it copies what it has at every character.
    expect(performance.now() - start).toBeLessThan(500);
  });
});
