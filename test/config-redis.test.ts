import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { loadConfig } from '../src/config.ts';

/** With REDIS_URL a node is one of many: what they have in common must be given. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const REDIS_URL = 'redis://:p4ssw0rd@redis.example';
const SHARED = {
  MASTER_KEY: 'ab'.repeat(64),
  API_KEY: '0123456789abcdef',
  WEBHOOK_SECRET: `whsec_${'A'.repeat(44)}`,
};
const load = (environment: Record<string, string> = {}) =>
  loadConfig({ DATA_DIR: join(folder, 'data'), ...environment });

test('nothing is made up where another node would make up something else', () => {
  const config = load({ REDIS_URL, ...SHARED });
  expect(config).toMatchObject({
    redisUrl: REDIS_URL,
    apiKey: SHARED.API_KEY,
    apiKeySource: 'the API_KEY variable',
  });
  expect(config.webhookSecrets).toEqual([SHARED.WEBHOOK_SECRET]);
  expect(readdirSync(join(folder, 'data'))).toEqual([]);
});

test.for(Object.keys(SHARED))('without %s it does not start, and says so', missing => {
  const { [missing]: _, ...rest } = { ...SHARED } as Record<string, string>;
  const start = () => load({ REDIS_URL, ...rest });
  expect(start).toThrow(new RegExp(`with REDIS_URL every node must be given the same ${missing}`));
  expect(start).not.toThrow(/p4ssw0rd/);
});

test('names everything that is missing at once', () => {
  expect(() => load({ REDIS_URL })).toThrow(/MASTER_KEY.*API_KEY.*WEBHOOK_SECRET/);
});

test('the webhook secret may come from the file; the variable outranks it', () => {
  const SAYPIN_CONFIG = join(folder, 'config.json');
  const secret = `whsec_${'B'.repeat(44)}`;
  writeFileSync(SAYPIN_CONFIG, JSON.stringify({ webhooks: { secrets: [secret] } }));
  const { WEBHOOK_SECRET, ...rest } = SHARED;
  expect(load({ REDIS_URL, ...rest, SAYPIN_CONFIG }).webhookSecrets).toEqual([secret]);
  expect(load({ REDIS_URL, ...rest, SAYPIN_CONFIG, WEBHOOK_SECRET }).webhookSecrets).toEqual([
    WEBHOOK_SECRET,
  ]);
  expect(load({ WEBHOOK_SECRET: `${secret} ${WEBHOOK_SECRET}` }).webhookSecrets).toEqual([
    secret,
    WEBHOOK_SECRET,
  ]);
  expect(() => load({ WEBHOOK_SECRET: 'whsec_short' })).toThrow(/WEBHOOK_SECRET/);
  expect(() => load({ WEBHOOK_SECRET: 'whsec_short' })).not.toThrow(/whsec_short/);
});

test('without REDIS_URL the embedded store needs nothing', () => {
  expect(load().redisUrl).toBeUndefined();
});
