import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createCanaryScan } from './canary-scan.ts';
import { findCanaries } from './canary.ts';
import { seededRandom } from './seeded-random.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saypin-canary-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const pin = '5842917364';

test.each([
  ['plain', `{"pin":"${pin}"}`],
  ['spaced', 'say 5 8 4 2 9 1 7 3 6 4 now'],
  ['commas', 'say 5, 8, 4, 2, 9, 1, 7, 3, 6, 4 now'],
  ['quoted symbols', '["5","8","4","2","9","1","7","3","6","4"]'],
  ['hex', `blob ${Buffer.from(pin).toString('hex')}`],
  ['base64', `token ${Buffer.from(pin).toString('base64')}`],
  ['binary neighbours', `\0\u0001${pin}\0`],
])('a planted PIN is found: %s', (_, text) => {
  mkdirSync(join(root, 'deep'));
  writeFileSync(join(root, 'deep', 'file'), text);
  expect(findCanaries(root, [pin]).hits.length).toBeGreaterThan(0);
});

test('a PIN in a file name is found', () => {
  writeFileSync(join(root, `clip-${pin}.wav`), '');
  expect(findCanaries(root, [pin]).hits).toHaveLength(1);
});

test('nothing is found where nothing is, and what was read is counted', () => {
  writeFileSync(join(root, 'file'), 'at 1795248000123 in 58429173 6f');
  expect(findCanaries(root, [pin, '5842'])).toMatchObject({ hits: [], files: 1, bytes: 31 });
});

test('PINs that would not be found are refused', () => {
  expect(() => findCanaries(root, ['5842', '58 42'])).toThrow('PIN 2 cannot be looked for');
});

/** What each form is, as one pattern a PIN. */
function patterns(pin: string): Record<string, RegExp> {
  const symbols = [...pin];
  const bounded = (text: string): RegExp => new RegExp(`(?<![0-9A-Za-z])${text}(?![0-9A-Za-z])`, 'i');
  return {
    plain: pin.length >= 9 ? new RegExp(pin, 'i') : bounded(pin),
    spaced: bounded(symbols.join('[ ,.-]{1,3}')),
    quoted: new RegExp(symbols.map(symbol => `"${symbol}"`).join(',\\s*'), 'i'),
    hex: new RegExp(Buffer.from(pin).toString('hex'), 'i'),
    base64: new RegExp(Buffer.from(pin).toString('base64').replace(/=+$/, '').slice(0, -1)),
  };
}

const PINS = ['4711', '0000', '90817', '123456', 'a7Kx', 'Zz9Yy8', '58429173', '123456789', 'q1W2e3R4t5'];

/** Something that holds a PIN, or almost: cut, in another case, with a neighbour, joined by what separates or does not. */
function pieces(random: (count: number) => Buffer): string {
  const pick = <Item>(items: readonly Item[]): Item => items[random(1)[0]! % items.length]!;
  const made = Array.from({ length: 12 }, () => {
    const pin = pick(PINS);
    const text = pick<(pin: string) => string>([
      all => all,
      all => all.slice(1),
      all => [...all].join(pick([' ', ', ', '-', '. -', '....', '', ' a '])),
      all => [...all].map(symbol => `"${symbol}"`).join(pick([',', ', ', ',\n\t', ' ', ', ,', ',\u00a0'])),
      all => Buffer.from(all).toString('hex'),
      all => Buffer.from(all).toString('base64'),
    ])(pin);
    return pick([text, text.toUpperCase(), text.toLowerCase()]);
  });
  return made.map(piece => piece + pick(['', ' ', '"', ',', '0', 'x', '\n', 'é', '\u00ff'])).join('');
}

test('one pass finds what a pattern for each PIN and form finds', () => {
  const random = seededRandom('canaries');
  const scan = createCanaryScan(PINS);
  const forms = PINS.flatMap((pin, index) =>
    Object.entries(patterns(pin)).map(([form, pattern]) => ({ name: `PIN ${index + 1} ${form}`, pattern })),
  );
  const seen = new Map<string, number>();
  for (let round = 0; round < 2_000; round++) {
    const text = pieces(random);
    const expected = forms.filter(({ pattern }) => pattern.test(text)).map(({ name }) => name);
    expect([...scan(Buffer.from(text, 'latin1'))].toSorted(), text).toEqual(expected.toSorted());
    for (const name of expected) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  expect(seen.size, 'every form of every PIN occurs').toBe(forms.length);
});

test('thousands of PINs in megabytes are looked for in no more than seconds', () => {
  const random = seededRandom('logs');
  const pins = Array.from({ length: 4_000 }, () => String(random(4).readUInt32BE() % 1e6).padStart(6, '0'));
  const line = `{"level":30,"time":1795248000123,"ref":"${random(16).toString('hex')}","msg":"call placed"}\n`;
  writeFileSync(join(root, 'output.log'), line.repeat(40_000));
  const began = performance.now();
  expect(findCanaries(root, pins)).toMatchObject({ hits: [], files: 1 });
  expect(performance.now() - began).toBeLessThan(5_000);
});
