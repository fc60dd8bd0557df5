import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findCanaries } from './canary.ts';

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
