import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findSecrets } from './secret-scan.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saypin-secrets-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const secret = 'whsec_Zg+7/tQ9xN==~4711';
const base64 = (before: string, after = ''): string =>
  Buffer.from(before + secret + after).toString('base64');

test.each([
  ['plain', `"secret":"${secret}"`],
  ['between other bytes', `\0\u0001${secret}\0`],
  ['in a URL', `/callbacks?key=${encodeURIComponent(secret)}&x`],
  ['hex', Buffer.from(secret).toString('hex')],
  ['capital hex', Buffer.from(`a${secret}`).toString('hex').toUpperCase()],
  ['base64', `Basic ${base64('')}`],
  ['base64, one on', `Basic ${base64('a', ':b')}`],
  ['base64, two on', `Basic ${base64('ab', 'c')}`],
  ['base64, three on', `Basic ${base64('ann:', '\n')}`],
  ['base64 for URLs', Buffer.from(`~${secret}?`).toString('base64url')],
])('a planted secret is found: %s', (_, text) => {
  mkdirSync(join(root, 'deep'));
  writeFileSync(join(root, 'deep', 'file'), text);
  const { hits } = findSecrets(root, { key: secret });
  expect(hits.length).toBeGreaterThan(0);
  for (const hit of hits) expect(hit).toMatch(/^deep\/file: key /);
});

test('one in a name is found', () => {
  const token = 'A7Kx0Zz9Yy8Qq1';
  writeFileSync(join(root, `clip-${token}.wav`), '');
  expect(findSecrets(root, { token }).hits).toEqual([`clip-${token}.wav: token plain in its name`]);
});

test('nothing is found where nothing is, what was read is told, and what is too short is refused', () => {
  writeFileSync(join(root, 'file'), secret.slice(1));
  expect(findSecrets(root, { key: secret })).toEqual({ hits: [], files: ['file'], bytes: 22 });
  expect(() => findSecrets(root, { key: '4711' })).toThrow('key is too short');
});
