import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ConfigError } from '../src/config-error.ts';
import { loadConfig } from '../src/config.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'saypin-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(templates: unknown) {
  const path = join(folder, 'saypin.json');
  writeFileSync(path, JSON.stringify({ email: { templates } }));
  return loadConfig({ DATA_DIR: folder, SAYPIN_CONFIG: path }).email.templates;
}

describe('email.templates', () => {
  it('are found by the number of their emailTemplateId', () => {
    const words = { subject: '{{shop}}', text: 'PIN {{pin}}', html: '<b>{{pin}}</b>' };
    const { html: _, ...plain } = words;
    const templates = load({ '1234': words, '-5': plain });
    expect(templates.get(1234)).toStrictEqual(words);
    expect(templates.get(-5)).toStrictEqual(plain);
    expect(templates.get(5)).toBeUndefined();
  });

  it('may be left out', () => {
    expect(loadConfig({ DATA_DIR: folder }).email.templates.size).toBe(0);
  });

  it.each([
    ['email.templates.x', { x: { subject: 's', text: '{{pin}}' } }],
    ['email.templates.9007199254740993', { '9007199254740993': { subject: 's', text: '{{pin}}' } }],
    ['email.templates.1.text', { 1: { subject: 's', text: 'no' } }],
    ['email.templates.1.html', { 1: { subject: 's', text: '{{pin}}', html: 'no' } }],
    ['email.templates.1.subject', { 1: { subject: 'a\nBcc: x', text: '{{pin}}' } }],
    ['email.templates.1', { 1: { subject: 's', text: '{{pin}}', body: '' } }],
  ])('name what is wrong: %s', (path, templates) => {
    expect(() => load(templates)).toThrow(ConfigError);
    expect(() => load(templates)).toThrow(`${path}:`);
  });
});
