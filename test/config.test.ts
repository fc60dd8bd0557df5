import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../src/config-error.ts';
import { loadConfig } from '../src/config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saypin-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (environment: Record<string, string> = {}) =>
  loadConfig({ DATA_DIR: join(folder, 'data'), ...environment });

function withFile(value: unknown): Record<string, string> {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return { SAYPIN_CONFIG: path };
}

describe('without anything set', () => {
  test('listens on loopback, calls the simulator, and makes its secrets for nobody else to read', () => {
    const config = load();
    expect(config).toMatchObject({ port: 8080, host: '127.0.0.1', carriers: [], profile: 'compat' });
    expect(config.apiKey).toMatch(/^[0-9a-f]{32}-[0-9a-f-]{36}$/);
    expect(config.apiKeySource).toBe(join(folder, 'data', 'api-key'));
    for (const file of ['api-key', 'master-key', 'webhook-secret']) {
      expect(statSync(join(folder, 'data', file)).mode & 0o777, file).toBe(0o600);
    }
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  });

  test('keeps its secrets from one start to the next', () => {
    const [first, second] = [load(), load()];
    expect(second.apiKey).toBe(first.apiKey);
    expect(second.masterKeys).toEqual(first.masterKeys);
    expect(second.webhookSecrets).toEqual(first.webhookSecrets);
  });

  test('proxies are believed only where they are named', () => {
    expect(load().trustProxy).toBeUndefined();
    expect(load({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' }).trustProxy).toEqual(['127.0.0.1', '10.0.0.0/8']);
  });

  test('an empty variable is no variable', () => {
    expect(load({ API_KEY: '', PORT: '', MASTER_KEY: '' })).toMatchObject({ port: 8080 });
  });
});

describe('what is wrong is named', () => {
  test.each([
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: 'abc' }, 'PORT'],
    [{ PUBLIC_URL: 'ftp://example.com' }, 'PUBLIC_URL'],
    [{ API_KEY: 'short' }, 'API_KEY'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ SECURITY_PROFILE: 'lax' }, 'SECURITY_PROFILE'],
    [{ SIM_SPEED: '0' }, 'SIM_SPEED'],
    [{ TRUST_PROXY: '10.0.0.1,everybody' }, 'TRUST_PROXY'],
    [{ MASTER_KEY: 'k1:zz' }, 'MASTER_KEY'],
  ])('%j', (environment, name) => {
    expect(() => load(environment as Record<string, string>)).toThrow(ConfigError);
    expect(() => load(environment as Record<string, string>)).toThrow(name);
  });

  test.each([
    [{ voice: { pauseMs: 99_999 } }, 'voice.pauseMs'],
    [{ voice: { languages: [] } }, 'voice.languages'],
    [{ voice: { languages: ['english'] } }, 'voice.languages.0'],
    [{ security: { maxAttempts: 0 } }, 'security.maxAttempts'],
    [{ api: { createApplicationStatus: 202 } }, 'api.createApplicationStatus'],
    [{ webhooks: { secrets: ['secret'] } }, 'webhooks.secrets.0'],
    [{ carriers: [{}] }, 'carriers.0.type'],
    [{ unknown: 1 }, 'unknown'],
    ['{"voice":', 'SAYPIN_CONFIG'],
  ])('in the file: %j', (file, path) => {
    expect(() => load(withFile(file))).toThrow(path);
  });

  test('all of it at once', () => {
    expect(() => load({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/PORT.*LOG_LEVEL/);
  });

  test('a file that is not there, a data folder that is none', () => {
    expect(() => load({ SAYPIN_CONFIG: join(folder, 'none.json') })).toThrow('SAYPIN_CONFIG');
    writeFileSync(join(folder, 'file'), '');
    expect(() => load({ DATA_DIR: join(folder, 'file') })).toThrow('DATA_DIR');
  });

  test('an emptied key file is not silently replaced', () => {
    load();
    writeFileSync(join(folder, 'data', 'master-key'), '');
    expect(() => load()).toThrow('master-key: is empty');
    expect(readFileSync(join(folder, 'data', 'master-key'), 'utf8')).toBe('');
  });
});
